package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.qmpkit.testkit.TransportRig.DEADLINE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;
import org.qmpkit.testkit.TransportRig.Outcome;
import org.qmpkit.testkit.TransportRig.Pair;

/**
 * What every transport of byte streams promises. A transport's test extends this and says how to
 * get one; the tests then run on real endpoints, both ends on one loop.
 */
public abstract class TransportContract extends StreamContract {

  /** For the tests that extend this. */
  protected TransportContract() {}

  /** Whether a listener whose backlog is full refuses at once; most let peers wait. */
  protected boolean refusesWhenFull() {
    return false;
  }

  @Test
  final void whereNobodyListensTheConnectionIsRefused() {
    Address address = there();
    listener.close();
    listener.close();
    rig.settle();
    Outcome outcome = rig.outcome(address, DEADLINE);
    TransportException why = Objects.requireNonNull(outcome.why);
    assertTrue(why.retryable(), why.getMessage());
    assertTrue(
        String.valueOf(why.getMessage()).startsWith("cannot connect to " + address + ": "),
        why.getMessage());
    assertFalse(why.reason().isBlank());
    assertFalse(String.valueOf(why.getMessage()).contains("\n"));
  }

  @Test
  final void theOutcomeComesInALaterTurnAndOnce() {
    Outcome good = new Outcome();
    Outcome bad = new Outcome();
    loop.execute(() -> {
      transport.connect(there(), loop, DEADLINE, good);
      transport.connect(withUnknownOption(), loop, DEADLINE, bad);
    });
    loop.turn(Duration.ZERO);
    assertEquals(0, good.calls + bad.calls);
    rig.until(() -> good.calls > 0 && bad.calls > 0, "both outcomes");
    rig.settle();
    assertEquals(2, good.calls + bad.calls);
    assertNotNull(good.endpoint);
    assertFalse(Objects.requireNonNull(bad.why).retryable());
  }

  private Address withUnknownOption() {
    return Address.parse(there() + ",no-such-option=1");
  }

  @Test
  final void anUnknownOptionIsNamed() {
    TransportException e =
        assertThrows(TransportException.class, () -> transport.listen(withUnknownOption(), loop));
    assertTrue(e.reason().contains("'no-such-option'"), e.reason());
  }

