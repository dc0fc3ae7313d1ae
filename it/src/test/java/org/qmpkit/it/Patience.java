package org.qmpkit.it;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Waiting for what another process does and nobody tells: it is looked at again and again.
 *
 * <p>The time granted is far beyond what anything takes, because test machines stall: how long
 * things take is not judged here.
 */
final class Patience {
  static final Duration LIMIT = Duration.ofSeconds(60);

  private static final long BETWEEN_LOOKS_NANOS = 2_000_000;

  private Patience() {}

  /** Waits until something is so. */
  static void until(String expected, Callable<Boolean> condition) {
    until(expected, condition, () -> "it did not come about");
  }

  /**
   * Waits until something is so.
   *
   * @param otherwise what to say of how it is instead
   * @throws AssertionError if it isn't within {@link #LIMIT}
   */
  static void until(String expected, Callable<Boolean> condition, Supplier<String> otherwise) {
    find(expected, () -> condition.call() ? Optional.of(true) : Optional.empty(), otherwise);
  }

  /**
   * Waits until there is something, and returns it.
   *
   * @throws AssertionError if there isn't within {@link #LIMIT}
   */
  static <T> T find(String expected, Callable<Optional<T>> look, Supplier<String> otherwise) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (true) {
      Optional<T> found;
      try {
        found = look.call();
      } catch (Exception e) {
        throw new AssertionError("looking for " + expected + " failed: " + e.getMessage(), e);
      }
      if (found.isPresent()) {
        return found.get();
      }
      if (System.nanoTime() - end > 0) {
        throw new AssertionError(
            "expected " + expected + " within " + LIMIT + "; instead: " + otherwise.get());
      }
      LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
    }
  }
}
