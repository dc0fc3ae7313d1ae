package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;

/**
 * A line taken apart as qmp-shell does it: by its pattern {@code
 * (?:[^\s"']|"(?:\\.|[^"])*"|'(?:\\.|[^'])*')+}, in linear time.
 *
 * <p>Quotes glue text to the token they are in and stay in it; one without a partner is left out,
 * and ends its token. Beyond that, JSON behind {@code :=} may have white space in it.
 */
final class Tokens {
  private final String line;
  private final List<String> tokens = new ArrayList<>();
  private final List<Integer> ends = new ArrayList<>();
  private final StringBuilder token = new StringBuilder();
  private int at;

  private Tokens(String line) {
    this.line = line;
  }

  /** The tokens of a line, in order. */
  static List<String> of(String line) {
    Tokens tokens = new Tokens(line);
    tokens.split();
    return tokens.tokens;
  }

  /** Where in a line the first token begins that is this one, to the letter; -1 if none is. */
  static int find(String line, String token) {
    Tokens tokens = new Tokens(line);
    tokens.split();
    int index = tokens.tokens.indexOf(token);
    return index < 0 ? -1 : tokens.ends.get(index) - token.length();
  }

  private void split() {
    while (at < line.length()) {
      char c = line.charAt(at);
      if (isSpace(c)) {
        end();
        at++;
      } else if (c == '"' || c == '\'') {
        quoted(closing(c));
      } else if ((c == '{' || c == '[') && isTyped()) {
        int end = balanced();
        // JSON whose end is on a later line; that it has none is found where it is read.
        take(end == 0 ? line.length() : end);
      } else {
        token.append(c);
        at++;
      }
    }
    end();
  }

  /** As Python's {@code \s}. */
  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /** Whether the token is {@code key:=} so far. */
  private boolean isTyped() {
    int equals = token.length() - 1;
    return equals > 1 && token.charAt(equals - 1) == ':' && token.indexOf("=") == equals;
  }

  /** Takes what is in quotes up to an end; a quote without one ends the token, and is left out. */
  private void quoted(int to) {
    if (to > at) {
      take(to);
    } else {
      end();
      at++;
    }
  }

  private void take(int to) {
    token.append(line, at, to);
    at = to;
  }

  private void end() {
    if (!token.isEmpty()) {
      tokens.add(token.toString());
      ends.add(at);
      token.setLength(0);
    }
  }

  /**
   * Just past the quote that closes the one here: the first that no backslash precedes, else the
   * last of all; 0 if there is none.
   */
  private int closing(char quote) {
    int last = 0;
    for (int i = at + 1; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == quote) {
        return i + 1;
      }
      if (c == '\\' && i + 1 < line.length()) {
        i++;
        if (line.charAt(i) == quote) {
          last = i + 1;
        }
      }
    }
    return last;
  }

  /** Just past the bracket that closes the one here, strings left out of account; 0 if none. */
  private int balanced() {
    int depth = 0;
    for (int i = at; i < line.length(); i++) {
      char c = line.charAt(i);
      switch (c) {
        case '{', '[' -> depth++;
        case '}', ']' -> {
          if (--depth == 0) {
            return i + 1;
          }
        }
        case '"', '\'' -> {
          int from = at;
          at = i;
          int end = closing(c);
          at = from;
          if (end == 0) {
            return 0;
          }
          i = end - 1;
        }
        default -> {}
      }
    }
    return 0;
  }
}
