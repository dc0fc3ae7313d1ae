package org.qmpkit.net.linux;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * What was taken out of a ring and not yet read, so that a ring never waits for a reader that reads
 * on. Full at 64 KiB: what comes then stays in the ring, and stops who sends.
 */
final class Inbox {
  static final int FULL = 64 * 1024;

  private final ArrayDeque<ByteBuffer> messages = new ArrayDeque<>();
  private int size;

  void add(byte[] message) {
    messages.add(ByteBuffer.wrap(message));
    size += message.length;
  }

  boolean full() {
    return size >= FULL;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Moves as much as fits, and says how much that is. */
  int read(ByteBuffer into) {
    int before = into.remaining();
    for (ByteBuffer first = messages.peek();
        first != null && into.hasRemaining();
        first = messages.peek()) {
      int part = Math.min(first.remaining(), into.remaining());
      into.put(first.slice().limit(part));
      first.position(first.position() + part);
      if (!first.hasRemaining()) {
        messages.remove();
      }
    }
    int read = before - into.remaining();
    size -= read;
    return read;
  }
}
