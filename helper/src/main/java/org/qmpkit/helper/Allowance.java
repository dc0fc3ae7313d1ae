package org.qmpkit.helper;

import java.time.Duration;

/** How many lines somebody may cause in the log: 50 at once, and one more every second. */
final class Allowance {
  static final int AT_ONCE = 50;
  private static final long EVERY = Duration.ofSeconds(1).toNanos();

  private int lines = AT_ONCE;
  private int leftOut;
  private long since;

  /**
   * Asks for one line.
   *
   * @param now nanoseconds, never going back
   * @return how many were refused since the last that was granted; negative if this one is refused
   */
  int take(long now) {
    if (lines == AT_ONCE) {
      since = now;
    }
    long earned = (now - since) / EVERY;
    lines = (int) Math.min(AT_ONCE, lines + earned);
    since += earned * EVERY;
    if (lines == 0) {
      leftOut++;
      return -1;
    }
    lines--;
    int before = leftOut;
    leftOut = 0;
    return before;
  }
}
