package org.qmpkit.testkit;

import java.util.List;
import java.util.Random;

/** A JSON text while {@link JsonGenerator} writes it: both spellings grow together. */
final class JsonText {
  private static final String SPACES = " \t\n\r";
  private static final String SIMPLE_ESCAPES = "\"\\/bfnrt";
  private static final String SIMPLE_MEANINGS = "\"\\/\b\f\n\r\t";

  private final Random random;
  private final StringBuilder wild = new StringBuilder();
  private final StringBuilder strict = new StringBuilder();

  JsonText(Random random) {
    this.random = random;
  }

  JsonGenerator.Value value() {
    return new JsonGenerator.Value(wild.toString(), strict.toString());
  }

  void both(String text) {
    wild.append(text);
    strict.append(text);
  }

  void add(JsonGenerator.Value value) {
    wild.append(value.wild());
    strict.append(value.strict());
  }

  /** White space, most often none, in the wild spelling only. */
  void space() {
    while (random.nextInt(4) == 0) {
      wild.append(SPACES.charAt(random.nextInt(SPACES.length())));
    }
  }

  /** The string {@code text}, of plain ASCII letters, in any spelling. */
  void string(String text) {
    char quote = quote();
    wild.append(quote);
    strict.append('"');
    boolean plain = random.nextInt(3) > 0;
    for (int i = 0; i < text.length(); i++) {
      String c = text.substring(i, i + 1);
      both(plain || random.nextInt(4) > 0 ? c : escaped(c, "\\u%04x"));
    }
    wild.append(quote);
    strict.append('"');
  }

  /** A random string; returns what it means. */
  String randomString() {
    return randomString(random.nextInt(8));
  }

  /**
   * A random string that means something else than each of {@code taken}; returns what it means.
   */
  String randomStringOtherThan(List<String> taken) {
    int wildStart = wild.length();
    int strictStart = strict.length();
    String meaning = randomString();
    while (taken.contains(meaning)) {
      wild.setLength(wildStart);
      strict.setLength(strictStart);
      meaning = randomString(8);
    }
    return meaning;
  }

  private String randomString(int length) {
    StringBuilder meaning = new StringBuilder();
    char quote = quote();
    wild.append(quote);
    strict.append('"');
    for (int i = 0; i < length; i++) {
      meaning.append(character(quote));
    }
    wild.append(quote);
    strict.append('"');
    return meaning.toString();
  }

  /** One character; returns what it means. */
  private String character(char quote) {
    return switch (random.nextInt(8)) {
      case 0 -> {
        int choice = random.nextInt(SIMPLE_ESCAPES.length());
        both("\\" + SIMPLE_ESCAPES.charAt(choice));
        yield SIMPLE_MEANINGS.substring(choice, choice + 1);
      }
      case 1 -> {
        wild.append("\\'");
        strict.append('\'');
        yield "'";
      }
      case 2 -> {
        String meaning = Character.toString(random.nextInt(6) == 0 ? 0 : codePoint());
        both(escaped(meaning, random.nextBoolean() ? "\\u%04x" : "\\u%04X"));
        yield meaning;
      }
      case 3 -> {
        String meaning = Character.toString(beyondAscii());
        wild.append(meaning);
        strict.append(escaped(meaning, "\\u%04X"));
        yield meaning;
      }
      default -> {
        char c = (char) (0x20 + random.nextInt(0x5f));
        if (c == '\\') {
          c = '%';
        } else if (c == quote) {
          c = quote == '"' ? '\'' : '"';
        }
        wild.append(c);
        strict.append(c == '"' ? "\\\"" : String.valueOf(c));
        yield String.valueOf(c);
      }
    };
  }

  /** Each half of a surrogate pair has an escape of its own. */
  private static String escaped(String meaning, String format) {
    StringBuilder escaped = new StringBuilder();
    meaning.chars().forEach(c -> escaped.append(String.format(format, c)));
    return escaped.toString();
  }

  private char quote() {
    return random.nextInt(3) == 0 ? '\'' : '"';
  }

  private int codePoint() {
    return random.nextBoolean() ? 1 + random.nextInt(0x7e) : beyondAscii();
  }

  /** A character beyond ASCII that QEMU takes: no surrogate, none of Unicode's non-characters. */
  private int beyondAscii() {
    int bits = 8 + random.nextInt(13);
    int candidate;
    do {
      candidate = 0x80 + random.nextInt((1 << bits) - 0x80);
    } while (candidate > 0x10ffff
        || (candidate >= 0xd800 && candidate <= 0xdfff)
        || (candidate >= 0xfdd0 && candidate <= 0xfdef)
        || (candidate & 0xfffe) == 0xfffe);
    return candidate;
  }
}
