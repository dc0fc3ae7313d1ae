package org.qmpkit.protocol;

/** A JSON string between its two forms: the characters it means and its canonical text. */
public final class JsonString {
  private JsonString() {}

  /**
   * The canonical text that means these characters: in quotes, ASCII, control characters escaped.
   */
  public static String quote(String characters) {
    StringBuilder text = new StringBuilder(characters.length() + 2).append('"');
    for (int i = 0; i < characters.length(); i++) {
      char c = characters.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          if (c >= 0x20 && c < 0x7f) {
            text.append(c);
          } else {
            text.append(String.format("\\u%04X", (int) c));
          }
        }
      }
    }
    return text.append('"').toString();
  }

  /** The characters that a canonical string means. The text is one that a {@link Scanner} wrote. */
  static String unquote(String text) {
    StringBuilder characters = new StringBuilder(text.length());
    for (int i = 1; i < text.length() - 1; i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        characters.append(c);
        continue;
      }
      c = text.charAt(++i);
      if (c == 'u') {
        characters.append((char) Integer.parseInt(text, i + 1, i + 5, 16));
        i += 4;
      } else {
        characters.append(escaped(c));
      }
    }
    return characters.toString();
  }

  /** The character that an escape of one letter means. */
  static char escaped(int letter) {
    return switch (letter) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      default -> (char) letter;
    };
  }
}
