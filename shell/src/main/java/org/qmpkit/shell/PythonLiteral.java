package org.qmpkit.shell;

import java.math.BigInteger;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Python literal, as far as JSON can hold its value: dictionaries, lists, tuples, strings,
 * numbers and {@code True}, {@code False}, {@code None}, for which qmp-shell takes JSON's {@code
 * true}, {@code false} and {@code null} as well. Keys other than strings become strings, as Python
 * writes them in JSON.
 */
final class PythonLiteral {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** As deep as QEMU reads. */
  private static final int NESTING = 1024;

  /** QEMU reads no longer number than a double holds; hexadecimal and binary ones among them. */
  private static final int LONGEST_NUMBER = 1100;

  private static final String DIGITS = "[0-9](?:_?[0-9])*";

  private static final Pattern INTEGER =
      Pattern.compile(
          "0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
              // Python refuses 007 here, and takes 000.
              + "|[1-9](?:_?[0-9])*|0(?:_?0)*");

  private static final Pattern FLOAT =
      Pattern.compile(
          "(?:(?:%1$s)?\\.%1$s|%1$s\\.)(?:[eE][-+]?%1$s)?|%1$s[eE][-+]?%1$s".formatted(DIGITS));

  /** Not such a literal. */
  private static final class Other extends Exception {
    private static final long serialVersionUID = 1;

    Other() {
      super("no literal", null, false, false);
    }
  }

  private final String text;
  private int at;
  private int depth;

  private PythonLiteral(String text) {
    this.text = text;
  }

  /** The value of a literal; null if the text is none. */
  static @Nullable JsonNode read(String text) {
    PythonLiteral literal = new PythonLiteral(text);
    try {
      JsonNode value = literal.value();
      literal.space();
      return literal.at == text.length() ? value : null;
    } catch (Other _) {
      return null;
    }
  }

  private JsonNode value() throws Other {
    space();
    if (++depth > NESTING) {
      throw new Other();
    }
    char c = peek();
    JsonNode value =
        switch (c) {
          case '{' -> dictionary();
          case '[' -> list(']');
          case '(' -> tuple();
          default -> {
            if (atString()) {
              yield NODES.stringNode(strings());
            }
            yield c == '-' || c == '+' || c == '.' || isDigit(c) ? number() : word();
          }
        };
    depth--;
    return value;
  }

  private JsonNode dictionary() throws Other {
    ObjectNode object = NODES.objectNode();
    at++;
    while (!skip('}')) {
      JsonNode key = value();
      if (key.isContainer()) {
        throw new Other();
      }
      expect(':');
      object.set(key.isString() ? key.asString() : JsonText.compact(key, Palette.PLAIN), value());
      if (!skip(',')) {
        expect('}');
        break;
      }
    }
    return object;
  }

  private JsonNode list(char end) throws Other {
    ArrayNode array = NODES.arrayNode();
    at++;
    while (!skip(end)) {
      array.add(value());
      if (!skip(',')) {
        expect(end);
        break;
      }
    }
    return array;
  }

  /** Parentheses around one value without a comma are just that. */
  private JsonNode tuple() throws Other {
    JsonNode array = list(')');
    int end = at - 1;
    while (isSpace(text.charAt(--end))) {}
    return array.size() == 1 && text.charAt(end) != ',' ? array.get(0) : array;
  }

  /** Whether a string is here; one may begin with {@code u}, or {@code r} for a raw one. */
  private boolean atString() throws Other {
    char c = peek();
    return isQuote(at) || ("uUrR".indexOf(c) >= 0 && isQuote(at + 1));
  }

  private boolean isQuote(int index) {
    return index < text.length() && (text.charAt(index) == '"' || text.charAt(index) == '\'');
  }

  /** One string, or several side by side, which are one. */
  private String strings() throws Other {
    StringBuilder characters = new StringBuilder();
    do {
      string(characters);
      space();
    } while (at < text.length() && atString());
    return characters.toString();
  }

  private void string(StringBuilder characters) throws Other {
    boolean raw = !isQuote(at) && Character.toLowerCase(text.charAt(at)) == 'r';
    at += isQuote(at) ? 0 : 1;
    String quote = text.substring(at, at + 1);
    if (text.startsWith(quote.repeat(3), at)) {
      quote = quote.repeat(3);
    }
    at += quote.length();
    while (!text.startsWith(quote, at)) {
      char c = peek();
      at++;
      if (c != '\\') {
        characters.append(c);
      } else if (raw) {
        characters.append(c).append(peek());
        at++;
      } else {
        escape(characters);
      }
    }
    at += quote.length();
  }

