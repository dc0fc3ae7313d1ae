package org.qmpkit.client;

import java.time.Duration;

/** A moment on the monotonic clock after which waiting is given up. */
record Deadline(long nanos) {
  /** Far enough never to come, near enough not to wrap the clock. */
  private static final long FOREVER = Long.MAX_VALUE / 2;

  static Deadline in(Duration time) {
    return new Deadline(System.nanoTime() + nanos(time));
  }

  /** Nanoseconds left; zero or less once it has passed. */
  long left() {
    return nanos - System.nanoTime();
  }

  static boolean isFinite(Duration time) {
    return nanos(time) < FOREVER;
  }

  private static long nanos(Duration time) {
    return time.compareTo(Duration.ofNanos(FOREVER)) >= 0 ? FOREVER : time.toNanos();
  }

  /** A span as people write it. */
  static String text(Duration time) {
    return time.toNanosPart() == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
