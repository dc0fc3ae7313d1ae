package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind the name of a command of the shell: words, and options that begin with {@code
 * --}. Whoever takes something from it takes it out.
 *
 * @param text all of it, as it was typed
 * @param words the same, as {@link Tokens} has it, what is taken not among them
 */
record OwnLine(String text, List<String> words) {
  /** What stands behind the first word of a line. */
  static OwnLine of(String line) {
    String stripped = line.strip();
    String[] parts = stripped.split("\\s+", 2);
    String text = parts.length < 2 ? "" : parts[1];
    if (stripped.startsWith("@")) {
      text = stripped.substring(1);
    }
    return new OwnLine(text, new ArrayList<>(Tokens.of(text)));
  }

  /**
   * Takes the value of an option, as {@code --name VALUE} or {@code --name=VALUE}; null if it is
   * not there.
   *
   * @throws LineException if it has no value
   */
  @Nullable String option(String name) throws LineException {
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (word.startsWith(name + "=")) {
        words.remove(i);
        return word.substring(name.length() + 1);
      }
      if (word.equals(name)) {
        words.remove(i);
        if (i == words.size()) {
          throw new LineException(name + " needs a value");
        }
        return words.remove(i);
      }
    }
    return null;
  }

  /**
   * Takes an option that is a length of time; null if it is not there.
   *
   * @throws LineException if it is none
   */
  @Nullable Duration time(String name) throws LineException {
    String text = option(name);
    if (text == null) {
      return null;
    }
    return TimeText.read(text)
        .orElseThrow(
            () -> new LineException(name + " (\"" + text + "\") must be " + TimeText.FORMS));
  }

  /** A word without the quotes around it. */
  static String unquoted(String word) {
    int last = word.length() - 1;
    boolean quoted =
        last > 0
            && (word.charAt(0) == '"' || word.charAt(0) == '\'')
            && word.charAt(last) == word.charAt(0);
    return quoted ? word.substring(1, last) : word;
  }

  /** Takes the next word; null if there is none. */
  @Nullable String next() {
    return words.isEmpty() ? null : words.removeFirst();
  }

  /**
   * Makes sure that nothing is left.
   *
   * @throws LineException if something is
   */
  void end() throws LineException {
    if (!words.isEmpty()) {
      throw new LineException("'" + words.getFirst() + "' is one word too many");
    }
  }
}
