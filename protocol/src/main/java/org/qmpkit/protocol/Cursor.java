package org.qmpkit.protocol;

import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A place among the events of one route: just behind one of them. To clients it is a text without a
 * meaning.
 *
 * @param epoch which life of which route; random
 * @param number of the event, counted from 1; 0 is before the first
 */
record Cursor(long epoch, long number) {
  /** The member that events have for subscribers, by QAPI's rule for downstream names. */
  static final String MEMBER = "__org.qmpkit_cursor";

  private static final Pattern TEXT = Pattern.compile("([0-9a-f]{16})-([0-9]{1,18})");

  /** The cursor of a text, or null if it can be none of ours. */
  static @Nullable Cursor parse(String text) {
    Matcher parts = TEXT.matcher(text);
    return parts.matches()
        ? new Cursor(HexFormat.fromHexDigitsToLong(parts.group(1)), Long.parseLong(parts.group(2)))
        : null;
  }

  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(epoch) + "-" + number;
  }
}
