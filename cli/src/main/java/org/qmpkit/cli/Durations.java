package org.qmpkit.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lengths of time as they are written on a command line: {@code 250ms}, {@code 5s}, {@code 2m}. */
final class Durations {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m)");

  private Durations() {}

  /**
   * Reads one.
   *
   * @throws UsageException if it has no unit, or is zero
   */
  static Duration parse(String flag, String text) throws UsageException {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches() || Long.parseLong(parts.group(1)) == 0) {
      throw new UsageException(
          "--" + flag + " (\"" + text + "\") must be a length of time, as 250ms, 5s or 2m");
    }
    long count = Long.parseLong(parts.group(1));
    return switch (parts.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      default -> Duration.ofMinutes(count);
    };
  }
}
