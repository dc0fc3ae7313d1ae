package org.qmpkit.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** A moment on the monotonic clock after which waiting is given up. */
record Deadline(long nanos, Duration patience) {

  /**
   * What a judge grants where its caller names nothing else: generous, because test machines stall.
   */
  static final Duration USUAL = Duration.ofSeconds(10);

  static Deadline in(Duration patience) {
    return new Deadline(System.nanoTime() + patience.toNanos(), patience);
  }

  boolean passed() {
    return nanos - System.nanoTime() <= 0;
  }

  /** Milliseconds left, rounded up; never 0, which would mean "for ever" to a Selector. */
  long millis() {
    return Math.max(1, (nanos - System.nanoTime() + 999_999) / 1_000_000);
  }

  /**
   * Pauses for a millisecond between two looks at something that cannot be waited for, such as
   * another process's state.
   *
   * @return false if the deadline has passed
   */
  boolean pause() {
    LockSupport.parkNanos(1_000_000);
    return !passed();
  }
}
