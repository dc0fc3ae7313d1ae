package org.qmpkit.protocol;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * How long a command may take, by its name: from when it was written to QEMU until QEMU answers;
 * and as long again, before that, may it wait for its turn. Immutable.
 */
public final class Deadlines {
  /** Every command takes as long as QEMU likes. */
  public static final Deadlines NONE = new Deadlines(null, new LinkedHashMap<>());

  private final @Nullable Duration usual;
  private final SequencedMap<String, @Nullable Duration> exceptions;

  private Deadlines(@Nullable Duration usual, SequencedMap<String, @Nullable Duration> exceptions) {
    this.usual = usual;
    this.exceptions = exceptions;
  }

  /** These, with this time, positive, for all commands without one of their own. */
  public Deadlines withUsual(Duration time) {
    return new Deadlines(positive(time), exceptions);
  }

  /**
   * These, with another time for some commands.
   *
   * @param pattern a command's name, or the beginning of several followed by {@code *}; the first
   *     that fits a command counts
   * @param time positive, or null for no limit
   */
  public Deadlines with(String pattern, @Nullable Duration time) {
    SequencedMap<String, @Nullable Duration> more = new LinkedHashMap<>(exceptions);
    if (!more.containsKey(pattern)) {
      more.put(pattern, time == null ? null : positive(time));
    }
    return new Deadlines(usual, more);
  }

  /** How long a command may take, or null if as long as QEMU likes. */
  public @Nullable Duration of(String command) {
    for (Map.Entry<String, @Nullable Duration> each : exceptions.entrySet()) {
      String pattern = each.getKey();
      boolean fits =
          pattern.endsWith("*")
              ? command.startsWith(pattern.substring(0, pattern.length() - 1))
              : command.equals(pattern);
      if (fits) {
        return each.getValue();
      }
    }
    return usual;
  }

  private static Duration positive(Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException("time (" + time + ") must be positive");
    }
    return time;
  }
}
