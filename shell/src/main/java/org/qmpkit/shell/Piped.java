package org.qmpkit.shell;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A line that may have {@code | EXPR} behind its command. A bar that stands alone was an error in
 * any line before.
 *
 * @param command what is for QEMU
 * @param selection what of the answer is wanted; null for all
 */
record Piped(String command, @Nullable Selection selection) {
  private static final String BLANKS = "blanks stand around a bar: COMMAND … | EXPR";

  /** What to say of a line that failed if a bar in it sticks to a word; else empty. */
  static String hint(List<String> tokens) {
    boolean sticks =
        tokens.stream()
            .anyMatch(each -> each.length() > 1 && each.indexOf('|') >= 0 && each.indexOf('=') < 0);
    return sticks ? BLANKS : "";
  }

  /**
   * Takes a line apart.
   *
   * @throws LineException if what stands behind the bar is no expression
   */
  static Piped of(String line) throws LineException {
    int bar = line.indexOf('|') < 0 ? -1 : Tokens.find(line, "|");
    if (bar <= 0 || line.substring(0, bar).isBlank() || line.stripLeading().startsWith("#")) {
      return new Piped(line, null);
    }
    try {
      return new Piped(line.substring(0, bar), Selection.of(line.substring(bar + 1)));
    } catch (LineException e) {
      throw new LineException.OfSelection("behind the bar: " + e.getMessage());
    }
  }
}