  @Test
  final void aConnectionGivenUpCallsNobodyAndKeepsNothing() {
    rig.settle();
    long before = TransportRig.descriptors();
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Outcome outcome = new Outcome();
      outcomes.add(outcome);
      Attempt attempt = transport.connect(there(), loop, DEADLINE, outcome);
      if (i % 2 == 0) {
        // Under way, or done already: then the endpoint stays.
        loop.turn(Duration.ZERO);
      }
      int calls = outcome.calls;
      attempt.close();
      attempt.close();
      rig.settle();
      assertEquals(calls, outcome.calls);
    }
    List<Endpoint> arrived = new ArrayList<>();
    listener.onWaiting(() -> TransportRig.accept(listener, arrived));
    listener.interest(true);
    rig.settle();
    rig.until(() -> !loop.turn(Duration.ZERO), "quiet");
    for (Outcome outcome : outcomes) {
      if (outcome.endpoint != null) {
        outcome.endpoint.close();
      }
    }
    arrived.forEach(Endpoint::close);
    // An attempt given up may be reading a file of its own for a moment yet.
    rig.until(() -> TransportRig.descriptors() == before, before + " descriptors");
  }

  @Test
  final void aConnectionGivenUpAtOnceNeverArrives() throws IOException {
    transport.connect(there(), loop, DEADLINE, new Outcome()).close();
    rig.settle();
    Endpoint near = pair().near();
    assertNull(listener.accept());
    rig.write(near, "x");
  }

  @Test
  final void aConnectionThatNobodyTakesTimesOut() {
    // The system takes some on its own, until the listener's backlog is full.
    for (int i = 0; i < 2000; i++) {
      long began = System.nanoTime();
      TransportException why = rig.outcome(there(), Duration.ofMillis(300)).why;
      if (why != null) {
        assertTrue(
            refusesWhenFull() || System.nanoTime() - began >= 300_000_000L, "it gave up early");
        assertTrue(why.retryable(), why.getMessage());
        return;
      }
    }
    fail("2000 connections, and none timed out");
  }

  @Test
  final void closeFromAnotherThreadEndsAStreamInUse() throws Exception {
    Pair pair = pair();
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch busy = new CountDownLatch(3);
    CountDownLatch ended = new CountDownLatch(1);
    pair.near()
        .onReady((r, w) -> {
          calls.incrementAndGet();
          busy.countDown();
        });
    pair.near().interest(true, true); // level-triggered: always writable
    pair.far()
        .onReady((r, w) -> {
          if (pair.far().read(ByteBuffer.allocate(1)) < 0) {
            pair.far().interest(false, false);
            ended.countDown();
          }
        });
    pair.far().interest(true, false);
    Thread thread = Thread.ofPlatform().start(loop::run);
    assertTrue(busy.await(60, TimeUnit.SECONDS));
    pair.near().close();
    assertTrue(ended.await(60, TimeUnit.SECONDS));
    int last = calls.get();
    CountDownLatch turns = new CountDownLatch(2);
    loop.execute(() -> {
      turns.countDown();
      loop.execute(turns::countDown);
    });
    assertTrue(turns.await(60, TimeUnit.SECONDS));
    loop.stop();
    thread.join();
    assertEquals(last, calls.get());
  }

  @Test
  final void closeFromAnotherThreadWakesALoopThatWaits() throws Exception {
    List<Endpoint> idle = new ArrayList<>();
    for (int i = 0; i < Math.min(20, atOnce()); i++) {
      Endpoint near = pair().near();
      near.onReady((r, w) -> fail("nothing to do"));
      near.interest(true, false);
      idle.add(near);
    }
    rig.settle();
    Thread thread = Thread.ofPlatform().start(loop::run);
    // Nothing but the close can wake the loop, and its turn gives the descriptor back.
    for (Endpoint near : idle) {
      long before = TransportRig.descriptors();
      near.close();
      long began = System.nanoTime();
      long left = before;
      while (left >= before && System.nanoTime() - began < DEADLINE.toNanos()) {
        Thread.onSpinWait();
        left = TransportRig.descriptors();
      }
      assertTrue(left < before, left + " descriptors");
    }
    loop.stop();
    thread.join();
  }

  @Test
  final void manyConnectionsOneAfterAnotherGainNoDescriptors() throws IOException {
    cycle(); // what is made once is made now
    rig.settle();
    long before = TransportRig.descriptors();
    for (int i = 0; i < cycles(); i++) {
      cycle();
    }
    rig.settle();
    assertEquals(before, TransportRig.descriptors());
  }

  private void cycle() throws IOException {
    Pair pair = pair();
    rig.write(pair.near(), "x");
    pair.far().close();
    pair.near().close();
    try (Listener other = transport.listen(place(), loop)) {
      assertNotEquals(other.address(), listener.address());
    }
  }

  @Test
  final void aListenerCallsAsLongAsSomebodyWaitsAndInterestLasts() throws IOException {
    assertNull(listener.accept(), "nobody waits");
    AtomicInteger calls = new AtomicInteger();
    listener.onWaiting(calls::incrementAndGet);
    Endpoint near = Objects.requireNonNull(rig.outcome(there(), DEADLINE).endpoint);
    rig.settle();
    assertEquals(0, calls.get(), "without interest");
    listener.interest(true);
    rig.until(() -> calls.get() >= 3, "three calls");
    listener.interest(false);
    int last = calls.get();
    rig.settle();
    assertEquals(last, calls.get());
    Endpoint far = rig.accepted(listener);
    rig.write(near, "x");
    assertEquals("x", rig.read(far, 1));
    assertNull(listener.accept());
  }

  @Test
  final void whoWaitsAtAListenerThatClosesIsTurnedAway() {
    Endpoint near = Objects.requireNonNull(rig.outcome(there(), DEADLINE).endpoint);
    listener.close();
    rig.settle();
    rig.assertEnds(near);
  }

  @Test
  final void aClosedListenerAcceptsNobody() throws IOException {
    listener.onWaiting(() -> fail("a closed listener calls nobody"));
    listener.interest(true);
    listener.close();
    listener.interest(false);
    listener.interest(true);
    rig.settle();
    assertNull(listener.accept());
  }

  @Test
  final void closingTheLoopClosesEverything() throws IOException {
    long before;
    try (Loop other = new Loop(poller())) {
      other.turn(Duration.ZERO);
      rig.settle();
      before = TransportRig.descriptors();
    }
    long without = TransportRig.descriptors();
    try (Loop other = new Loop(poller())) {
      Listener theirs = transport.listen(place(), other);
      assertNotNull(theirs.address());
      Outcome outcome = new Outcome();
      transport.connect(reaching(theirs.address()), other, DEADLINE, outcome);
      while (outcome.calls == 0) {
        other.turn(Duration.ofSeconds(60));
      }
      assertTrue(TransportRig.descriptors() > before);
    }
    assertEquals(without, TransportRig.descriptors());
  }
}