  /** Python reference, "Escape sequences"; one that is not known stands for itself. */
  private void escape(StringBuilder characters) throws Other {
    char c = peek();
    at++;
    switch (c) {
      case '\\', '\'', '"' -> characters.append(c);
      case 'a' -> characters.append('\u0007');
      case 'b' -> characters.append('\b');
      case 'f' -> characters.append('\f');
      case 'n' -> characters.append('\n');
      case 'r' -> characters.append('\r');
      case 't' -> characters.append('\t');
      case 'v' -> characters.append('\u000b');
      case 'N' -> characters.appendCodePoint(named());
      case 'x' -> characters.appendCodePoint(hex(2));
      case 'u' -> characters.appendCodePoint(hex(4));
      case 'U' -> characters.appendCodePoint(hex(8));
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        int code = c - '0';
        for (int i = 0; i < 2 && at < text.length() && isOctal(text.charAt(at)); i++) {
          code = code * 8 + text.charAt(at++) - '0';
        }
        characters.append((char) code);
      }
      default -> characters.append('\\').append(c);
    }
  }

  private int hex(int digits) throws Other {
    if (at + digits > text.length()) {
      throw new Other();
    }
    long code = 0;
    for (int i = 0; i < digits; i++) {
      char c = text.charAt(at++);
      if (!HexFormat.isHexDigit(c)) {
        throw new Other();
      }
      code = code * 16 + HexFormat.fromHexDigit(c);
    }
    if (code > Character.MAX_CODE_POINT) {
      throw new Other();
    }
    return (int) code;
  }

  private int named() throws Other {
    int end = text.indexOf('}', at);
    if (peek() != '{' || end < 0) {
      throw new Other();
    }
    String name = text.substring(at + 1, end);
    at = end + 1;
    try {
      return Character.codePointOf(name);
    } catch (IllegalArgumentException e) {
      throw new Other();
    }
  }

  private JsonNode number() throws Other {
    boolean negative = peek() == '-';
    if (negative || peek() == '+') {
      at++;
    }
    int start = at;
    while (at < text.length() && isOfNumber(text.charAt(at))) {
      at++;
    }
    String digits = text.substring(start, at);
    if (digits.length() > LONGEST_NUMBER) {
      throw new Other();
    }
    String plain = digits.replace("_", "");
    if (INTEGER.matcher(digits).matches()) {
      BigInteger integer = integer(plain);
      return IntegerValue.node(negative ? integer.negate() : integer);
    }
    if (FLOAT.matcher(digits).matches()) {
      double value = Double.parseDouble(plain);
      if (Double.isFinite(value)) {
        return NODES.numberNode(negative ? -value : value);
      }
    }
    throw new Other();
  }

  private static BigInteger integer(String digits) {
    return switch (digits.length() > 2 ? Character.toLowerCase(digits.charAt(1)) : ' ') {
      case 'x' -> new BigInteger(digits.substring(2), 16);
      case 'o' -> new BigInteger(digits.substring(2), 8);
      case 'b' -> new BigInteger(digits.substring(2), 2);
      default -> new BigInteger(digits);
    };
  }

  private boolean isOfNumber(char c) {
    char before = text.charAt(Math.max(at - 1, 0));
    boolean exponentSign = (c == '-' || c == '+') && (before == 'e' || before == 'E');
    return isDigit(c)
        || c == '_'
        || c == '.'
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || exponentSign;
  }

  private JsonNode word() throws Other {
    int start = at;
    while (at < text.length() && Character.isLetter(text.charAt(at))) {
      at++;
    }
    return switch (text.substring(start, at)) {
      case "True", "true" -> NODES.booleanNode(true);
      case "False", "false" -> NODES.booleanNode(false);
      case "None", "null" -> NODES.nullNode();
      default -> throw new Other();
    };
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  }

  private void space() {
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
  }

  private char peek() throws Other {
    if (at >= text.length()) {
      throw new Other();
    }
    return text.charAt(at);
  }

  private boolean skip(char c) throws Other {
    space();
    if (peek() != c) {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char c) throws Other {
    if (!skip(c)) {
      throw new Other();
    }
  }
}
