package org.qmpkit.protocol;

import java.nio.charset.StandardCharsets;

/** The bytes of canonical text, which is ASCII throughout. */
final class Ascii {
  private Ascii() {}

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
