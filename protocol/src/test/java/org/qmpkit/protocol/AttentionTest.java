package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;

/** Whom a route is told to look at, and when it may end: what it isn't told of, it leaves be. */
final class AttentionTest {
  private final SharedMonitor monitor = new SharedMonitor();

  @Test
  void whoIsGreetedOnArrivalIsToBeLookedAt() {
    monitor.ready();
    Party client = monitor.join();
    assertEquals(List.of("client 1"), monitor.changed());
    assertEquals(List.of(), monitor.changed());
    assertEquals(List.of("greeting"), client.gist());
  }

  @Test
  void soIsWhoWaitedForTheGreeting() {
    Party client = monitor.join();
    monitor.changed();
    monitor.ready();
    assertEquals(List.of("client 1"), monitor.changed());
    assertEquals(List.of("greeting"), client.gist());
  }

  @Test
  void soAreThoseWhoGetAnEvent() {
    monitor.ready().joinReady();
    monitor.join();
    monitor.joinReady();
    monitor.changed();
    monitor.qemu(SharedMonitor.event("STOP"));
    assertEquals(List.of("client 1", "client 3"), monitor.changed());
  }

  @Test
  void soIsWhoWillSendNoMoreAndIsOwedNothing() {
    Party client = monitor.ready().joinReady();
    monitor.changed();
    client.endInput();
    assertEquals(List.of("client 1"), monitor.changed());
    assertTrue(client.client.finished());
  }

  @Test
  void soIsWhoIsCutBecauseTimeHasPassed() {
    Party deaf = monitor.ready().joinReady();
    monitor.qemu(SharedMonitor.event("STOP", 2 << 20));
    monitor.changed();
    monitor.pass(Duration.ofSeconds(10));
    assertEquals(List.of("client 1"), monitor.changed());
    deaf.assertCut("no progress");
    assertEquals(1, monitor.attention());
  }

  @Test
  void itIsQuietWhenNothingIsAskedAndAllIsRead() {
    Party client = monitor.ready().joinReady();
    assertTrue(monitor.broker.quiet());
    client.execute("stop");
    assertFalse(monitor.broker.quiet(), "QEMU has not answered");
    monitor.answer(monitor.next());
    assertFalse(monitor.broker.quiet(), "the client has not read");
    client.lines();
    assertTrue(monitor.broker.quiet());
  }
}
