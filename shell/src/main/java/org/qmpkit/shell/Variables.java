package org.qmpkit.shell;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What stands for what in a file that is executed. One thread at a time. */
final class Variables {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern USE = Pattern.compile("\\$\\{([^}]*)}");

  /** As many, and no line may become longer. */
  private static final int MOST = 1000;

  private static final int LONGEST = 10 << 20;

  private final Map<String, String> values = new HashMap<>();
  private int depth;

  /**
   * Gives a variable a value.
   *
   * @throws LineException if it is no name for one, or there are too many
   */
  void set(String name, String value) throws LineException {
    if (!NAME.matcher(name).matches()) {
      throw new LineException("'" + name + "' is no name: letters, digits and '_' are");
    }
    if (values.size() == MOST && !values.containsKey(name)) {
      throw new LineException("more than " + MOST + " variables");
    }
    values.put(name, value);
  }

  /**
   * A line with values in it.
   *
   * @throws LineException if a variable has none
   */
  String replaced(String line) throws LineException {
    Matcher uses = USE.matcher(line);
    StringBuilder text = new StringBuilder();
    int from = 0;
    while (uses.find()) {
      String value = values.get(uses.group(1));
      if (value == null) {
        throw new LineException(
            "${" + uses.group(1) + "} has no value" + Similar.hint(uses.group(1), values.keySet()));
      }
      text.append(line, from, uses.start()).append(value);
      from = uses.end();
      if (text.length() > LONGEST) {
        throw new LineException("a line of more than " + LONGEST + " characters");
      }
    }
    return from == 0 ? line : text.append(line, from, line.length()).toString();
  }

  /** A file begins; false if that are too many within one another. */
  boolean enter(int deepest) {
    if (depth == deepest) {
      return false;
    }
    depth++;
    return true;
  }

  /** It has ended. */
  void leave() {
    depth--;
  }
}
