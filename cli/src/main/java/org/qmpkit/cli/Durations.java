package org.qmpkit.cli;

import java.time.Duration;
import org.qmpkit.shell.TimeText;

/** Lengths of time as they are written on a command line: {@code 250ms}, {@code 5s}, {@code 2m}. */
final class Durations {
  private Durations() {}

  /**
   * Reads one.
   *
   * @throws UsageException if it has no unit, is zero or too long
   */
  static Duration parse(String flag, String text) throws UsageException {
    return TimeText.read(text)
        .orElseThrow(() ->
            new UsageException("--" + flag + " (\"" + text + "\") must be " + TimeText.FORMS));
  }
}
