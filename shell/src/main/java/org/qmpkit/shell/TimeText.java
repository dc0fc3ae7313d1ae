package org.qmpkit.shell;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lengths of time as they are written: {@code 250ms}, {@code 5s}, {@code 2m}. */
public final class TimeText {
  /** What is to be written. */
  public static final String FORMS =
      "a length of time, as 250ms, 5s or 2m, and of 100 years at most";

  private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m)");

  /** Longer ones could not be counted in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(36_525);

  private TimeText() {}

  /** A length of time; empty if it has no unit, is zero or too long. */
  public static Optional<Duration> read(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches() || Long.parseLong(parts.group(1)) == 0) {
      return Optional.empty();
    }
    long count = Long.parseLong(parts.group(1));
    Duration time =
        switch (parts.group(2)) {
          case "ms" -> Duration.ofMillis(count);
          case "s" -> Duration.ofSeconds(count);
          default -> Duration.ofMinutes(count);
        };
    return time.compareTo(LONGEST) > 0 ? Optional.empty() : Optional.of(time);
  }

  /** Whether it is written as one, be it zero or too long. */
  static boolean isWritten(String text) {
    return FORM.matcher(text).matches();
  }

  /**
   * A length of time for people: {@code 0.35 s}, {@code 12.4 s}, {@code 3 m 20 s}, {@code 2 h 5 m}.
   */
  static String people(Duration time) {
    double seconds = time.toNanos() / 1e9;
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.2f s", seconds);
    }
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = time.toSeconds();
    return whole < 3600
        ? whole / 60 + " m " + whole % 60 + " s"
        : whole / 3600 + " h " + whole % 3600 / 60 + " m";
  }
}
