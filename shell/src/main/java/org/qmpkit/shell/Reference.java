package org.qmpkit.shell;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * QEMU's own reference of its monitor, out of the manual page qemu-qmp-ref(7) where that is
 * installed. It may be of another version than the QEMU that is talked to. Immutable.
 */
final class Reference {
  private static final List<Path> PLACES =
      List.of(
          Path.of("/usr/share/man/man7/qemu-qmp-ref.7.gz"),
          Path.of("/usr/share/man/man7/qemu-qmp-ref.7"),
          Path.of("/usr/local/share/man/man7/qemu-qmp-ref.7"),
          Path.of("/usr/local/share/man/man7/qemu-qmp-ref.7.gz"));

  /** No page is longer; characters. */
  private static final int LONGEST = 32 << 20;

  private static final Pattern HEAD =
      Pattern.compile("\\.SS (?:\\\\fB)?([A-Za-z0-9_\\\\-]+?)(?:\\\\fP)? \\((\\w+)\\)");
  private static final Pattern FONT = Pattern.compile("\\\\f(?:\\[\\w*]|.)");

  /**
   * What it says of one name.
   *
   * @param kind Command, Event, Enum, Object or Alternate
   */
  record Entry(String name, String kind, List<String> lines) {
    /** Its first sentences, up to the first heading. */
    List<String> beginning() {
      List<String> first = new ArrayList<>();
      for (String each : lines) {
        if (each.endsWith(":") && !each.startsWith(" ")) {
          break;
        }
        first.add(each);
      }
      while (!first.isEmpty() && first.getLast().isEmpty()) {
        first.removeLast();
      }
      return first;
    }
  }

  private final Map<String, Entry> entries;

  private Reference(Map<String, Entry> entries) {
    this.entries = entries;
  }

  /** The one that is installed; one without entries if there is none. Reads a file. */
  static Reference installed() {
    for (Path each : PLACES) {
      if (Files.isReadable(each)) {
        try {
          return of(each);
        } catch (IOException e) {
          // The help is of use without it.
        }
      }
    }
    return new Reference(Map.of());
  }

  /**
   * The one in a manual page, packed if its name ends so.
   *
   * @throws IOException if it can't be read
   */
  static Reference of(Path page) throws IOException {
    try (InputStream file = Files.newInputStream(page);
        InputStream in = page.toString().endsWith(".gz") ? new GZIPInputStream(file) : file;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      Map<String, Entry> entries = new TreeMap<>();
      Entry entry = null;
      int read = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        read += line.length();
        if (read > LONGEST) {
          throw new IOException("no manual page is so long");
        }
        Matcher head = HEAD.matcher(line);
        if (head.matches()) {
          String name = head.group(1).replace("\\", "");
          entry = new Entry(name, head.group(2), new ArrayList<>());
          entries.put(name, entry);
        } else if (line.startsWith(".SH")) {
          entry = null;
        } else if (entry != null) {
          add(entry.lines(), line);
        }
      }
      return new Reference(entries);
    }
  }

  /** A line of roff as text; what commands the formatter is left out. */
  private static void add(List<String> lines, String line) {
    if (line.startsWith(".SS ")) {
      lines.add("");
      lines.add(text(line.substring(4)) + ":");
    } else if (line.startsWith(".B ")) {
      lines.add("  " + text(line.substring(3)));
    } else if (line.startsWith(".IP")) {
      lines.add("");
    } else if (line.equals(".sp")) {
      if (!lines.isEmpty() && !lines.getLast().isEmpty()) {
        lines.add("");
      }
    } else if (!line.startsWith(".") && !line.startsWith("'")) {
      lines.add((isUnderMember(lines) ? "    " : "") + text(line));
    }
  }

  private static boolean isUnderMember(List<String> lines) {
    return !lines.isEmpty() && lines.getLast().startsWith("  ");
  }

  private static String text(String roff) {
    return Printable.text(
        FONT.matcher(roff)
            .replaceAll("")
            .replace("\\(aq", "'")
            .replace("\\(dq", "\"")
            .replace("\\(bu", "*")
            .replace("\\(ga", "`")
            .replace("\\(ha", "^")
            .replace("\\(ti", "~")
            .replace("\\-", "-")
            .replace("\\&", "")
            .replace("\\e", "\\")
            .replace("\\~", " "));
  }

  /** What it says of a name; null if nothing. */
  @Nullable Entry entry(String name) {
    return entries.get(name);
  }

  /** All that it explains, by name. */
  Map<String, Entry> entries() {
    return entries;
  }
}
