package org.qmpkit.protocol;

/**
 * What stands between the quotes of one string: takes its bytes, checks its escapes and its UTF-8,
 * and gives canonical text to a {@link Composer}.
 *
 * <p>QEMU's lexer ends a string at the first unescaped quote whatever the escapes and the UTF-8 are
 * worth; those are judged here, and a fault is the message's, not the frame's.
 */
final class StringText {
  private static final String BAD_UTF8 = "invalid UTF-8 sequence in string";
  private static final String BAD_HEX = "invalid hex escape sequence in string";
  private static final int[] LEAST = {0x80, 0x800, 0x10000, 0x200000, 0x4000000};

  private final Composer out;
  private final boolean lenient;
  private int quote;
  private boolean escape;
  private int hexLeft;
  private int unit;
  private int high;
  private int tailLeft;
  private int tailLength;
  private int codePoint;

  StringText(Composer out, boolean lenient) {
    this.out = out;
    this.lenient = lenient;
  }

  void begin(int quote) {
    this.quote = quote;
    escape = false;
    hexLeft = 0;
    high = 0;
    tailLeft = 0;
  }

  /**
   * Takes what comes next of usual text, if the string is in the middle of nothing and in the usual
   * quotes.
   *
   * @return where it ends
   */
  int run(byte[] bytes, int from, int to) {
    if (quote != '"' || escape || hexLeft > 0 || high > 0 || tailLeft > 0) {
      return from;
    }
    int at = Ascii.plain(bytes, from, to);
    if (out.noting()) {
      out.write(bytes, from, at - from);
      return at;
    }
    int run = from;
    while (at < to) {
      int next = Ascii.endOfEscapes(bytes, at, to);
      if (bytes[at] < 0) {
        out.write(bytes, run, at - run);
        next = characters(bytes, at, to);
        run = next;
      }
      if (next <= at) {
        break;
      }
      at = Ascii.plain(bytes, next, to);
    }
    out.write(bytes, run, at - run);
    return at;
  }

  /** Takes whole characters beyond ASCII that are one to every dialect; tells where they end. */
  private int characters(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to && bytes[at] < 0) {
      if (at + 1 < to
          && bytes[at] >= (byte) 0xc2
          && bytes[at] < (byte) 0xe0
          && bytes[at + 1] < -64) {
        out.writeEscape((bytes[at] & 0x1f) << 6 | (bytes[at + 1] & 0x3f));
        at += 2;
        continue;
      }
      int length = Integer.numberOfLeadingZeros(~(bytes[at] << 24));
      if (length < 2 || length > 4 || at + length > to) {
        return at;
      }
      int whole = bytes[at] & (0x7f >> length);
      for (int i = 1; i < length; i++) {
        if ((bytes[at + i] & 0xc0) != 0x80) {
          return at;
        }
        whole = whole << 6 | (bytes[at + i] & 0x3f);
      }
      if (whole < LEAST[length - 2] || !Ascii.isCharacter(whole)) {
        return at;
      }
      escape(whole);
      at += length;
    }
    return at;
  }

  /**
   * Takes one byte from 0x20 to 0xFD.
   *
   * @return whether it was the closing quote
   */
  boolean take(int b) {
    if (escape) {
      escape = false;
      escaped(b);
      return false;
    }
    if (b == quote) {
      settle();
      return true;
    }
    if (b == '\\') {
      noHex();
      noTail();
      escape = true;
    } else if (hexLeft > 0) {
      hex(b);
    } else {
      noHigh();
      if (b < 0x80) {
        noTail();
        ascii(b);
      } else {
        utf8(b);
      }
    }
    return false;
  }

  /** At the closing quote nothing may be half done. */
  private void settle() {
    noHex();
    noTail();
    noHigh();
  }

  private void noHex() {
    if (hexLeft > 0) {
      hexLeft = 0;
      out.fail(BAD_HEX);
    }
  }

  private void noTail() {
    if (tailLeft > 0) {
      tailLeft = 0;
      out.fail(BAD_UTF8);
    }
  }

  private void noHigh() {
    if (high > 0) {
      high = 0;
      out.fail("\\uXXXX is not a valid Unicode character");
    }
  }

  private void ascii(int b) {
    if (b == '"') {
      out.write('\\');
      out.write('"');
    } else if (b == 0x7f) {
      out.writeEscape(b);
    } else {
      out.write(b);
    }
    out.character(b);
  }

  private void escaped(int b) {
    if (b == 'u') {
      hexLeft = 4;
      unit = 0;
      out.write('\\');
      out.write('u');
      return;
    }
    noHigh();
    switch (b) {
      case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
        out.write('\\');
        out.write(b);
        out.character(JsonString.escaped(b));
      }
      case '\'' -> {
        if (!lenient) {
          out.fail("invalid escape sequence '\\''");
        }
        out.write('\'');
        out.character('\'');
      }
      default -> out.fail("invalid escape sequence in string");
    }
  }

  private void hex(int b) {
    int digit = Ascii.hex(b);
    if (digit < 0) {
      noHex();
      return;
    }
    out.write(b);
    unit = unit << 4 | digit;
    if (--hexLeft > 0) {
      return;
    }
    if (high > 0 && Character.isLowSurrogate((char) unit)) {
      int pair = Character.toCodePoint((char) high, (char) unit);
      high = 0;
      check(pair);
    } else if (Character.isHighSurrogate((char) unit)) {
      noHigh();
      high = unit;
    } else {
      noHigh();
      check(unit);
    }
  }

  private void check(int whole) {
    if (!valid(whole)) {
      out.fail("\\uXXXX is not a valid Unicode character");
    } else {
      out.character(whole);
    }
  }

  private void utf8(int b) {
    if (tailLeft == 0) {
      if (b < 0xc0) {
        out.fail(BAD_UTF8);
        return;
      }
      tailLength = Integer.numberOfLeadingZeros(~(b << 24)) - 1;
      tailLeft = tailLength;
      codePoint = b & ((1 << (6 - tailLength)) - 1);
      return;
    }
    if (b >= 0xc0) {
      noTail();
      return;
    }
    codePoint = codePoint << 6 | (b & 0x3f);
    if (--tailLeft > 0) {
      return;
    }
    boolean modifiedNul = lenient && codePoint == 0 && tailLength == 1;
    if (!valid(codePoint) || (codePoint < LEAST[tailLength - 1] && !modifiedNul)) {
      out.fail(BAD_UTF8);
      return;
    }
    out.character(codePoint);
    escape(codePoint);
  }

  private void escape(int whole) {
    if (whole < 0x10000) {
      out.writeEscape(whole);
    } else {
      out.writeEscape(Character.highSurrogate(whole));
      out.writeEscape(Character.lowSurrogate(whole));
    }
  }

  private boolean valid(int c) {
    boolean noncharacter = (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
    return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) && !(lenient && noncharacter);
  }
}
