package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.protocol.SharedMonitor.Party;

/** The account of all routes: each of its limits may be reached, and not passed by one byte. */
final class BacklogTest {
  private static final long PLENTY = 64 << 20;

  @ParameterizedTest
  @CsvSource({"0, 1, 1", "1, 0, 1", "1, 1, 0", "-1, 1, 1", "1, -1, 1", "1, 1, -1"})
  void everyLimitIsAtLeastOne(long clients, long halves, long history) {
    assertEquals(
        "limit (%d), halfLimit (%d) and historyLimit (%d) must be positive, in bytes"
            .formatted(clients, halves, history),
        assertThrows(IllegalArgumentException.class, () -> new Backlog(clients, halves, history))
            .getMessage());
    assertEquals(0, new Backlog(1, 1, 1).used());
  }

  // ---- clients

  /** Two clients that read nothing; the second one has asked something as well. */
  private static List<Party> deafOnes(Backlog backlog) {
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    Party light = monitor.joinReady();
    Party heavy = monitor.joinReady();
    heavy.execute("query-status");
    monitor.qemu(SharedMonitor.event("STOP", 1000));
    monitor.changed();
    return List.of(light, heavy);
  }

  @Test
  void clientsMayHoldAsMuchAsTheLimitAndTheHeaviestGoesForOneByteMore() {
    Backlog open = new Backlog(PLENTY);
    deafOnes(open);
    long held = open.used();
    assertTrue(held > 2000, "" + held);

    Backlog just = new Backlog(held);
    assertTrue(deafOnes(just).stream().noneMatch(each -> each.client.finished()));
    assertEquals(held, just.used());

    Backlog less = new Backlog(held - 1);
    List<Party> both = deafOnes(less);
    assertFalse(both.getFirst().client.finished());
    both.getLast().assertCut("all clients together hold too much, and it the most: ");
    assertEquals(both.getFirst().client.weight(), less.used());
  }

  @Test
  void anOverdrawnAccountThatNoClientCanEvenIsLeftAlone() {
    Backlog backlog = new Backlog(10);
    backlog.add(11);
    backlog.settle();
    Party client = new SharedMonitor(Limits.DEFAULT, backlog).join();
    backlog.settle();
    assertFalse(client.client.finished(), "it holds nothing");
    assertEquals(11, backlog.used());
  }

  // ---- half messages of QEMU

  private static SharedMonitor halfway(Backlog backlog, int bytes) {
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    monitor.raw(("{\"return\": \"" + "x".repeat(bytes)).getBytes(StandardCharsets.US_ASCII));
    return monitor;
  }

  @Test
  void halfMessagesMayTakeAsMuchAsTheLimitAndTheLongestGoesForOneByteMore() {
    Backlog open = new Backlog(PLENTY, PLENTY, PLENTY);
    halfway(open, 10_000);
    long ofOne = open.half();
    assertTrue(ofOne >= 10_000, "" + ofOne);
    halfway(open, 20_000);
    long held = open.half();
    assertTrue(held >= ofOne + 20_000, "" + held);

    Backlog just = new Backlog(PLENTY, held, PLENTY);
    assertNull(halfway(just, 10_000).broker.broken());
    assertNull(halfway(just, 20_000).broker.broken());
    assertEquals(held, just.half());

    Backlog less = new Backlog(PLENTY, held - 1, PLENTY);
    SharedMonitor longest = halfway(less, 20_000);
    SharedMonitor shorter = halfway(less, 10_000);
    assertNull(shorter.broker.broken());
    assertNotNull(longest.broker.broken());
    assertEquals(ofOne, less.half());
  }

  @Test
  void aHalfMessageThatGrowsCountsOnce() {
    Backlog backlog = new Backlog(PLENTY, PLENTY, PLENTY);
    SharedMonitor monitor = halfway(backlog, 10_000);
    long before = backlog.half();
    monitor.raw(new byte[] {'x'});
    assertTrue(backlog.half() <= 2 * before, before + " became " + backlog.half());
    monitor.raw("\", \"id\": 1}".getBytes(StandardCharsets.US_ASCII));
    assertEquals(0, backlog.half());
  }

  // ---- kept events

  private static SharedMonitor subscribed(Backlog backlog, int events) {
    return subscribed(Limits.DEFAULT, backlog, events);
  }

  private static SharedMonitor subscribed(Limits limits, Backlog backlog, int events) {
    SharedMonitor monitor = new SharedMonitor(limits, backlog).ready();
    Party client = monitor.joinReady();
    client.send("{\"execute\":\"__org.qmpkit_subscribe\"}");
    for (int i = 0; i < events; i++) {
      monitor.qemu(SharedMonitor.event("E" + i));
    }
    client.lines();
    return monitor;
  }

  /** How many events one route still has for a cursor of another life. */
  private static int kept(SharedMonitor monitor) {
    Party client = monitor.joinReady();
    client.send(
        "{\"execute\":\"__org.qmpkit_subscribe\",\"arguments\":{\"since\":\"0123456789abcdef-0\"}}");
    return client.lines().size() - 2; // besides the answer, and the word of a gap
  }

  @Test
  void keptEventsMayTakeAsMuchAsTheLimitAndTheOldestOfTheMostGoForOneByteMore() {
    Backlog open = new Backlog(PLENTY, PLENTY, PLENTY);
    subscribed(open, 8);
    subscribed(open, 4);
    long held = open.history();

    Backlog just = new Backlog(PLENTY, PLENTY, held);
    assertEquals(8, kept(subscribed(just, 8)));
    assertEquals(4, kept(subscribed(just, 4)));
    assertEquals(held, just.history());

    Backlog less = new Backlog(PLENTY, PLENTY, held - 1);
    SharedMonitor fewer = subscribed(less, 4);
    SharedMonitor most = subscribed(less, 8);
    assertEquals(4, kept(fewer));
    assertEquals(6, kept(most), "a quarter of what it keeps");
    assertTrue(less.history() < held);
  }

  @Test
  void oneRouteMayKeepAsManyBytesAsItsLimitAndLosesTheOldestForOneMore() {
    Backlog backlog = new Backlog(PLENTY, PLENTY, PLENTY);
    subscribed(backlog, 3);
    int three = (int) backlog.history();
    Limits just = Limits.DEFAULT.withHistory(10, three);
    assertEquals(3, kept(subscribed(just, backlog, 3)));
    Limits less = Limits.DEFAULT.withHistory(10, three - 1);
    assertEquals(2, kept(subscribed(less, backlog, 3)));
  }

  @Test
  void aGapInThePlaceOfAnotherCountsOnce() {
    Backlog backlog = new Backlog(PLENTY, PLENTY, PLENTY);
    SharedMonitor monitor = subscribed(backlog, 0);
    monitor.lose("it crashed");
    long one = backlog.history();
    for (int i = 0; i < 5; i++) {
      monitor.ready();
      monitor.lose("it crashed");
    }
    assertEquals(one, backlog.history());
  }

  @Test
  void anEventWeighsNoLessThanItsLineAndItsName() {
    Backlog backlog = new Backlog(PLENTY, PLENTY, PLENTY);
    SharedMonitor monitor = subscribed(backlog, 0);
    String event = SharedMonitor.event("N".repeat(1000));
    monitor.qemu(event);
    assertTrue(backlog.history() >= event.length() + 1000, "" + backlog.history());
  }
}
