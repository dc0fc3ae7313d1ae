package org.qmpkit.net.linux;

import java.time.Duration;

/**
 * When to try again what a full ring has refused: after 1 ms, twice as long each time, up to 50 ms;
 * no clock of its own. Nothing tells that there is room again, and each refusal is a line on Xen's
 * console.
 */
final class Pace {
  /** How long a ring may stay full before whoever reads it counts as stuck. */
  static final Duration STUCK = Duration.ofSeconds(30);

  private static final long FIRST = Duration.ofMillis(1).toNanos();
  private static final long LONGEST = Duration.ofMillis(50).toNanos();

  private long pause;
  private long due;
  private long since;

  /** Whether it is time to try. */
  boolean willing(long now) {
    return pause == 0 || now - due >= 0;
  }

  /** Nanoseconds until it is. */
  long left(long now) {
    return pause == 0 ? 0 : Math.max(0, due - now);
  }

  void taken() {
    pause = 0;
  }

  void refused(long now) {
    if (pause == 0) {
      since = now;
    }
    pause = pause == 0 ? FIRST : Math.min(LONGEST, 2 * pause);
    due = now + pause;
  }

  /** Whether nothing was taken for too long. */
  boolean stuck(long now) {
    return pause != 0 && now - since >= STUCK.toNanos();
  }
}
