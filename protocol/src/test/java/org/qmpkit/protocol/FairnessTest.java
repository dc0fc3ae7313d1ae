package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** Rule 16: fair by commands and by bytes. */
final class FairnessTest {
  private static final int MIB = 1 << 20;

  private final SharedMonitor monitor = new SharedMonitor().ready();
  private final List<Sent> inFlight = new ArrayList<>();
  private final List<String> order = new ArrayList<>();

  /** QEMU reads what it was sent and answers the oldest command; false if there is none. */
  private boolean step() {
    for (Sent each : monitor.sent()) {
      inFlight.add(each);
      order.add(each.name());
    }
    if (inFlight.isEmpty()) {
      return false;
    }
    monitor.answer(inFlight.removeFirst());
    return true;
  }

  private static String command(String name, int bytes) {
    String frame = "{\"execute\":\"" + name + "\",\"arguments\":{\"x\":\"\"}}";
    return frame.replace("\"\"", "\"" + "y".repeat(bytes - frame.length()) + "\"");
  }

  @Test
  @DisplayName("16: 500 pipelined commands of one client don't starve another")
  void rule16_pipeliner() {
    Party greedy = monitor.joinReady();
    Party modest = monitor.joinReady();
    byte[] many = "{\"execute\":\"g\"}".repeat(500).getBytes(StandardCharsets.US_ASCII);
    int offered = greedy.offer(many, 150);
    assertTrue(step());
    modest.execute("m");
    int steps = 0;
    while (!order.contains("m") && steps < 100) {
      offered += greedy.offer(java.util.Arrays.copyOfRange(many, offered, many.length), 150);
      assertTrue(step());
      steps++;
    }
    assertTrue(steps <= 3, () -> "its turn is the next but one: " + order);
    while (step()) {
      offered += greedy.offer(java.util.Arrays.copyOfRange(many, offered, many.length), 150);
    }
    assertEquals(501, order.size());
  }

  @Test
  @DisplayName("16: commands take turns, one each, whoever has how many")
  void rule16_turns() {
    Party one = monitor.joinReady();
    Party two = monitor.joinReady();
    Party three = monitor.joinReady();
    one.send("{\"execute\":\"0\"}".repeat(7));
    one.send("{\"execute\":\"1\"}".repeat(3));
    two.send("{\"execute\":\"2\"}".repeat(3));
    three.send("{\"execute\":\"3\"}".repeat(3));
    while (step()) {}
    assertEquals("0000000" + "123123123", String.join("", order));
  }

  @Test
  @DisplayName("16: a request of 1 MiB does not starve small ones, and is not starved by them")
  void rule16_bigAmongSmall() {
    Party busy = monitor.joinReady();
    Party big = monitor.joinReady();
    busy.send(command("small", 100).repeat(8));
    big.send(command("BIG", MIB));
    int small = 8;
    while (!order.contains("BIG")) {
      assertTrue(step());
      busy.send(command("small", 100));
      small++;
      assertTrue(small < 200, "1 MiB is 128 turns of 8 KiB");
    }
    assertTrue(small > 100, "those of 100 bytes went ahead of it: " + small);
    assertEquals("BIG", order.getLast(), "and none of them beside it");
    int before = order.size();
    while (step()) {}
    assertEquals(small + 1, order.size());
    assertTrue(order.size() > before);
  }

  @Test
  @DisplayName("16: a small one that comes while a big one is sent is next")
  void rule16_smallAfterBig() {
    Party big = monitor.joinReady();
    Party small = monitor.joinReady();
    big.send(command("BIG", MIB));
    assertEquals(1, inFlight.size() + monitor.broker.gauges().status(0).split("BIG").length - 1);
    small.execute("small");
    big.send(command("BIG2", 100_000));
    while (step()) {}
    assertEquals(List.of("BIG", "small", "BIG2"), order);
  }

  @Test
  @DisplayName("16: turns are of 8 KiB: eight commands of 1 KiB for one of 64 KiB is not fair")
  void rule16_byBytes() {
    Party big = monitor.joinReady();
    Party small = monitor.joinReady();
    monitor.joinReady().send("{\"execute\":\"0\"}".repeat(7));
    for (int i = 0; i < 4; i++) {
      big.send(command("B", 64 * 1024));
    }
    small.send(command("s", 1024).repeat(60));
    while (step()) {}
    String all = String.join("", order).substring(7);
    assertEquals(64, all.length());
    int first = all.indexOf('B');
    int second = all.indexOf('B', first + 1);
    assertTrue(first >= 7 && first <= 9, all);
    assertTrue(second - first >= 7 && second - first <= 9, all);
  }

  @Test
  @DisplayName("16: no more than 64 KiB of requests are in flight beside each other")
  void rule16_window() {
    Party client = monitor.joinReady();
    client.send(command("a", 20_000).repeat(6));
    for (int i = 0; i < 6; i++) {
      inFlight.addAll(monitor.sent());
      assertEquals(Math.min(3, 6 - i), inFlight.size(), "what was answered makes room");
      int bytes = inFlight.stream().mapToInt(each -> each.line().length()).sum();
      assertTrue(bytes <= 64 * 1024 + 100);
      monitor.answer(inFlight.removeFirst());
    }
  }

  @Test
  @DisplayName("16: just 64 KiB are in flight together, and one byte more is not")
  void rule16_windowAtItsEdge() {
    for (int second : new int[] {32 * 1024, 32 * 1024 + 1}) {
      SharedMonitor fresh = new SharedMonitor().ready();
      fresh.joinReady().send(command("a", 32 * 1024) + command("b", second));
      assertEquals(second == 32 * 1024 ? 2 : 1, fresh.sent().size());
    }
  }

  @Test
  @DisplayName("16: who leaves holds nobody up: those behind its command go at once")
  void rule16_leaver() {
    monitor.joinReady().send(command("a", 60_000));
    Party leaver = monitor.joinReady();
    leaver.send(command("b", 60_000));
    monitor.joinReady().execute("c");
    assertEquals(List.of("a"), monitor.sentNames());
    leaver.leave();
    assertEquals(List.of("c"), monitor.sentNames());
  }

  @Test
  @DisplayName("16: a big request goes although an oob command never ends")
  void rule16_besideOob() {
    Party urgent = monitor.joinReady("\"oob\"");
    Party big = monitor.joinReady();
    urgent.executeOob("stuck", 1);
    assertEquals("stuck", monitor.next().name());
    big.send(command("BIG", MIB));
    assertEquals("BIG", monitor.next().name());
  }
}
