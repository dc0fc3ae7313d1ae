package org.qmpkit.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of canonical text, which is ASCII throughout. */
final class Ascii {
  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = ONES << 7;

  private static final byte[] HEX = new byte[256];

  static {
    Arrays.fill(HEX, (byte) -1);
    for (int digit = 0; digit < 16; digit++) {
      HEX[Character.toLowerCase(Character.forDigit(digit, 16))] = (byte) digit;
      HEX[Character.toUpperCase(Character.forDigit(digit, 16))] = (byte) digit;
    }
  }

  private Ascii() {}

  /**
   * Where the run of characters ends that stand for themselves in a string: printable ASCII but
   * double quotes and backslashes.
   */
  static int plain(byte[] bytes, int from, int to) {
    int at = from;
    for (; at + 32 <= to; at += 32) {
      long stops =
          stops((long) EIGHT.get(bytes, at))
              | stops((long) EIGHT.get(bytes, at + 8))
              | stops((long) EIGHT.get(bytes, at + 16))
              | stops((long) EIGHT.get(bytes, at + 24));
      if ((stops & HIGHS) != 0) {
        break;
      }
    }
    for (; at + 8 <= to; at += 8) {
      long stops = stops((long) EIGHT.get(bytes, at)) & HIGHS;
      if (stops != 0) {
        return at + (Long.numberOfTrailingZeros(stops) >> 3);
      }
    }
    while (at < to && isPlain(bytes[at])) {
      at++;
    }
    return at;
  }

  /**
   * Eight bytes with the high bit set in the lowest that is no plain character. What is above that
   * one means nothing, for sums carry.
   */
  private static long stops(long eight) {
    return eight
        | (eight + ONES) // 0x7f
        | (eight - ' ' * ONES)
        | ((eight ^ ('"' * ONES)) - ONES)
        | ((eight ^ ('\\' * ONES)) - ONES);
  }

  private static boolean isPlain(byte b) {
    return b >= 0x20 && b != '"' && b != '\\' && b != 0x7f;
  }

  /** What a hexadecimal digit is worth, or -1. */
  static int hex(int b) {
    return HEX[b & 0xff];
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
