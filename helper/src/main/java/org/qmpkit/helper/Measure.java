package org.qmpkit.helper;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qmpkit.protocol.Deadlines;

/** What the value of a limit is measured in, and how that is written. */
enum Measure {
  NONE(""),
  SIZE("SIZE"),
  COUNT("N"),
  TIME("TIME"),
  TIMES("TIMES");

  private static final Pattern SIZES = Pattern.compile("(\\d{1,9})([kKmM]?)");
  private static final Pattern DURATIONS = Pattern.compile("(\\d{1,9})(ms|s|m|h)");
  private static final Pattern COMMANDS = Pattern.compile("[A-Za-z0-9_.-]*\\*?");
  private static final String UNLIMITED = "none";
  private static final int MOST = 1_000_000;
  private static final Duration LONGEST = Duration.ofHours(24);

  private final String placeholder;

  Measure(String placeholder) {
    this.placeholder = placeholder;
  }

  String placeholder() {
    return placeholder;
  }

  /** A number of bytes, from 1k to 1024m; 0 for "none" where that is allowed. */
  static int size(Setting setting, String text) {
    if (setting.usual().equals(UNLIMITED) && text.equals(UNLIMITED)) {
      return 0;
    }
    Matcher parts = SIZES.matcher(text);
    if (parts.matches()) {
      long unit =
          switch (parts.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 1 << 10;
            case "m" -> 1 << 20;
            default -> 1;
          };
      long bytes = Long.parseLong(parts.group(1)) * unit;
      if (bytes >= 1024 && bytes <= 1 << 30) {
        return (int) bytes;
      }
    }
    throw wrong(setting, text, "a size from 1k to 1024m, as 64k or 10m");
  }

  /** A number of things, from 1 to a million. */
  static int count(Setting setting, String text) {
    if (text.matches("\\d{1,7}")) {
      int count = Integer.parseInt(text);
      if (count >= 1 && count <= MOST) {
        return count;
      }
    }
    throw wrong(setting, text, "a number from 1 to " + MOST);
  }

  /** A length of time, from 1 ms to a day. */
  static Duration time(Setting setting, String text) {
    Matcher parts = DURATIONS.matcher(text);
    if (parts.matches()) {
      long count = Long.parseLong(parts.group(1));
      Duration time =
          switch (parts.group(2)) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
          };
      if (time.isPositive() && time.compareTo(LONGEST) <= 0) {
        return time;
      }
    }
    throw wrong(setting, text, "a length of time up to 24h, as 250ms, 5s or 2m");
  }

  /** Times by command: {@code 30s,migrate=none,query-*=5s}. */
  static Deadlines times(Setting setting, String text) {
    Deadlines deadlines = Deadlines.NONE;
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String pattern = equals < 0 ? "" : part.substring(0, equals);
      String value = part.substring(equals + 1);
      if (equals == 0 || !COMMANDS.matcher(pattern).matches()) {
        throw wrong(setting, text, "as 30s,migrate=none,query-*=5s");
      }
      boolean unlimited = value.equals(UNLIMITED);
      if (equals > 0) {
        deadlines = deadlines.with(pattern, unlimited ? null : time(setting, value));
      } else if (!unlimited) {
        deadlines = deadlines.withUsual(time(setting, value));
      }
    }
    return deadlines;
  }

  private static IllegalArgumentException wrong(Setting setting, String text, String rule) {
    return new IllegalArgumentException(setting.key() + " (\"" + text + "\") must be " + rule);
  }
}
