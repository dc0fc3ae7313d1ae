package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.SequencedSet;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/**
 * What holds of a broker whatever its clients, its QEMU and the network do, and in what order: each
 * seed is another long day of all of them.
 */
final class BrokerPropertiesTest {
  private static final int STEPS = 400;

  private final Backlog backlog = new Backlog(64 << 20);
  private final SharedMonitor monitor =
      new SharedMonitor(
          new Limits(
              3000,
              1 << 20,
              8,
              2000,
              20_000,
              Duration.ofSeconds(10),
              4,
              Duration.ofSeconds(5),
              0,
              Deadlines.NONE,
              20,
              10_000),
          backlog);
  private final List<Talker> talkers = new ArrayList<>();
  private final ArrayDeque<Sent> inBand = new ArrayDeque<>();
  private final ArrayDeque<Sent> outOfBand = new ArrayDeque<>();
  private Random random = new Random(0);
  private boolean oob;
  private boolean connected;
  private int events;

  @Test
  void eachCommandIsAnsweredOnceInItsPlaceWhateverHappens() {
    for (long seed = 1; seed <= 250; seed++) {
      BrokerPropertiesTest day = new BrokerPropertiesTest();
      day.random = new Random(seed);
      try {
        day.pass();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
      }
    }
  }

  private void pass() {
    boolean calm = random.nextInt(3) == 0;
    for (int i = 0; i < STEPS; i++) {
      step(calm);
      assertSound();
    }
    settle();
  }

  private void step(boolean calm) {
    switch (random.nextInt(calm ? 24 : 30)) {
      case 0, 1 -> {
        if (talkers.size() < 12) {
          talkers.add(new Talker(monitor.join()));
        }
      }
      case 2, 3, 4, 5, 6, 7 -> some().ifPresent(Talker::talk);
      case 8, 9, 10 -> some().ifPresent(each -> each.read(random.nextInt(3000)));
      case 11, 12, 13, 14 -> {
        readUpstream();
        answer();
      }
      case 15 -> answerOob();
      case 16 -> event();
      case 17 -> monitor.pass(Duration.ofMillis(random.nextInt(3000)));
      case 18, 19 -> connect();
      case 20 -> monitor.status();
      case 21 -> monitor.read(random.nextInt(200));
      case 22 -> strangeAnswer();
      case 23 -> some().ifPresent(each -> each.read(Integer.MAX_VALUE));
      case 24 -> some().ifPresent(Talker::halfClose);
      case 25 -> some().ifPresent(Talker::leave);
      case 26 -> lose();
      case 27 -> restart();
      case 28 -> monitor.pass(Duration.ofSeconds(random.nextInt(20)));
      default -> event();
    }
  }

  private java.util.Optional<Talker> some() {
    return talkers.isEmpty()
        ? java.util.Optional.empty()
        : java.util.Optional.of(talkers.get(random.nextInt(talkers.size())));
  }

  // ---- QEMU

  private void connect() {
    if (!connected) {
      connected = true;
      monitor.connect();
      greet();
    }
  }

  private String greeting() {
    oob = random.nextInt(4) > 0;
    return SharedMonitor.greeting(oob ? "\"oob\"" : "");
  }

  private void greet() {
    monitor.qemu(greeting());
    if (random.nextBoolean()) {
      monitor.answerFence();
    }
  }

  private void restart() {
    if (connected) {
      forget();
      monitor.restart(greeting());
    }
  }

  private void lose() {
    if (connected) {
      connected = false;
      forget();
      monitor.lose("the seed wanted it");
    }
  }

  private void forget() {
    inBand.clear();
    outOfBand.clear();
  }

  private void readUpstream() {
    for (Sent each : monitor.sent()) {
      if (each.name().equals("qmp_capabilities")) {
        monitor.answer(each);
        continue;
      }
      (each.oob() ? outOfBand : inBand).add(each);
      assertTrue(outOfBand.size() <= 1, "one oob at a time");
      assertTrue(inBand.size() <= (oob ? 7 : 1), "no more in flight than QEMU takes");
    }
  }

  private void answer() {
    Sent next = inBand.poll();
    if (next != null) {
      monitor.answer(next, "\"" + "x".repeat(random.nextInt(2000)) + "\"");
    }
  }

  private void answerOob() {
    readUpstream();
    Sent next = outOfBand.poll();
    if (next != null) {
      monitor.answer(next);
    }
  }

  private void strangeAnswer() {
    if (connected) {
      monitor.qemu("{\"return\": {}, \"id\": " + (random.nextBoolean() ? "\"x\"" : "-5") + "}");
    }
  }

  private void event() {
    if (connected) {
      monitor.qemu(SharedMonitor.event("E" + events++, random.nextInt(1000)));
    }
  }

  // ---- what always holds

  private void assertSound() {
    long waiting = 0;
    int here = 0;
    for (Talker each : talkers) {
      waiting += each.here() ? each.party.client.weight() : 0;
      here += each.here() ? 1 : 0;
    }
    assertEquals(waiting, backlog.used());
    assertEquals(here, monitor.broker.gauges().clients());
    while (monitor.broker.changed() != null) {}
  }

