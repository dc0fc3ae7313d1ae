package org.qmpkit.net;

import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/**
 * A bounded queue of bytes between a loop, which never waits, and a pump's thread, which does. For
 * each direction one side uses the upper pair of methods, the other the lower.
 */
final class PumpQueue {
  /** How many bytes it holds: as many as a pipe of Linux. */
  static final int PLACE = 64 * 1024;

  // Ready to be read; what is behind its limit is free.
  private final ByteBuffer bytes = ByteBuffer.allocate(PLACE).flip();
  private boolean ended;
  private boolean abandoned;

  /**
   * Adds as many bytes as fit; waits until one does.
   *
   * @return how many; -1 if nobody will take them
   */
  synchronized int put(byte[] from, int offset, int count) {
    waitWhile(() -> bytes.remaining() == PLACE && !abandoned);
    if (abandoned) {
      return -1;
    }
    bytes.compact();
    int part = Math.min(count, bytes.remaining());
    bytes.put(from, offset, part).flip();
    return part;
  }

  /**
   * Takes what is there; waits for some.
   *
   * @return how many; -1 at the end
   */
  synchronized int take(byte[] into) {
    waitWhile(() -> !bytes.hasRemaining() && !ended && !abandoned);
    if (abandoned || !bytes.hasRemaining()) {
      return -1;
    }
    int count = Math.min(into.length, bytes.remaining());
    bytes.get(into, 0, count);
    return count;
  }

  /** Reads what is there; 0 if there is nothing now, -1 at the end. */
  synchronized int read(ByteBuffer into) {
    if (!bytes.hasRemaining()) {
      return ended && into.hasRemaining() ? -1 : 0;
    }
    int count = Math.min(into.remaining(), bytes.remaining());
    into.put(bytes.slice().limit(count));
    bytes.position(bytes.position() + count);
    notifyAll();
    return count;
  }

  /** Writes what fits, and says how much that is. */
  synchronized int write(ByteBuffer from) {
    bytes.compact();
    int count = Math.min(from.remaining(), bytes.remaining());
    bytes.put(from.slice().limit(count)).flip();
    from.position(from.position() + count);
    notifyAll();
    return count;
  }

  /** Whether there are bytes, or the end. */
  synchronized boolean readable() {
    return bytes.hasRemaining() || ended;
  }

  synchronized boolean hasPlace() {
    return bytes.remaining() < PLACE;
  }

  /** Nothing more will be added. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Nothing more will be taken: what is there is dropped, and nobody waits. */
  synchronized void abandon() {
    abandoned = true;
    notifyAll();
  }

  private void waitWhile(BooleanSupplier condition) {
    while (condition.getAsBoolean()) {
      try {
        wait();
      } catch (InterruptedException e) {
        // Nobody but us knows these threads; one that is interrupted all the same gives up.
        abandoned = true;
        Thread.currentThread().interrupt();
      }
    }
  }
}
