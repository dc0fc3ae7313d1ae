package org.qmpkit.protocol;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One connection in memory, with all that a real one does on a bad day: it takes only so much, ends
 * one way or both, or breaks. "We" are the broker's end of it.
 */
final class Link {
  /** What a UNIX socket holds. */
  static final int ROOM = 200 * 1024;

  /** Nobody will read what we write. */
  static final class Gone extends IOException {
    private static final long serialVersionUID = 1;

    Gone() {
      super("broken pipe");
    }
  }

  /** What is under way in one direction. */
  private static final class Pipe {
    private byte[] bytes = new byte[512];
    private int from;
    private int to;
    private boolean ended;

    int size() {
      return to - from;
    }

    int put(ByteBuffer in, int room) {
      int count = Math.max(0, Math.min(room - size(), in.remaining()));
      if (to + count > bytes.length) {
        byte[] next = new byte[Math.max(bytes.length, 2 * (size() + count))];
        System.arraycopy(bytes, from, next, 0, size());
        to = size();
        from = 0;
        bytes = next;
      }
      in.get(bytes, to, count);
      to += count;
      return count;
    }

    int take(ByteBuffer into) {
      int count = Math.min(size(), into.remaining());
      into.put(bytes, from, count);
      from += count;
      return count;
    }
  }

  private final Pipe toUs = new Pipe();
  private final Pipe toPeer = new Pipe();
  private boolean peerGone;
  private boolean reset;
  private boolean closed;

  /** How many bytes we may write that the peer has not read. */
  int room = ROOM;

  /** How many bytes one write of ours takes at most. */
  int bite = Integer.MAX_VALUE;

  // ---- our end

  /** Whether a read would give something: bytes, the end, or an error. */
  boolean readable() {
    return !closed && (reset || toUs.size() > 0 || toUs.ended);
  }

  /** Reads as {@code read(2)} does: -1 at the end of input. */
  int read(ByteBuffer into) throws IOException {
    if (reset) {
      throw new IOException("connection reset by peer");
    }
    int count = toUs.take(into);
    return count == 0 && toUs.ended ? -1 : count;
  }

  /** Writes as {@code write(2)} does: what fits. */
  int write(ByteBuffer from) throws IOException {
    if (reset || peerGone) {
      throw new Gone();
    }
    ByteBuffer bitten = from.slice(from.position(), Math.min(bite, from.remaining()));
    return toPeer.put(bitten, room);
  }

  void close() {
    closed = true;
    toPeer.ended = true;
  }

  // ---- the peer's end

  /** The peer sends what fits; tells how many bytes that was. */
  int send(ByteBuffer from) {
    if (!open()) {
      int count = from.remaining();
      from.position(from.limit());
      return count;
    }
    return toUs.put(from, ROOM);
  }

  /** The peer reads all that is there. */
  byte[] receive() {
    ByteBuffer all = ByteBuffer.allocate(toPeer.size());
    toPeer.take(all);
    return all.array();
  }

  int unread() {
    return toPeer.size();
  }

  /** Whether the peer can still send, and has neither ended nor broken it. */
  boolean open() {
    return !closed && !peerGone && !reset && !toUs.ended;
  }

  /** Whether the peer has read, or will never read, all we have sent, and we will send no more. */
  boolean over() {
    return reset || peerGone || (closed && toPeer.size() == 0);
  }

  /** The peer ends its output and still reads. */
  void shutdown() {
    toUs.ended = true;
  }

  /** The peer closes its end; what it has sent is still there. */
  void hangUp() {
    toUs.ended = true;
    peerGone = true;
  }

  /** The peer resets the connection; what it has sent is lost. */
  void reset() {
    reset = true;
  }
}
