package org.qmpkit.net.linux;

import java.nio.ByteBuffer;

/**
 * Splits what comes over one channel into the sessions of clients that used it one after the other,
 * each of which sends the byte 0x01 first. A client that reconnects quickly is known by nothing
 * else (the {@code --reconnect-marker} of Qubes OS and OpenXT).
 *
 * <p>As the first byte of a session the marker is dropped, or absent. Anywhere else it ends the
 * session: what was not read of that is dropped, and what follows is the next one's. Where several
 * came at once, only the newest session is there. One thread at a time.
 */
final class Sessions {
  static final byte MARKER = 1;

  /** How much is held at most, in bytes; what has come beyond that waits in the rings. */
  static final int ROOM = 4096;

  private final ByteBuffer held = ByteBuffer.allocate(ROOM);

  /** How much of what is held was looked at. */
  private int seen;

  private boolean begun;
  private boolean said;
  private boolean idle;

  /** What comes is to be put here, at its position; then {@link #look} at it. */
  ByteBuffer room() {
    return held;
  }

  /**
   * Looks at what was put into the room.
   *
   * @return whether the session has ended: then what is held is the next one's
   */
  boolean look() {
    int end = held.position();
    int first = seen;
    int last = end - 1;
    while (last >= first && held.get(last) != MARKER) {
      last--;
    }
    boolean ended = last >= first && (begun || last > 0);
    if (ended) {
      idle = !said && onlyMarkers(first, last);
      said = false;
    }
    if (last >= first) {
      held.limit(end).position(last + 1);
      held.compact();
    }
    begun |= end > 0;
    seen = held.position();
    said |= seen > 0;
    return ended;
  }

  private boolean onlyMarkers(int from, int to) {
    for (int i = from; i < to; i++) {
      if (held.get(i) != MARKER) {
        return false;
      }
    }
    return true;
  }

  /** Whether nothing had been sent in the session that ended last. */
  boolean idle() {
    return idle;
  }

  boolean isEmpty() {
    return seen == 0;
  }

  /** Moves what there is of the session; how many bytes that were. */
  int read(ByteBuffer into) {
    int count = Math.min(seen, into.remaining());
    into.put(into.position(), held, 0, count);
    into.position(into.position() + count);
    held.flip().position(count);
    held.compact();
    seen -= count;
    return count;
  }
}
