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

  /** What {@link #plain} looks at in one go, after the few bytes that most runs have. */
  private static final int BLOCK = 512;

  private static final int FEW = 128;

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
    int at = thirtyTwos(bytes, from, Math.min(to, from + FEW));
    if (at - from == FEW) {
      while (at + BLOCK <= to && isPlain(bytes, at, at + BLOCK)) {
        at += BLOCK;
      }
      at = thirtyTwos(bytes, at, to);
    }
    at = eights(bytes, at, to);
    if (at < 0) {
      return ~at;
    }
    while (at < to && isPlain(bytes[at])) {
      at++;
    }
    return at;
  }

  /** Where the first 32 bytes are in which the run ends, or where less than 32 are left. */
  private static int thirtyTwos(byte[] bytes, int from, int to) {
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
    return at;
  }

  /**
   * Whether a multiple of eight bytes all stand for themselves. There is no way out of its loop, so
   * that the JVM's compiler makes it one of vectors, which takes a third of the time.
   */
  private static boolean isPlain(byte[] bytes, int from, int to) {
    long stops = 0;
    for (int at = from; at < to - 7; at += 8) {
      stops |= stops((long) EIGHT.get(bytes, at));
    }
    return (stops & HIGHS) == 0;
  }

  /** Where the run ends if that is within eight bytes, as most do; else negative. */
  static int shortPlain(byte[] bytes, int from, int to) {
    long stops = from + 8 <= to ? stops((long) EIGHT.get(bytes, from)) & HIGHS : 0;
    return stops == 0 ? -1 : from + (Long.numberOfTrailingZeros(stops) >> 3);
  }

  /** Where the run ends, inverted; or, if it has not, where less than eight bytes are left. */
  private static int eights(byte[] bytes, int from, int to) {
    int at = from;
    for (; at + 8 <= to; at += 8) {
      long stops = stops((long) EIGHT.get(bytes, at)) & HIGHS;
      if (stops != 0) {
        return ~(at + (Long.numberOfTrailingZeros(stops) >> 3));
      }
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

  /** Where escapes in a row end that stand for whole characters: where they begin, if none does. */
  static int endOfEscapes(byte[] bytes, int from, int to) {
    int at = from;
    int next = from;
    while (next >= 0) {
      at = next;
      next = at < to && bytes[at] == '\\' ? endOfEscape(bytes, at, to) : -1;
    }
    return at;
  }

  /** Where an escape ends that stands for one whole character; negative if it is none, or cut. */
  private static int endOfEscape(byte[] bytes, int from, int to) {
    if (to - from < 2) {
      return -1;
    }
    return switch (bytes[from + 1]) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> from + 2;
      case 'u' -> endOfUnits(bytes, from, to);
      default -> -1;
    };
  }

  /** Where an escape by number ends, or the pair of them that is one character; else negative. */
  private static int endOfUnits(byte[] bytes, int from, int to) {
    if (to - from < 6) {
      return -1;
    }
    int unit = unit(bytes, from + 2);
    if (isCharacter(unit)) {
      return from + 6;
    }
    boolean pair =
        unit >= 0xd800
            && unit <= 0xdbff
            && to - from >= 12
            && bytes[from + 6] == '\\'
            && bytes[from + 7] == 'u';
    int low = pair ? unit(bytes, from + 8) : -1;
    return low >= 0xdc00
            && low <= 0xdfff
            && isCharacter(Character.toCodePoint((char) unit, (char) low))
        ? from + 12
        : -1;
  }

  private static int unit(byte[] bytes, int at) {
    return hex(bytes[at]) << 12
        | hex(bytes[at + 1]) << 8
        | hex(bytes[at + 2]) << 4
        | hex(bytes[at + 3]);
  }

  /** Whether a code point is a character to every dialect: no surrogate, no noncharacter. */
  static boolean isCharacter(int codePoint) {
    return codePoint >= 0
        && codePoint <= 0x10ffff
        && (codePoint < 0xd800 || codePoint > 0xdfff)
        && (codePoint < 0xfdd0 || codePoint > 0xfdef)
        && (codePoint & 0xfffe) != 0xfffe;
  }

  static boolean isDigit(int b) {
    return b >= '0' && b <= '9';
  }

  /** Where digits in a row end. */
  static int digits(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && isDigit(bytes[at])) {
      at++;
    }
    return at;
  }

  static boolean isExponent(int b) {
    return b == 'e' || b == 'E';
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
