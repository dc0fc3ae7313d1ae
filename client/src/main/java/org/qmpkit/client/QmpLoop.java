package org.qmpkit.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.Transports;

/**
 * The daemon thread that serves one or several clients: it reads answers and events, and writes
 * what is asked. Safe for use by several threads.
 *
 * <p>Every client has one of its own unless {@link QmpOptions#withLoop} gives it a shared one. A
 * platform thread that waits for an answer turns the loop itself meanwhile, which saves two
 * switches between threads on every call; the daemon thread takes over when nobody has done so for
 * two milliseconds.
 */
public final class QmpLoop implements AutoCloseable {
  /** How long the daemon thread leaves a loop alone that was turned by somebody who waits. */
  private static final long GRACE_NANOS = 2_000_000;

  /** How long somebody who waits turns the loop, before it is the daemon thread's after all. */
  private static final long PATIENCE_NANOS = 10_000_000;

  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  private static final Ending CLOSED =
      new Ending(Ending.Kind.CLOSED, "its QmpLoop was closed", null);

  private final Loop loop;
  private final Thread thread;

  /** Who holds it may turn the loop, and touch what belongs to it. */
  private final ReentrantLock helm = new ReentrantLock();

  /** A thread that waits and would rather turn the loop itself. */
  private final AtomicReference<@Nullable Thread> volunteer = new AtomicReference<>();

  /** How many threads and futures wait for what the loop brings. */
  private final AtomicInteger dependents = new AtomicInteger();

  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();

  /** Whether the daemon thread turns the loop just now. */
  private volatile boolean serving;

  /** Whether it is to, without waiting for its grace to end. */
  private volatile boolean called;

  private volatile long lastTurned;
  private volatile boolean closed;

  private QmpLoop(String name, Poller poller) {
    loop = new Loop(poller);
    loop.onFailure(QmpLoop::log);
    lastTurned = System.nanoTime() - GRACE_NANOS;
    thread = Thread.ofPlatform().daemon().name(name).unstarted(this::serve);
  }

  /**
   * Starts one, for several clients to share.
   *
   * @throws IOException if the process has no descriptors left
   */
  public static QmpLoop start() throws IOException {
    return start("qmp", new SelectorPoller());
  }

  /**
   * Starts one for clients of addresses that may need native code, such as {@code vchan:} ones.
   *
   * @throws org.qmpkit.net.TransportException if one of them cannot be used here, with the reason
   * @throws IOException if the process has no descriptors left
   */
  public static QmpLoop start(Collection<Address> addresses) throws IOException {
    return start("qmp", Transports.load().poller(addresses));
  }

  static QmpLoop start(String name, Poller poller) {
    QmpLoop made = new QmpLoop(name, poller);
    made.thread.start();
    return made;
  }

  /**
   * Ends the thread, and with it every client it serves: what waits fails with {@link
   * Disconnected}. Idempotent, from any thread; waits for a turn under way, but not for its own.
   */
  @Override
  public void close() {
    close(CLOSED);
  }

  private void close(Ending ending) {
    closed = true;
    loop.poller().wakeup();
    helm.lock();
    try {
      // A connection that is added from here on is ended by who adds it.
      connections.forEach(each -> each.end(ending));
      loop.close();
    } finally {
      helm.unlock();
      LockSupport.unpark(thread);
    }
  }

  /** The loop itself, for whoever runs on it. */
  Loop loop() {
    return loop;
  }

  /** True on the thread that turns the loop just now, where nothing may wait for it. */
  boolean isTurning() {
    return helm.isHeldByCurrentThread();
  }

  /** Adds what must end when the loop does. */
  void add(Connection connection) {
    connections.add(connection);
    if (closed) {
      connection.end(CLOSED);
    }
  }

  void remove(Connection connection) {
    connections.remove(connection);
  }

  /** Somebody waits for what the loop brings, until {@link #leaned}. */
  void lean() {
    dependents.incrementAndGet();
  }

  void leaned() {
    dependents.decrementAndGet();
  }

  /**
   * Does something on the loop, soon; nothing once it is closed. From any thread; on the loop
   * itself it comes after what is under way.
   */
  void run(Runnable task) {
    if (isTurning()) {
      post(task);
    } else if (takeHelm()) {
      try {
        task.run();
      } finally {
        helm.unlock();
      }
      call();
    } else {
      post(task);
      call();
    }
  }

