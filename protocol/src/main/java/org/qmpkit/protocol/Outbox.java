package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Bytes that wait to be written to one peer, in order. What is shared among many outboxes (an
 * event) is held once. Bounded by those who fill it, not by itself.
 */
public final class Outbox {
  private final ArrayDeque<Line> lines = new ArrayDeque<>();
  private final Backlog backlog;
  private int written;
  private long size;

  Outbox(Backlog backlog) {
    this.backlog = backlog;
  }

  /** How many bytes wait. */
  public long size() {
    return size;
  }

  public boolean isEmpty() {
    return size == 0;
  }

  /** Copies what waits, from its head, as far as the buffer has room. Nothing is taken out. */
  public void peek(ByteBuffer into) {
    int skip = written;
    for (Line line : lines) {
      line.copy(skip, into);
      skip = 0;
      if (!into.hasRemaining()) {
        return;
      }
    }
  }

  /** Takes out bytes that were written. */
  void remove(int count) {
    size -= count;
    backlog.add(-count);
    int left = count + written;
    while (!lines.isEmpty() && left >= lines.element().size()) {
      left -= lines.remove().size();
    }
    written = left;
  }

  void add(byte[] line) {
    add(Line.of(line));
  }

  void add(Line line) {
    lines.add(line);
    size += line.size();
    backlog.add(line.size());
  }

  /** Whether the first message that waits was written in part. */
  boolean torn() {
    return written > 0;
  }

  void clear() {
    backlog.add(-size);
    lines.clear();
    size = 0;
    written = 0;
  }
}
