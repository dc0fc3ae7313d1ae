package org.qmpkit.testkit;

import java.util.Arrays;
import java.util.HexFormat;

/** The last bytes of a conversation, as a failure message shows them. */
final class Excerpt {
  private static final int KEPT = 240;

  private final byte[] ring = new byte[KEPT];
  private long seen;

  void add(byte[] bytes, int from, int count) {
    for (int i = Math.max(0, count - KEPT); i < count; i++) {
      ring[(int) ((seen + i) % KEPT)] = bytes[from + i];
    }
    seen += count;
  }

  /**
   * How many bytes came in all, and the last of them in quotes with everything unprintable escaped.
   */
  @Override
  public String toString() {
    if (seen == 0) {
      return "no bytes seen";
    }
    int count = (int) Math.min(seen, KEPT);
    byte[] last = new byte[count];
    for (int i = 0; i < count; i++) {
      last[i] = ring[(int) ((seen - count + i) % KEPT)];
    }
    return "last of " + seen + " bytes seen: " + quoted(last);
  }

  /** The first bytes of {@code bytes}, quoted. */
  static String head(byte[] bytes) {
    return bytes.length <= KEPT
        ? quoted(bytes)
        : quoted(Arrays.copyOf(bytes, KEPT)) + "… (" + bytes.length + " bytes)";
  }

  /** The last bytes of {@code bytes}, quoted. */
  static String tail(byte[] bytes) {
    Excerpt excerpt = new Excerpt();
    excerpt.add(bytes, 0, bytes.length);
    return excerpt.toString();
  }

  /** The first characters of {@code text}, for texts that may be megabytes long. */
  static String head(String text) {
    return text.length() <= KEPT
        ? text
        : text.substring(0, KEPT) + "… (" + text.length() + " characters)";
  }

  /** A text of QEMU's for people: lines are kept, other control characters are escaped. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(each -> {
          boolean plain = each == '\n' || (!Character.isISOControl(each) && each < 0x2028);
          out.append(plain ? Character.toString(each) : String.format("\\u%04x", each));
        });
    return out.toString();
  }

  private static String quoted(byte[] bytes) {
    StringBuilder out = new StringBuilder("«");
    for (byte b : bytes) {
      switch (b) {
        case '\r' -> out.append("\\r");
        case '\n' -> out.append("\\n");
        default -> {
          if (b >= 0x20 && b < 0x7f) {
            out.append((char) b);
          } else {
            out.append("\\x").append(HexFormat.of().toHexDigits(b));
          }
        }
      }
    }
    return out.append('»').toString();
  }
}
