package org.qmpkit.protocol;

import java.nio.ByteBuffer;

/**
 * One message with its line end, ready to be written; a long one in two parts, so that it need not
 * be copied to put another id into it. Immutable, and shared by all who are to be written it.
 */
final class Line {
  private static final byte[] NOTHING = {};

  private final byte[] head;
  private final int length;
  private final byte[] tail;

  /** A line of the first bytes of an array, and all of another; nobody changes them any more. */
  Line(byte[] head, int length, byte[] tail) {
    this.head = head;
    this.length = length;
    this.tail = tail;
  }

  static Line of(byte[] whole) {
    return new Line(whole, whole.length, NOTHING);
  }

  static Line of(String ascii) {
    return of(Ascii.bytes(ascii));
  }

  int size() {
    return length + tail.length;
  }

  /** What its two parts take in memory, in bytes. */
  int held() {
    return head.length + tail.length;
  }

  byte[] bytes() {
    byte[] all = new byte[size()];
    copy(0, ByteBuffer.wrap(all));
    return all;
  }

  /** Copies from a place in the line on, as far as the buffer has room. */
  void copy(int from, ByteBuffer into) {
    int ofHead = Math.clamp(length - from, 0, into.remaining());
    if (ofHead > 0) {
      into.put(head, from, ofHead);
    }
    int at = Math.max(0, from - length);
    into.put(tail, at, Math.min(tail.length - at, into.remaining()));
  }
}
