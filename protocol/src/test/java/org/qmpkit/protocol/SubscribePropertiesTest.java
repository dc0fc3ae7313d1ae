package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;
import tools.jackson.databind.JsonNode;

/**
 * A subscriber that comes and goes, and keeps the cursor of the last event that it looked at, while
 * QEMU comes and goes, too: it sees each event once and in order, and where it does not, it is
 * told; and only there.
 */
final class SubscribePropertiesTest {
  private static final int STEPS = 300;

  @Test
  @DisplayName("10: whoever comes and goes sees each event once, or hears that some are missing")
  void rule10_onceOrTold() {
    int lost = 0;
    int whole = 0;
    for (long seed = 1; seed <= 150; seed++) {
      Day day = new Day(seed);
      try {
        day.pass();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
      }
      lost += day.lost;
      whole += day.whole;
    }
    assertTrue(lost > 100 && whole > 1000, lost + " gaps, " + whole + " events in a row");
  }

  /** One such subscriber, with a monitor of its own. */
  private static final class Day {
    private final Random random;
    private final SharedMonitor monitor;
    private final List<Integer> losses = new ArrayList<>();
    private int happened;
    private @Nullable Party party;
    private String cursor = "";
    private int seen = -1;
    private boolean told;
    private boolean counted = true;
    private int count;
    private int lost;
    private int whole;

    Day(long seed) {
      random = new Random(seed);
      monitor =
          new SharedMonitor(
                  Limits.DEFAULT.withHistory(1 + random.nextInt(12), 1000 + random.nextInt(10_000)))
              .ready();
    }

    private void pass() {
      Party first = monitor.joinReady();
      first.send("{\"execute\":\"__org.qmpkit_subscribe\"}");
      cursor = Json.parse(first.line()).at("/return/cursor").asString();
      first.leave();
      for (int i = 0; i < STEPS; i++) {
        switch (random.nextInt(20)) {
          case 0 -> {
            monitor.lose("the seed wanted it");
            monitor.ready();
            losses.add(happened);
            party = null;
          }
          case 1 -> {
            monitor.restart(SharedMonitor.GREETING);
            monitor.answerFence();
            losses.add(happened);
          }
          case 2, 3, 4 -> come();
          case 5, 6 -> leave();
          case 7, 8 -> look(Integer.MAX_VALUE);
          case 9 -> monitor.sent().forEach(monitor::answer);
          default -> monitor.qemu(SharedMonitor.event("E" + happened++, random.nextInt(1500)));
        }
      }
      come();
      for (List<Sent> sent = monitor.sent(); !sent.isEmpty(); sent = monitor.sent()) {
        sent.forEach(monitor::answer);
      }
      look(Integer.MAX_VALUE);
      assertTrue(seen == happened - 1 || told, "the last one is seen, or told as lost");
    }

    private void come() {
      if (party == null) {
        Party next = monitor.joinReady();
        if (random.nextInt(3) == 0) {
          next.execute("slow", 1);
        }
        next.send(
            "{\"execute\":\"__org.qmpkit_subscribe\",\"arguments\":{\"since\":\""
                + cursor
                + "\"},\"id\":2}");
        party = next;
      }
    }

    /** Looks at some of what it got, and is gone. */
    private void leave() {
      look(random.nextInt(10));
      if (party != null) {
        party.leave();
        party = null;
      }
    }

    private void look(int most) {
      if (party != null) {
        party.lines().stream().limit(most).map(Json::parse).forEach(this::look);
      }
    }

    private void look(JsonNode message) {
      // Before its subscription has begun it is a plain client, and will get all of that again.
      if (!message.has("__org.qmpkit_cursor")) {
        assertFalse(message.at("/id").asInt() == 2 && message.has("error"), message::toString);
        return;
      }
      cursor = message.get("__org.qmpkit_cursor").asString();
      String name = message.get("event").asString();
      if (name.equals("__ORG.QMPKIT_LOST")) {
        told = true;
        counted &= message.at("/data").has("events");
        count += message.at("/data/events").asInt(0);
        return;
      }
      int number = Integer.parseInt(name.substring(1));
      assertTrue(number > seen, () -> "twice: " + name);
      int missing = number - seen - 1;
      boolean qemuLost = losses.stream().anyMatch(each -> each > seen && each <= number);
      assertEquals(missing > 0 || qemuLost, told, () -> "between E" + seen + " and " + name);
      if (told && counted) {
        assertEquals(missing, count);
      }
      lost += told ? 1 : 0;
      whole += told ? 0 : 1;
      seen = number;
      told = false;
      counted = true;
      count = 0;
    }
  }
}
