package org.qmpkit.net.linux;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a helper opens QEMU's side, which may be closed, open, or left open by a helper that died: it
 * says {@code dead} and an end of line, waits until QEMU has taken that in, and says {@code live};
 * no I/O, and no clock of its own. The end of line makes a closed QEMU's parser drop the word.
 */
final class Opening {
  /** Longer than a QEMU that runs needs for a few bytes. */
  static final Duration PAUSE = Duration.ofMillis(100);

  private boolean closed;
  private boolean open;
  private long openAt;

  /** Of a protocol without words there is nothing to open. */
  Opening(boolean spoken) {
    closed = !spoken;
    open = !spoken;
  }

  /** Whether all was said. */
  boolean done() {
    return open;
  }

  /** What is to be said at a time in nanoseconds; null if it is time for nothing. */
  @Nullable String due(long now) {
    if (!closed) {
      return FarWords.RESYNC;
    }
    return open || now - openAt < 0 ? null : FarWords.LIVE;
  }

  /** What was due has been said. */
  void said(long now) {
    if (closed) {
      open = true;
    } else {
      closed = true;
      openAt = now + PAUSE.toNanos();
    }
  }

  /** Nanoseconds until something is due. */
  long pause(long now) {
    return closed ? Math.max(0, openAt - now) : 0;
  }
}
