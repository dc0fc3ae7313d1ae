package org.qmpkit.helper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.BacklogFullException;
import org.qmpkit.net.UnixDatagrams;
import org.qmpkit.protocol.Journal.Severity;

/**
 * systemd's journal, where that reads this process's standard error. It takes lines with fields, by
 * its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), in datagrams; nothing here blocks. Not
 * from several threads at once.
 */
final class Journald {
  private static final String PLACE =
      System.getProperty("qmpkit.journal", "/run/systemd/journal/socket");
  private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

  /** Null where this build or system has none: then all lines go to standard error. */
  private final @Nullable UnixDatagrams datagrams;

  private int lost;

  Journald(@Nullable UnixDatagrams datagrams) {
    this.datagrams = datagrams;
  }

  /**
   * The journal, if JOURNAL_STREAM names device and inode of standard error, as systemd.exec(5)
   * says; a variable alone may be inherited. Loads native code only then.
   */
  static Optional<Journald> behindStandardError(Map<String, String> environment) {
    String stream = environment.get("JOURNAL_STREAM");
    if (stream == null) {
      return Optional.empty();
    }
    try {
      Map<String, Object> file = Files.readAttributes(STANDARD_ERROR, "unix:dev,ino");
      return stream.equals(file.get("dev") + ":" + file.get("ino"))
          ? Optional.of(new Journald(UnixDatagrams.load().orElse(null)))
          : Optional.empty();
    } catch (IOException | UnsupportedOperationException e) {
      // No such descriptor, or no /proc.
      return Optional.empty();
    }
  }

  /**
   * Sends one line. One that the journal is too slow for is dropped, and counted in the next.
   *
   * @param route of whom it is, or empty
   * @param client whom it is about, or empty
   * @param message the whole line; like the others without control characters
   * @return whether it was sent or dropped; false where there is no journal, or the line is too
   *     long for a datagram, and it should go to standard error
   */
  boolean take(Severity severity, String route, String client, String message) {
    if (datagrams == null) {
      return false;
    }
    StringBuilder entry = new StringBuilder(message.length() + 128);
    entry.append("MESSAGE=").append(message);
    if (lost > 0) {
      entry.append(" (before it, ").append(lost).append(" lines were lost: the journal was full)");
    }
    entry.append("\nPRIORITY=").append(priority(severity));
    entry.append("\nSYSLOG_IDENTIFIER=qmp-helper\n");
    append(entry, "QMP_ROUTE", route);
    append(entry, "QMP_CLIENT", client);
    try {
      datagrams.send(PLACE, entry.toString().getBytes(StandardCharsets.UTF_8));
      lost = 0;
      return true;
    } catch (BacklogFullException e) {
      lost++;
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void append(StringBuilder entry, String field, String value) {
    if (!value.isEmpty()) {
      entry.append(field).append('=').append(value).append('\n');
    }
  }

  /** A severity as syslog counts. */
  static int priority(Severity severity) {
    return switch (severity) {
      case ERROR -> 3;
      case WARNING -> 4;
      case INFO -> 6;
      case DEBUG -> 7;
    };
  }
}
