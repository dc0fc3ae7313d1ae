package org.qmpkit.shell;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A place in JSON that is being typed.
 *
 * @param path of the object or the value the place is in, as {@code arguments.file} or {@code
 *     arguments.actions.0}; empty for the outermost
 * @param kind what stands here
 * @param start where the word begins that stands here, its quote included
 * @param given the values of all that stands before, by path; of objects and lists the empty string
 * @param open whether the text ends within an object or a list
 */
record JsonPlace(String path, Kind kind, int start, Map<String, String> given, boolean open) {
  /** What stands in a place. */
  enum Kind {
    KEY,
    VALUE,
    /** A comma or a bracket comes next. */
    NOTHING
  }

  /** Deeper is not looked at. */
  private static final int DEEPEST = 64;

  /** An object, or a list whose {@code index} goes on, and the key in it that a value is for. */
  private static final class Level {
    final boolean object;
    final String prefix;
    String name = "";
    int index;
    boolean keyNext;

    Level(boolean object, String prefix) {
      this.object = object;
      this.prefix = prefix;
      keyNext = object;
    }

    String path() {
      return prefix + (object ? name : Integer.toString(index));
    }
  }

  /** The place at the end of a text, which may be anything. */
  static JsonPlace atEndOf(String text) {
    Map<String, String> given = new HashMap<>();
    ArrayDeque<Level> levels = new ArrayDeque<>();
    int start = text.length();
    boolean complete = false;
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      Level level = levels.peek();
      if (c == '{' || c == '[') {
        if (levels.size() == DEEPEST) {
          return new JsonPlace("", Kind.NOTHING, text.length(), Map.of(), false);
        }
        String prefix = level == null ? "" : level.path() + ".";
        if (level != null) {
          given.put(level.path(), "");
        }
        levels.push(new Level(c == '{', prefix));
        complete = false;
        i++;
        start = text.length();
      } else if (c == '}' || c == ']') {
        levels.poll();
        complete = true;
        i++;
        start = text.length();
      } else if (c == ',') {
        if (level != null) {
          level.index++;
          level.keyNext = level.object;
          level.name = "";
        }
        complete = false;
        i++;
        start = text.length();
      } else if (c == ':') {
        if (level != null) {
          level.keyNext = false;
        }
        complete = false;
        i++;
        start = text.length();
      } else if (Character.isWhitespace(c)) {
        i++;
        start = text.length();
      } else {
        int end = end(text, i);
        start = i;
        if (end < text.length() || isClosed(text, i)) {
          take(level, OwnLine.unquoted(text.substring(i, end)), given);
        }
        complete = true;
        i = end;
      }
    }
    Level level = levels.peek();
    if (level == null) {
      return new JsonPlace("", Kind.NOTHING, text.length(), given, false);
    }
    String path =
        level.keyNext
            ? level.prefix.isEmpty() ? "" : level.prefix.substring(0, level.prefix.length() - 1)
            : level.path();
    // What stands here already is not given; it is being typed.
    Map<String, String> before = new HashMap<>(given);
    if (!level.keyNext) {
      before.remove(path);
    }
    Kind kind = level.keyNext ? Kind.KEY : Kind.VALUE;
    boolean past = complete && start == text.length();
    return new JsonPlace(path, past ? Kind.NOTHING : kind, start, before, true);
  }

  private static void take(@Nullable Level level, String word, Map<String, String> given) {
    if (level == null) {
      return;
    }
    if (level.keyNext) {
      level.name = word;
    } else {
      given.put(level.path(), word);
    }
  }

  /** Just behind the word that begins here; the end of the text if it has none. */
  private static int end(String text, int from) {
    char quote = text.charAt(from);
    boolean quoted = quote == '"' || quote == '\'';
    for (int i = from + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '\\') {
        i++;
      } else if (quoted ? c == quote : "{}[],: \t\r\n".indexOf(c) >= 0) {
        return quoted ? i + 1 : i;
      }
    }
    return text.length();
  }

  private static boolean isClosed(String text, int from) {
    char quote = text.charAt(from);
    return (quote == '"' || quote == '\'')
        && text.length() > from + 1
        && text.charAt(text.length() - 1) == quote;
  }
}