  /** Everybody reads, QEMU answers all: then nobody may be left waiting. */
  private void settle() {
    connect();
    boolean busy = true;
    for (int rounds = 0; busy; rounds++) {
      assertTrue(rounds < 10_000, "it comes to an end");
      readUpstream();
      busy = !(inBand.isEmpty() && outOfBand.isEmpty());
      answer();
      answerOob();
      for (Talker each : talkers) {
        busy |= each.read(Integer.MAX_VALUE);
        busy |= each.flush();
      }
    }
    assertTrue(monitor.broker.quiet());
    assertEquals(0, monitor.status().get("queued").intValue());
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
    talkers.forEach(Talker::assertAnswered);
    for (Talker each : talkers) {
      each.leave();
    }
    assertEquals(0, backlog.used());
    assertTrue(backlog.history() <= 10_000, "" + backlog.history());
    monitor.broker.end();
    assertEquals(0, backlog.history());
  }

  /** A client that keeps account of what it may expect. */
  private final class Talker {
    final Party party;

    /** The ids of what it asked in band, in order; "-" where it gave none or couldn't. */
    private final ArrayDeque<String> expected = new ArrayDeque<>();

    private final SequencedSet<String> expectedOob = new LinkedHashSet<>();
    private byte[] unsent = {};
    private boolean negotiated;
    private boolean ended;
    private boolean left;
    private int lastEvent = -1;
    private int id;

    Talker(Party party) {
      this.party = party;
      negotiated = random.nextInt(5) > 0;
      String enable = random.nextBoolean() ? ",\"arguments\":{\"enable\":[\"oob\"]}" : "";
      say(
          negotiated
              ? "{\"execute\":\"qmp_capabilities\"" + enable + "}"
              : "{\"execute\":\"stop\",\"id\":\"early\"}");
      expected.add(negotiated ? "-" : "\"early\"");
    }

    boolean here() {
      return !left && party.client.cutReason() == null;
    }

    void say(String text) {
      byte[] more = text.getBytes(StandardCharsets.US_ASCII);
      byte[] all = Arrays.copyOf(unsent, unsent.length + more.length);
      System.arraycopy(more, 0, all, unsent.length, more.length);
      unsent = all;
    }

    void talk() {
      if (!here() || ended) {
        return;
      }
      for (int i = random.nextInt(6); i > 0; i--) {
        switch (random.nextInt(9)) {
          case 0 -> {
            say("}\n");
            expected.add("-");
          }
          case 1 -> {
            say("{\"execute\":\"c\"}");
            expected.add("-");
          }
          case 2 -> {
            say("{\"execute\":\"" + ServerSession.STATUS + "\",\"id\":" + id + "}");
            // Before the greeting it overtakes what is kept.
            (party.client.session().phase() == ServerSession.Phase.READY ? expected : expectedOob)
                .add(String.valueOf(id++));
          }
          case 4 -> {
            say("{\"execute\":\"" + Events.SUBSCRIBE + "\",\"id\":" + id + "}");
            expected.add(String.valueOf(id++));
          }
          case 3 -> {
            say("{\"exec-oob\":\"o\",\"id\":" + id + "}");
            expectedOob.add(String.valueOf(id++));
          }
          default -> {
            String argument = "x".repeat(random.nextInt(10) == 0 ? random.nextInt(2500) : 10);
            say("{\"execute\":\"c\",\"arguments\":{\"a\":\"" + argument + "\"},\"id\":" + id + "}");
            expected.add(String.valueOf(id++));
          }
        }
      }
      flush();
    }

    /** Sends on while it is listened to, in pieces, or sometimes although it is not. */
    boolean flush() {
      boolean rude = random.nextInt(20) == 0;
      int before = unsent.length;
      while (here() && !ended && unsent.length > 0 && (rude || party.client.wantsInput())) {
        int piece = Math.min(unsent.length, 1 + random.nextInt(300));
        party.send(Arrays.copyOf(unsent, piece));
        unsent = Arrays.copyOfRange(unsent, piece, unsent.length);
      }
      return unsent.length < before;
    }

    boolean read(int most) {
      boolean some = here() && !party.client.outbox().isEmpty();
      if (some) {
        party.read(Math.min(most, (int) party.client.outbox().size()));
      }
      return some;
    }

    void halfClose() {
      if (here() && !ended) {
        flush();
        ended = true;
        party.endInput();
      }
    }

    void leave() {
      if (!left) {
        left = true;
        party.leave();
      }
    }

    /** That all it was sent was in order, and complete unless it was thrown out or gave up. */
    void assertAnswered() {
      List<String> got = left || !here() ? List.of() : party.gist();
      boolean greeted = false;
      for (String each : got) {
        String[] words = each.split(" ", 2);
        if (words[0].equals("greeting")) {
          assertFalse(greeted);
          greeted = true;
        } else if (words[1].equals("__ORG.QMPKIT_LOST")) {
          assertTrue(negotiated, "no events before negotiation");
        } else if (words[0].equals("event")) {
          int number = Integer.parseInt(words[1].substring(1));
          assertTrue(negotiated, "no events before negotiation");
          assertTrue(lastEvent < 0 || number == lastEvent + 1, "each event once, in order");
          lastEvent = number;
        } else if (!expectedOob.remove(words[1])) {
          assertEquals(expected.poll(), words[1], () -> "in order: " + got);
        }
      }
      if (here() && !party.client.finished() && !ended) {
        assertEquals(0, unsent.length, "all it said was taken");
        assertTrue(expected.isEmpty(), () -> "unanswered: " + expected);
        assertTrue(expectedOob.isEmpty(), () -> "unanswered: " + expectedOob);
      }
    }
  }
}
