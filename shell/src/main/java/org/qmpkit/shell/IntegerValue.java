package org.qmpkit.shell;

import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** An integer as Python's {@code int()} reads it: {@code 007}, {@code +5}, {@code 1_000}. */
final class IntegerValue {
  /** Digits of any script, as Python takes them. */
  private static final Pattern FORM = Pattern.compile("([+-]?)(\\p{Nd}++(?:_\\p{Nd}++)*+)");

  /** QEMU reads no longer number than a double holds; past this the text stays a string. */
  private static final int LONGEST = 310;

  private IntegerValue() {}

  /** The integer; null if the text is none. */
  static @Nullable JsonNode read(String text) {
    Matcher form = text.length() > LONGEST ? null : FORM.matcher(text);
    if (form == null || !form.matches()) {
      return null;
    }
    StringBuilder digits = new StringBuilder(form.group(1).equals("-") ? "-" : "");
    form.group(2)
        .codePoints()
        .filter(each -> each != '_')
        .forEach(each -> digits.append(Character.digit(each, 10)));
    return node(new BigInteger(digits.toString()));
  }

  /** An integer in the smallest node that holds it. */
  static JsonNode node(BigInteger value) {
    return value.bitLength() < Long.SIZE
        ? JsonNodeFactory.instance.numberNode(value.longValue())
        : JsonNodeFactory.instance.numberNode(value);
  }
}
