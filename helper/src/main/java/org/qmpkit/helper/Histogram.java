package org.qmpkit.helper;

/** How long things took: how many within each of some bounds, and all together. */
final class Histogram {
  /** Seconds; one more bucket has what took longer. */
  private static final double[] BOUNDS = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300
  };

  private final long[] counts = new long[BOUNDS.length + 1];
  private double sum;

  void add(long nanos) {
    double seconds = nanos / 1e9;
    int bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
      bucket++;
    }
    counts[bucket]++;
    sum += seconds;
  }

  /** The upper bounds of the buckets in seconds; the last is infinite. */
  static double[] bounds() {
    double[] all = new double[BOUNDS.length + 1];
    System.arraycopy(BOUNDS, 0, all, 0, BOUNDS.length);
    all[BOUNDS.length] = Double.POSITIVE_INFINITY;
    return all;
  }

  /** How many fell into each bucket alone. */
  long[] counts() {
    return counts.clone();
  }

  /** The sum of all, in seconds. */
  double sum() {
    return sum;
  }
}
