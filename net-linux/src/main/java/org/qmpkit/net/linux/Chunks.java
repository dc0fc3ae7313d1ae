package org.qmpkit.net.linux;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Where bytes may be cut into datagrams for OpenXT's QEMU: it takes one that begins with {@code
 * live} or {@code dead} for a word to itself, whatever follows.
 */
final class Chunks {
  private static final int LIVE = word("live");
  private static final int DEAD = word("dead");

  private Chunks() {}

  /**
   * The length of the first datagram, in bytes; more than 0.
   *
   * @param bytes what is to be sent, not empty; its position stays
   * @param most the longest that may be
   */
  static int first(ByteBuffer bytes, int most) {
    int start = bytes.position();
    if (isWord(bytes, start)) {
      return 1;
    }
    int length = Math.min(bytes.remaining(), most);
    // One byte less, and the next one begins with a byte before the word.
    return length > 1 && isWord(bytes, start + length) ? length - 1 : length;
  }

  private static boolean isWord(ByteBuffer bytes, int at) {
    if (bytes.limit() - at < 4) {
      return false;
    }
    int four =
        bytes.get(at) << 24
            | (bytes.get(at + 1) & 0xFF) << 16
            | (bytes.get(at + 2) & 0xFF) << 8
            | (bytes.get(at + 3) & 0xFF);
    return four == LIVE || four == DEAD;
  }

  private static int word(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)).getInt();
  }
}