  /**
   * Does something on the loop, and waits until that has woken the waiter; blocks.
   *
   * @return false if the deadline passed first
   * @throws InterruptedException if this thread is interrupted, and the waiter was not woken
   */
  boolean runAndAwait(Runnable task, Waiter waiter, Deadline deadline) throws InterruptedException {
    // Selecting would pin a virtual thread's carrier, or take a detour.
    boolean turns = !Thread.currentThread().isVirtual();
    lean();
    try {
      if (turns && takeHelm()) {
        turns = turn(task, waiter, deadline);
      } else {
        if (turns) {
          // Who turns it now runs the task, and then leaves the loop to us.
          volunteer.set(Thread.currentThread());
        } else {
          call();
        }
        post(task);
      }
      while (!waiter.done()) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while waiting for QEMU");
        }
        long left = deadline.left();
        if (left <= 0) {
          return false;
        }
        if (turns && takeHelm()) {
          turns = turn(() -> {}, waiter, deadline);
        } else {
          LockSupport.parkNanos(this, left);
        }
      }
      return true;
    } finally {
      leaned();
      volunteer.compareAndSet(Thread.currentThread(), null);
    }
  }

  /**
   * Waits until the waiter is woken; blocks. For what may take long: it leaves the loop to others,
   * and hears of what it brings by the end of the daemon thread's grace.
   *
   * @return false if the deadline passed first
   * @throws InterruptedException if this thread is interrupted, and the waiter was not woken
   */
  boolean await(Waiter waiter, Deadline deadline) throws InterruptedException {
    while (!waiter.done()) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while waiting for QEMU");
      }
      long left = deadline.left();
      if (left <= 0) {
        return false;
      }
      LockSupport.parkNanos(this, left);
    }
    return true;
  }

  /**
   * Turns the loop, whose helm this thread has just taken, until the waiter is woken or it is
   * somebody else's turn; then lets go of the helm.
   *
   * @return whether this thread may turn it again
   */
  private boolean turn(Runnable task, Waiter waiter, Deadline deadline) {
    long until = System.nanoTime() + Math.min(PATIENCE_NANOS, deadline.left());
    long left = PATIENCE_NANOS;
    try {
      task.run();
      left = until - System.nanoTime();
      while (!waiter.done() && !closed && left > 0 && !Thread.currentThread().isInterrupted()) {
        loop.turn(Duration.ofNanos(left));
        left = until - System.nanoTime();
      }
    } catch (UncheckedIOException e) {
      broken(e);
    } finally {
      lastTurned = System.nanoTime();
      helm.unlock();
    }
    handOn(waiter.done());
    return left > 0;
  }

  /** Somebody may depend on the loop, this thread or another: it must not stand still. */
  private void handOn(boolean done) {
    Thread next = volunteer.get();
    if (next == null || next == Thread.currentThread()) {
      if (!done || dependents.get() > 1) {
        call();
      }
    } else if (volunteer.compareAndSet(next, null)) {
      LockSupport.unpark(next);
    }
  }

  /** Takes the helm of a loop that is not closed, if nobody has it. */
  private boolean takeHelm() {
    if (closed || !helm.tryLock()) {
      return false;
    }
    if (closed) {
      helm.unlock();
      return false;
    }
    return true;
  }

  private void post(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // Closed: whoever waits has heard of it, or is about to.
    }
  }

  /** Calls the daemon thread back to the loop. A call that is lost costs it its grace. */
  private void call() {
    if (!serving) {
      called = true;
      LockSupport.unpark(thread);
    }
  }

  private void serve() {
    try {
      while (!closed) {
        if ((called || System.nanoTime() - lastTurned >= GRACE_NANOS) && takeHelm()) {
          turnForAll();
        } else {
          LockSupport.parkNanos(this, GRACE_NANOS);
        }
      }
    } catch (RuntimeException | Error e) {
      broken(e);
      throw e;
    }
  }

  private void turnForAll() {
    try {
      serving = true;
      called = false;
      while (!closed && volunteer.get() == null) {
        loop.turn(FOREVER);
      }
    } finally {
      serving = false;
      lastTurned = System.nanoTime();
      helm.unlock();
    }
    Thread next = volunteer.getAndSet(null);
    if (next != null) {
      LockSupport.unpark(next);
    }
  }

  /** The loop can't go on: nobody may wait for it in vain. */
  private void broken(Throwable e) {
    close(new Ending(Ending.Kind.LOST, "the loop failed: " + e, e));
  }

  private static void log(String where, Exception why) {
    System.getLogger("org.qmpkit.client").log(Level.WARNING, "a fault of qmpkit at " + where, why);
  }
}
