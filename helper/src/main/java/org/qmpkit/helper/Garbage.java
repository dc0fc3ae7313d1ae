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

  /** To ask the JVM takes a tenth of a microsecond, which a small message would notice. */
  private static final int CALLS_A_LOOK = 16;

  private final Runtime runtime = Runtime.getRuntime();
  private long most = LITTLE;
  private int calls;

  /** Collects, if there is much. To be called after each reading, of which few come to little. */
  void look() {
    if (++calls % CALLS_A_LOOK == 0 && used() >= most) {
      System.gc();
      most = Math.max(LITTLE, 2 * used());
    }
  }

  private long used() {
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
