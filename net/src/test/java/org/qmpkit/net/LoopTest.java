package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LoopTest {
  private final List<String> log = new ArrayList<>();

  /** A poller without sources, on which waiting takes no time but moves the clock. */
  private static final class Still implements Poller {
    long clock = -5; // about to cross zero
    boolean awake;
    boolean closed;

    @Override
    public int poll(long nanos, Dispatch dispatch) {
      if (!awake && nanos != Long.MAX_VALUE) {
        clock += nanos;
      }
      awake = false;
      return 0;
    }

    @Override
    public void wakeup() {
      awake = true;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final Still still = new Still();
  private final Loop loop = new Loop(still, () -> still.clock);

  @Test
  void timersRunInTheOrderOfTheirTimesAndOfTheirMakingWithinOne() {
    loop.schedule(Duration.ofNanos(30), () -> log.add("c@" + loop.now()));
    loop.schedule(Duration.ofNanos(10), () -> log.add("a@" + loop.now()));
    loop.schedule(Duration.ofNanos(10), () -> log.add("b@" + loop.now()));
    assertTrue(loop.turn(Duration.ofSeconds(1)));
    assertEquals(List.of("a@5", "b@5"), log);
    assertTrue(loop.turn(Duration.ofSeconds(1)));
    assertEquals(List.of("a@5", "b@5", "c@25"), log);
  }

  @Test
  void aTurnWaitsNoLongerThanItMayAndNoTimerRunsEarly() {
    loop.schedule(Duration.ofNanos(30), () -> log.add("ran"));
    assertFalse(loop.turn(Duration.ofNanos(29)));
    assertEquals(24, loop.now());
    assertEquals(List.of(), log);
    assertTrue(loop.turn(Duration.ofNanos(29)));
    assertEquals(25, loop.now());
  }

  @Test
  void aTimerSetByATimerWaitsForTheNextTurn() {
    loop.schedule(
        Duration.ZERO,
        () -> {
          log.add("first");
          loop.schedule(Duration.ZERO, () -> log.add("second"));
        });
    loop.turn(Duration.ZERO);
    assertEquals(List.of("first"), log);
    loop.turn(Duration.ZERO);
    assertEquals(List.of("first", "second"), log);
  }

  @Test
  void aCancelledTimerNeverRunsNotEvenWhenDueInTheSameTurn() {
    Timer[] second = new Timer[1];
    Timer first = loop.schedule(Duration.ofNanos(1), () -> second[0].cancel());
    second[0] = loop.schedule(Duration.ofNanos(1), () -> log.add("ran"));
    assertTrue(first.pending());
    loop.turn(Duration.ofNanos(9));
    loop.turn(Duration.ofNanos(9));
    assertEquals(List.of(), log);
    assertFalse(first.pending());
    assertFalse(second[0].pending());
    second[0].cancel();
    first.cancel();
  }

  @Test
  void theLongestDelaysAreBearable() {
    loop.schedule(Duration.ofSeconds(Long.MAX_VALUE), () -> log.add("never"));
    loop.schedule(Duration.ofSeconds(-1), () -> log.add("now"));
    loop.turn(Duration.ofSeconds(Long.MAX_VALUE));
    assertEquals(List.of("now"), log);
  }

  @Test
  void timersComeOutOfTheHeapAsOutOfASortedListAndCancelledOnesDoNotStay() {
    Random random = new Random(99);
    TimerHeap heap = new TimerHeap();
    List<Timer> model = new ArrayList<>();
    for (int i = 0; i < 200_000; i++) {
      int dice = random.nextInt(model.size() > 200 ? 4 : 3);
      if (dice < 2) {
        model.add(heap.add(random.nextInt(1000), () -> {}));
      } else if (!model.isEmpty()) {
        // Cancelled anywhere, or fired from the front.
        Timer gone =
            dice == 2
                ? model.get(random.nextInt(model.size()))
                : Collections.min(model, LoopTest::by);
        if (dice == 3) {
          assertSame(gone, heap.first());
        }
        gone.cancel();
        model.remove(gone);
      }
      assertEquals(model.size(), heap.size());
    }
    model.sort(LoopTest::by);
    for (Timer next : model) {
      assertSame(next, heap.first());
      heap.remove(next);
    }
    assertEquals(0, heap.size());
  }

  private static int by(Timer a, Timer b) {
    return a.due == b.due ? Long.compare(a.order, b.order) : Long.compare(a.due, b.due);
  }

  @Test
  void aTaskOfATurnRunsInTheNextOne() {
    loop.execute(() -> {
      log.add("first");
      loop.execute(() -> log.add("second"));
    });
    assertTrue(loop.turn(Duration.ZERO));
    assertEquals(List.of("first"), log);
    assertTrue(loop.turn(Duration.ofDays(1)));
    assertEquals(List.of("first", "second"), log);
    assertEquals(-5, still.clock, "it waited although a task was due");
  }

  @Test
  void aTaskOrTimerThatThrowsDoesNotKeepTheOthersFromRunning() {
    loop.execute(() -> boom("task"));
    loop.execute(() -> log.add("task"));
    loop.schedule(Duration.ZERO, () -> boom("timer"));
    loop.schedule(Duration.ZERO, () -> log.add("timer"));
    RuntimeException thrown =
        assertThrows(IllegalArgumentException.class, () -> loop.turn(Duration.ZERO));
    assertEquals("timer", thrown.getMessage());
    assertEquals("task", thrown.getSuppressed()[0].getMessage());
    assertEquals(List.of("timer", "task"), log);
    assertFalse(loop.turn(Duration.ZERO));
  }

  @Test
  void failuresGoToWhoeverListens() {
    loop.onFailure((where, why) -> log.add(where + ": " + why.getMessage()));
    loop.execute(() -> boom("x"));
    loop.schedule(Duration.ZERO, () -> boom("y"));
    loop.turn(Duration.ZERO);
    assertEquals(List.of("a timer: y", "a task: x"), log);
  }

  private static void boom(String text) {
    throw new IllegalArgumentException(text);
  }

  @Test
  void theBufferIsClearedForEachTaker() {
    loop.buffer().putInt(1).flip();
    assertEquals(Loop.BUFFER_SIZE, loop.buffer().remaining());
    assertTrue(loop.buffer().isDirect());
    assertEquals(256 * 1024, Loop.BUFFER_SIZE);
  }

  @Test
  void aTurnWithinATurnIsAMistake() {
    loop.execute(() -> loop.turn(Duration.ZERO));
    assertThrows(IllegalStateException.class, () -> loop.turn(Duration.ZERO));
    assertFalse(loop.turn(Duration.ZERO));
  }

  @Test
  void aClosedLoopTurnsNoMore() {
    loop.execute(() -> log.add("dropped"));
    loop.close();
    loop.close();
    assertTrue(still.closed);
    assertThrows(IllegalStateException.class, () -> loop.turn(Duration.ZERO));
    assertThrows(RejectedExecutionException.class, () -> loop.execute(() -> {}));
    loop.run();
    assertEquals(List.of(), log);
  }

  @Test
  void closingWithinATurnTakesEffectAtItsEnd() {
    loop.execute(() -> {
      loop.close();
      log.add(still.closed ? "too early" : "open");
    });
    loop.run();
    assertEquals(List.of("open"), log);
    assertTrue(still.closed);
  }

  @Test
  void stopEndsTheRunUnderWayOrElseTheNext() {
    loop.stop();
    loop.execute(() -> log.add("later"));
    loop.run();
    assertEquals(List.of(), log);
    loop.execute(loop::stop);
    loop.run();
    assertEquals(List.of("later"), log);
  }

  @Test
  void anotherThreadWakesTheLoopWithATaskAndStopsIt() throws Exception {
    try (Loop real = new Loop(new SelectorPoller())) {
      AtomicReference<Thread> ran = new AtomicReference<>();
      CountDownLatch done = new CountDownLatch(1);
      Thread thread = Thread.ofPlatform().start(real::run);
      real.execute(() -> {
        ran.set(Thread.currentThread());
        done.countDown();
      });
      assertTrue(done.await(30, TimeUnit.SECONDS));
      assertSame(thread, ran.get());
      real.stop();
      thread.join();
    }
  }

  @Test
  void anInterruptEndsARun() throws Exception {
    try (Loop real = new Loop(new SelectorPoller())) {
      Thread thread = Thread.ofPlatform().start(real::run);
      thread.interrupt();
      thread.join();
    }
  }

  @Test
  void aRealTimerIsNeverEarly() throws Exception {
    try (Loop real = new Loop(new SelectorPoller())) {
      for (int i = 1; i < 20; i++) {
        long began = System.nanoTime();
        boolean[] ran = {false};
        real.schedule(Duration.ofNanos(i * 300_000L), () -> ran[0] = true);
        int turns = 0;
        while (!ran[0] && !Thread.currentThread().isInterrupted()) {
          real.turn(Duration.ofSeconds(30));
          turns++;
        }
        assertTrue(ran[0]);
        assertTrue(System.nanoTime() - began >= i * 300_000L);
        assertTrue(turns < 10, "it spun " + turns + " times");
      }
    }
  }

  @Test
  void aPollThatFailsEndsTheTurnWithItsReason() {
    Poller broken =
        new Poller() {
          @Override
          public int poll(long nanos, Dispatch dispatch) throws IOException {
            throw new IOException("no luck");
          }

          @Override
          public void wakeup() {}

          @Override
          public void close() {}
        };
    try (Loop unlucky = new Loop(broken)) {
      Exception e =
          assertThrows(java.io.UncheckedIOException.class, () -> unlucky.turn(Duration.ZERO));
      assertEquals("cannot wait for sockets: no luck", e.getMessage());
    }
  }
}
