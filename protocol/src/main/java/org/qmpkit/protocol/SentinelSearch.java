package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Looks for messages that a guest agent puts behind a sentinel, the byte 0xff (QEMU's
 * qga/qapi-schema.json, guest-sync-delimited). All else is skipped: nothing is known of it, but
 * that nobody waits for it. One thread at a time.
 */
final class SentinelSearch {
  private static final byte SENTINEL = (byte) 0xff;

  private boolean behind;
  private boolean skipping;
  private long skipped;

  /** Whatever came so far is no message. */
  void begin() {
    behind = false;
    skipping = false;
  }

  /** How often something was skipped. */
  long skipped() {
    return skipped;
  }

  /**
   * Takes bytes up to the end of a message that begins behind a sentinel, and has none in it.
   *
   * @param scanner where such a message is scanned, from its beginning on
   * @return the message, or null if the bytes ended first
   */
  @Nullable Scanned next(ByteBuffer in, Scanner scanner) {
    while (in.hasRemaining()) {
      int end = in.limit();
      int sentinel = sentinel(in);
      if (behind) {
        Scanned scanned = scanner.next(in.limit(sentinel));
        in.limit(end);
        if (scanned != null) {
          begin();
          return scanned;
        }
      } else if (sentinel > in.position()) {
        skipped += skipping ? 0 : 1;
        skipping = true;
        in.position(sentinel);
      }
      if (in.hasRemaining()) {
        in.get();
        scanner.restart();
        behind = true;
      }
    }
    return null;
  }

  /** Where the next one is, or the limit. */
  private static int sentinel(ByteBuffer in) {
    int at = in.position();
    while (at < in.limit() && in.get(at) != SENTINEL) {
      at++;
    }
    return at;
  }
}
