package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.util.Arrays;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Descriptors;

/** {@link Descriptors} of this process. */
final class Batch implements Descriptors {
  /**
   * Who closes: the last close of a file may wait for the file system it is on, or of a socket for
   * its peer, and both may be in the hands of who passed it.
   */
  private static final class Closing {
    private static final int THREADS = 4;
    private static final ThreadPoolExecutor POOL = pool();

    private static ThreadPoolExecutor pool() {
      ThreadPoolExecutor pool =
          new ThreadPoolExecutor(
              THREADS,
              THREADS,
              10,
              TimeUnit.SECONDS,
              new LinkedBlockingQueue<>(),
              Thread.ofPlatform().daemon().name("closes descriptors").factory());
      pool.allowCoreThreadTimeOut(true);
      return pool;
    }
  }

  /** The batches that may wait to be closed before no more are taken. */
  private static final int MOST_CLOSING = 64;

  private static final AtomicInteger CLOSING = new AtomicInteger();

  private final int count;
  private final boolean whole;
  private final AtomicReference<int @Nullable []> open;

  private Batch(int[] descriptors, boolean whole) {
    this.count = descriptors.length;
    this.whole = whole;
    this.open = new AtomicReference<>(descriptors);
  }

  /** Takes over descriptors that were just received; if they are not all, closes them. */
  static Batch of(int[] descriptors, int count, boolean truncated) {
    int[] all = Arrays.copyOf(descriptors, count);
    if (truncated) {
      giveBack(all);
      return new Batch(new int[0], false);
    }
    return new Batch(all, true);
  }

  /** Whether so many wait to be closed, for file systems that don't answer, that it is enough. */
  static boolean tooManyClosing() {
    return CLOSING.get() >= MOST_CLOSING;
  }

  /** Their numbers. */
  int[] numbers() {
    int[] numbers = open.get();
    if (numbers == null) {
      throw new IllegalStateException("these descriptors were closed already");
    }
    return numbers;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public boolean whole() {
    return whole;
  }

  @Override
  public void close() {
    int[] numbers = open.getAndSet(null);
    if (numbers != null) {
      giveBack(numbers);
    }
  }

  private static void giveBack(int[] numbers) {
    if (numbers.length > 0) {
      CLOSING.incrementAndGet();
      Closing.POOL.execute(() -> {
        for (int number : numbers) {
          Libc.call(C.close(), number);
        }
        CLOSING.decrementAndGet();
      });
    }
  }
}
