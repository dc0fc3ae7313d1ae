package org.qmpkit.helper;

import java.io.PrintStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The operator's log: one line per event on one stream, with severity, route and client. Control
 * characters, which a peer may have sent, are escaped.
 */
public final class Log {
  private final PrintStream out;
  private final boolean journald;
  private Severity least;

  /**
   * A log on a stream.
   *
   * @param least what is less severe is left out
   * @param journald whether lines begin with systemd's {@code <N>} instead of time and severity
   */
  public Log(PrintStream out, Severity least, boolean journald) {
    this.out = out;
    this.least = least;
    this.journald = journald;
  }

  /** From now on leaves out what is less severe than this. */
  void leaveOutBelow(Severity severity) {
    least = severity;
  }

  /** Writes one line. */
  void write(Severity severity, String route, String subject, String text) {
    if (severity.compareTo(least) < 0) {
      return;
    }
    StringBuilder line = new StringBuilder(journald ? priority(severity) : stamp(severity));
    for (String who : new String[] {route, subject}) {
      if (!who.isEmpty()) {
        line.append(who).append(": ");
      }
    }
    line.append(text);
    out.println(escaped(line));
  }

  /**
   * This log as a route's own, where neither QEMU nor the clients can flood it: what is said of
   * each has an {@link Allowance}.
   *
   * @param clock nanoseconds, never going back
   */
  Journal of(String route, LongSupplier clock) {
    Allowance ofQemu = new Allowance();
    Allowance ofClients = new Allowance();
    return (severity, subject, text) -> {
      if (severity.compareTo(least) < 0) {
        return;
      }
      Allowance allowance = subject.isEmpty() ? ofQemu : ofClients;
      // Who asks for every detail gets it.
      int left = least == Severity.DEBUG ? 0 : allowance.take(clock.getAsLong());
      if (left >= 0) {
        write(
            severity,
            route,
            subject,
            left == 0 ? text : text + " (before it, " + left + " lines were left out)");
      }
    };
  }

  private static String priority(Severity severity) {
    return switch (severity) {
      case ERROR -> "<3>";
      case WARNING -> "<4>";
      case INFO -> "<6>";
      case DEBUG -> "<7>";
    };
  }

  private static String stamp(Severity severity) {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS)
        + " "
        + severity.name().toLowerCase(Locale.ROOT)
        + ": ";
  }

  private static CharSequence escaped(StringBuilder line) {
    if (line.chars().noneMatch(Character::isISOControl)) {
      return line;
    }
    StringBuilder safe = new StringBuilder(line.length() + 16);
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (Character.isISOControl(c)) {
        safe.append(String.format("\\x%02x", (int) c));
      } else {
        safe.append(c);
      }
    }
    return safe;
  }
}
