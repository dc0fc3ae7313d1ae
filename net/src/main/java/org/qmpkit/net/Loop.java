package org.qmpkit.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One thread that moves bytes: it waits for sources to be ready, for timers and for tasks, and
 * calls their handlers one after another.
 *
 * <p>The thread is whichever calls {@link #run} or {@link #turn}; what belongs to a loop is used on
 * that thread, or between turns while nobody turns it. {@link #execute}, {@link #stop} and {@link
 * #close} may be called from any thread.
 */
public final class Loop implements AutoCloseable {

  /** The size of the shared buffer: 256 KB, one reply of query-qmp-schema with room to spare. */
  public static final int BUFFER_SIZE = 256 * 1024;

  /** What hears of handlers that threw. */
  @FunctionalInterface
  public interface Failures {
    /**
     * Called on the loop's thread, before an endpoint whose handler threw is closed.
     *
     * @param where the peer, or "a timer" or "a task"
     * @param why an {@link IOException} or {@link RuntimeException}
     */
    void failed(String where, Exception why);
  }

  private static final int IDLE = 0;
  private static final int TURNING = 1;
  private static final int CLOSING = 2;
  private static final int CLOSED = 3;

  /** So many tasks of other threads in one turn at most, for sockets to have their turn too. */
  private static final int TASKS_PER_TURN = 4096;

  private final Poller poller;
  private final LongSupplier clock;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
  private final TimerHeap timers = new TimerHeap();
  private final ArrayDeque<Runnable> later = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<Runnable> posted = new ConcurrentLinkedQueue<>();
  private final Poller.Dispatch dispatch = this::dispatch;
  private final Set<Source> unpolled = ConcurrentHashMap.newKeySet();
  private final AtomicInteger state = new AtomicInteger(IDLE);
  private volatile boolean stopping;
  private volatile @Nullable Thread turning;
  private Failures failures = this::keep;
  private @Nullable RuntimeException kept;
  private long now;

  /** A loop on a poller, which it owns from here on, and on the system's clock. */
  public Loop(Poller poller) {
    this(poller, System::nanoTime);
  }

  /**
   * A loop on a clock of the caller's own.
   *
   * @param clock nanoseconds since any fixed instant, never going back
   */
  public Loop(Poller poller, LongSupplier clock) {
    this.poller = poller;
    this.clock = clock;
    now = clock.getAsLong();
  }

  /** What this loop waits on; a transport takes it from here. */
  public Poller poller() {
    return poller;
  }

  /**
   * Turns until {@link #stop} or {@link #close} is called or this thread is interrupted; blocks.
   *
   * @throws RuntimeException what a handler threw, unless {@link #onFailure} hears it
   * @throws UncheckedIOException if the system's poll failed
   */
  public void run() {
    while (!stopping && !Thread.currentThread().isInterrupted()) {
      if (!turn(Long.MAX_VALUE, false)) {
        break;
      }
    }
    stopping = state.get() >= CLOSING;
  }

  /** Makes {@link #run}, or else the next one, return after the turn under way. */
  public void stop() {
    stopping = true;
    poller.wakeup();
  }

  /**
   * One turn, for a caller that drives the loop itself: waits until something can be done, and does
   * it. Blocks, up to the given time.
   *
   * @param maxWait the longest wait; zero or less for none
   * @return true if a handler, timer or task ran
   * @throws IllegalStateException if the loop is closed, or is being turned already
   * @throws RuntimeException what a handler threw, unless {@link #onFailure} hears it
   * @throws UncheckedIOException if the system's poll failed
   */
  public boolean turn(Duration maxWait) {
    return turn(nanos(maxWait), true);
  }

  /** Nanoseconds on this loop's clock, read once per turn, after the wait. */
  public long now() {
    return now;
  }

  /**
   * Does something once, on this loop's thread, never before the time has passed.
   *
   * @param delay from this call on, in the loop's clock; zero or less for the next turn
   */
  public Timer schedule(Duration delay, Runnable task) {
    assert free() : "a timer belongs to its loop's thread";
    return timers.add(clock.getAsLong() + nanos(delay), task);
  }

  /**
   * Does something on this loop's thread: in the next turn if called within one, else as soon as
   * can be. From any thread. Tasks that a closing loop has not begun are dropped.
   *
   * @throws RejectedExecutionException if the loop is closed
   */
  public void execute(Runnable task) {
    if (!offer(task)) {
      throw new RejectedExecutionException("cannot execute a task: its loop is closed");
    }
  }

  /** As {@link #execute}; false if the loop is closed. */
  boolean offer(Runnable task) {
    if (state.get() >= CLOSING) {
      return false;
    }
    if (turning == Thread.currentThread()) {
      later.add(task);
    } else {
      posted.add(task);
      poller.wakeup();
    }
    return true;
  }

  /**
   * The shared direct buffer of {@link #BUFFER_SIZE} bytes, cleared for its taker, who is done with
   * it when the handler returns.
   */
  public ByteBuffer buffer() {
    return buffer.clear();
  }

  /**
   * Sets what hears of handlers that threw. By default an {@link IOException} is dropped, and a
   * {@link RuntimeException} is thrown out of {@link #run} or {@link #turn} when the turn is done.
   * In any case the endpoint is closed, and the others are served.
   */
  public void onFailure(Failures failures) {
    this.failures = failures;
  }

  /**
   * Closes the poller and every source that is still registered, after the turn under way if there
   * is one; does not wait for it. Connections under way end without a word. Idempotent.
   */
  @Override
  public void close() {
    stopping = true;
    while (state.get() < CLOSING) {
      if (state.compareAndSet(IDLE, CLOSED)) {
        release();
      } else if (state.compareAndSet(TURNING, CLOSING)) {
        poller.wakeup();
      }
    }
  }

  /** The clock itself, for spans that begin outside a turn. */
  long time() {
    return clock.getAsLong();
  }

  /** True unless another thread is turning this loop: what belongs to it may be touched. */
  boolean free() {
    Thread owner = turning;
    return owner == null || owner == Thread.currentThread();
  }

  /** Ends the wait of a loop that another thread is in. */
  void nudge() {
    if (turning != Thread.currentThread()) {
      poller.wakeup();
    }
  }

  /** True in a turn, on its thread. */
  boolean inTurn() {
    return turning == Thread.currentThread();
  }

  /**
   * Closes a source that no poller knows when this loop closes; at once if it is closed already.
   */
  void hold(Source source) {
    unpolled.add(source);
    if (state.get() == CLOSED) {
      source.close();
    }
  }

  /** Forgets what {@link #hold} was told. From any thread. */
  void letGo(Source source) {
    unpolled.remove(source);
  }

  /** Nanoseconds, from 0 to far enough not to wrap a clock. */
  static long nanos(Duration time) {
    if (time.isNegative()) {
      return 0;
    }
    return time.toSeconds() >= Long.MAX_VALUE / 2_000_000_000L
        ? Long.MAX_VALUE / 2
        : time.toNanos();
  }

  private boolean turn(long maxNanos, boolean driven) {
    if (!state.compareAndSet(IDLE, TURNING)) {
      if (!driven && state.get() >= CLOSING) {
        return false;
      }
      throw new IllegalStateException(
          state.get() == TURNING ? "the loop is being turned already" : "the loop is closed");
    }
    int done = 0;
    turning = Thread.currentThread();
    try {
      int due = later.size();
      done = poller.poll(waitFor(maxNanos, due), dispatch);
      now = clock.getAsLong();
      done += fireTimers() + runTasks(due);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot wait for sockets: " + e.getMessage(), e);
    } finally {
      turning = null;
      if (!state.compareAndSet(TURNING, IDLE)) {
        state.set(CLOSED);
        release();
      }
    }
    RuntimeException failure = kept;
    if (failure != null) {
      kept = null;
      throw failure;
    }
    return !driven || done > 0;
  }

  private long waitFor(long maxNanos, int due) {
    if (due > 0 || !posted.isEmpty()) {
      return 0;
    }
    Timer first = timers.first();
    return first == null ? maxNanos : Math.clamp(first.due - clock.getAsLong(), 0, maxNanos);
  }

  private int fireTimers() {
    // A timer set meanwhile waits for the next turn, however soon it is due.
    long bound = timers.nextOrder();
    int fired = 0;
    for (Timer first = timers.first();
        first != null && first.due - now <= 0 && first.order < bound;
        first = timers.first()) {
      timers.remove(first);
      fired++;
      try {
        first.fire();
      } catch (RuntimeException e) {
        failures.failed("a timer", e);
      }
    }
    return fired;
  }

  private int runTasks(int due) {
    int run = 0;
    for (; run < due; run++) {
      runTask(later.remove());
    }
    Runnable task;
    while (run < TASKS_PER_TURN && (task = posted.poll()) != null) {
      runTask(task);
      run++;
    }
    return run;
  }

  private void runTask(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      failures.failed("a task", e);
    }
  }

  /** Calls a source that is ready; also for those that know of it themselves, from a task. */
  void dispatch(Source source, boolean readable, boolean writable) {
    try {
      source.ready(readable, writable);
    } catch (IOException | RuntimeException e) {
      try {
        failures.failed(source.peer(), e);
      } finally {
        source.failed();
      }
    }
  }

  private void keep(String where, Exception why) {
    if (why instanceof RuntimeException failure) {
      if (kept == null) {
        kept = failure;
      } else if (!kept.equals(failure)) {
        kept.addSuppressed(failure);
      }
    }
  }

  private void release() {
    later.clear();
    posted.clear();
    unpolled.forEach(Source::close);
    poller.close();
  }
}
