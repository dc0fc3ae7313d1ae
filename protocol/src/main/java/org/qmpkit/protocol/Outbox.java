package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that wait to be written to one peer, in order. What is shared among many outboxes (an
 * event) is held once. Bounded by those who fill it, not by itself.
 */
public final class Outbox {
  private final ArrayDeque<Line> lines = new ArrayDeque<>();
  private final Backlog backlog;
  private int written;
  private long size;
  private @Nullable Attachment attachment;

  /** How many lines are before the one that the attachment goes with. */
  private int linesBefore;

  Outbox(Backlog backlog) {
    this.backlog = backlog;
  }

  /** How many bytes wait. */
  public long size() {
    return size;
  }

  /** Whether nothing waits. */
  public boolean isEmpty() {
    return size == 0;
  }

  /**
   * Copies what waits, from its head, as far as the buffer has room, or to where an {@link
   * #attachment} is to come along. Nothing is taken out.
   */
  public void peek(ByteBuffer into) {
    int skip = written;
    int left = attachment == null || linesBefore == 0 ? Integer.MAX_VALUE : linesBefore;
    for (Line line : lines) {
      if (left-- == 0) {
        return;
      }
      line.copy(skip, into);
      skip = 0;
      if (!into.hasRemaining()) {
        return;
      }
    }
  }

  /** What goes with the next byte; it is closed when that is written. Null if nothing does. */
  public @Nullable Attachment attachment() {
    return linesBefore == 0 ? attachment : null;
  }

  /** The next byte goes without what was attached to it. */
  void dropAttachment() {
    Attachment dropped = attachment;
    attachment = null;
    if (dropped != null) {
      dropped.close();
    }
  }

  /** Takes out bytes that were written. */
  void remove(int count) {
    if (count > 0 && linesBefore == 0) {
      dropAttachment();
    }
    size -= count;
    backlog.add(-count);
    int left = count + written;
    while (!lines.isEmpty() && left >= lines.element().size()) {
      left -= lines.remove().size();
      linesBefore -= attachment == null ? 0 : 1;
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

  /** Adds a line whose first byte something goes with. There is one at a time. */
  void add(Line line, Attachment along) {
    linesBefore = lines.size();
    attachment = along;
    add(line);
  }

  /** Whether the first message that waits was written in part. */
  boolean torn() {
    return written > 0;
  }

  void clear() {
    dropAttachment();
    backlog.add(-size);
    lines.clear();
    size = 0;
    written = 0;
  }
}
