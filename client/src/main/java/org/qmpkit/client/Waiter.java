package org.qmpkit.client;

import java.util.concurrent.locks.LockSupport;

/** A thread that waits for something which the loop brings about, and how it hears of it. */
final class Waiter {
  private final Thread thread = Thread.currentThread();
  private volatile boolean done;

  boolean done() {
    return done;
  }

  /** It has come about. What was written before is seen by the thread. From any thread. */
  void wake() {
    done = true;
    if (thread != Thread.currentThread()) {
      LockSupport.unpark(thread);
    }
  }
}
