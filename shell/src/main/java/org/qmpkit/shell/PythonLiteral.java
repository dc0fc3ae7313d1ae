package org.qmpkit.shell;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Python literal, as far as JSON can hold its value: dictionaries with strings as keys, lists,
 * tuples, strings, numbers and {@code True}, {@code False}, {@code None}, for which qmp-shell takes
 * JSON's {@code true}, {@code false} and {@code null} as well.
 */
final class PythonLiteral {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** As deep as QEMU reads. */
  private static final int NESTING = 1024;

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
          case '"', '\'' -> NODES.stringNode(strings());
          default -> c == '-' || c == '+' || c == '.' || isDigit(c) ? number() : word();
        };
    depth--;
    return value;
  }

  private JsonNode dictionary() throws Other {
    ObjectNode object = NODES.objectNode();
    at++;
    while (!skip('}')) {
      space();
      if (peek() != '"' && peek() != '\'') {
        throw new Other();
      }
      String key = strings();
      expect(':');
      object.set(key, value());
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

  /** One string, or several side by side, which are one. */
  private String strings() throws Other {
    StringBuilder characters = new StringBuilder();
    do {
      string(characters);
      space();
    } while (at < text.length() && (text.charAt(at) == '"' || text.charAt(at) == '\''));
    return characters.toString();
  }

  private void string(StringBuilder characters) throws Other {
    char quote = text.charAt(at++);
    while (peek() != quote) {
      char c = text.charAt(at++);
      if (c == '\\') {
        escape(characters);
      } else {
        characters.append(c);
      }
    }
    at++;
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
      int digit = Character.digit(text.charAt(at++), 16);
      if (digit < 0) {
        throw new Other();
      }
      code = code * 16 + digit;
    }
    if (code > Character.MAX_CODE_POINT) {
      throw new Other();
    }
    return (int) code;
  }

  private JsonNode number() throws Other {
    int start = at;
    boolean negative = false;
    while (peek() == '-' || peek() == '+') {
      negative ^= peek() == '-';
      at++;
    }
    int first = at;
    while (at < text.length() && isOfNumber(text.charAt(at))) {
      at++;
    }
    String digits = text.substring(first, at);
    if (!digits.matches("\\w*[.]?\\w*([eE][-+]\\w+)?") || digits.contains("__")) {
      throw new Other();
    }
    String plain = digits.replace("_", "");
    try {
      BigInteger integer = integer(plain);
      if (integer != null) {
        return IntegerValue.node(negative ? integer.negate() : integer);
      }
      if (plain.matches("[0-9]*[.]?[0-9]*([eE][-+]?[0-9]+)?")) {
        double value = Double.parseDouble(plain);
        if (Double.isFinite(value)) {
          return NODES.numberNode(negative ? -value : value);
        }
      }
    } catch (NumberFormatException e) {
      at = start;
    }
    throw new Other();
  }

  private static @Nullable BigInteger integer(String digits) {
    String lower =
        digits.length() > 2 ? digits.substring(0, 2).toLowerCase(java.util.Locale.ROOT) : "";
    return switch (lower) {
      case "0x" -> new BigInteger(digits.substring(2), 16);
      case "0o" -> new BigInteger(digits.substring(2), 8);
      case "0b" -> new BigInteger(digits.substring(2), 2);
      // Python refuses 007 here, and takes 000.
      default -> digits.matches("[1-9][0-9]*|0+") ? new BigInteger(digits) : null;
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
