package org.qmpkit.shell;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpOptions;

/** By when all that a tool does must be done. */
final class Deadline {
  private static final Duration LEAST = Duration.ofNanos(1);

  private final @Nullable Duration timeout;
  private final long start = System.nanoTime();

  /** A deadline so long from now; null for none. */
  Deadline(@Nullable Duration timeout) {
    this.timeout = timeout;
  }

  /** What is left, positive, and {@link QmpOptions#FOREVER} if there is no deadline. */
  Duration left() {
    if (timeout == null) {
      return QmpOptions.FOREVER;
    }
    Duration left = timeout.minusNanos(System.nanoTime() - start);
    return left.isPositive() ? left : LEAST;
  }

  boolean passed() {
    return timeout != null && System.nanoTime() - start >= timeout.toNanos();
  }

  /** What is left, but no more than a limit. */
  Duration atMost(Duration limit) {
    Duration left = left();
    return left.compareTo(limit) < 0 ? left : limit;
  }

  /** What is left, but no less than that. */
  Duration atLeast(Duration least) {
    Duration left = left();
    return left.compareTo(least) < 0 ? least : left;
  }

  /** This one, or so long from now if that is sooner. */
  Deadline sooner(Duration limit) {
    return new Deadline(atMost(limit));
  }

  /** How long ago it was set. */
  Duration age() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
