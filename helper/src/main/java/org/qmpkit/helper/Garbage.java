package org.qmpkit.helper;

/**
 * Has the heap collected before it grows: the collector that takes least in an idle process makes a
 * heap as large as it may be before it looks for what is dead among what has lived for a while.
 *
 * <p>A collection stops the process for some milliseconds for each ten megabytes alive, so that
 * there is none before as much again has come.
 */
final class Garbage {
  /** So much is never worth a collection, in bytes. */
  private static final long LITTLE = 48L << 20;

  private final Runtime runtime = Runtime.getRuntime();
  private long most = LITTLE;

  /** Collects, if there is much. To be called often: it costs next to nothing. */
  void look() {
    if (used() >= most) {
      System.gc();
      most = Math.max(LITTLE, 2 * used());
    }
  }

  private long used() {
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
