package org.qmpkit.helper;

import java.io.PrintStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The operator's log: one line per event on one stream, with severity, route and client. Control
 * characters, which a peer may have sent, are escaped.
 */
final class Log {
  private final PrintStream out;
  private final @Nullable Journald journald;
  private Severity least;

  /**
   * A log on a stream.
   *
   * @param least what is less severe is left out
   * @param journald who reads the stream, and so takes lines with fields; null for somebody else,
   *     who gets lines with time and severity
   */
  Log(PrintStream out, Severity least, @Nullable Journald journald) {
    this.out = out;
    this.least = least;
    this.journald = journald;
  }

  /** A log on standard error, which may be the journal: the environment says. */
  static Log onStandardError(PrintStream err, Severity least) {
    return new Log(err, least, Journald.behindStandardError(System.getenv()).orElse(null));
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
    String safeRoute = escaped(route);
    String safeSubject = escaped(subject);
    StringBuilder line = new StringBuilder();
    for (String who : new String[] {safeRoute, safeSubject}) {
      if (!who.isEmpty()) {
        line.append(who).append(": ");
      }
    }
    line.append(escaped(text));
    if (journald == null) {
      out.println(line.insert(0, stamp(severity)));
    } else if (!journald.take(severity, safeRoute, safeSubject, line.toString())) {
      out.println(line.insert(0, "<" + Journald.priority(severity) + ">"));
    }
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

  private static String stamp(Severity severity) {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS)
        + " "
        + severity.name().toLowerCase(Locale.ROOT)
        + ": ";
  }

  private static String escaped(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder safe = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        safe.append(String.format("\\x%02x", (int) c));
      } else {
        safe.append(c);
      }
    }
    return safe.toString();
  }
}
