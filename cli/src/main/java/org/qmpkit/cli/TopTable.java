package org.qmpkit.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Monitors as a table, a line each, none longer than the screen is wide. */
final class TopTable {
  private static final String[] HEAD = {
    "MONITOR", "STATE", "FOR", "CLIENTS", "QUEUED", "EVENT", "RUNS"
  };

  private static final String NOTHING = "-";
  private static final int LONGEST_NAME = 40;
  private static final int LONGEST_CELL = 500;
  private static final int USUAL_WIDTH = 160;

  private final boolean colours;
  private final boolean redraws;

  /**
   * A table.
   *
   * @param redraws whether it takes the place of the one that is on the screen
   */
  TopTable(boolean colours, boolean redraws) {
    this.colours = colours;
    this.redraws = redraws;
  }

  /**
   * Prints it.
   *
   * @param notes lines beneath
   */
  void print(List<Address> monitors, List<Verdict> verdicts, List<String> notes) {
    System.out.print(text(monitors, verdicts, notes));
    System.out.flush();
  }

  /** The table, as it is printed. */
  String text(List<Address> monitors, List<Verdict> verdicts) {
    return text(monitors, verdicts, List.of());
  }

  private String text(List<Address> monitors, List<Verdict> verdicts, List<String> notes) {
    List<String[]> rows = new ArrayList<>();
    rows.add(HEAD);
    for (int i = 0; i < verdicts.size(); i++) {
      rows.add(row(monitors.get(i), verdicts.get(i)));
    }
    int width = redraws ? screenWidth() : Integer.MAX_VALUE;
    StringBuilder text = new StringBuilder(redraws ? "\033[H" : "");
    String end = redraws ? "\033[K\n" : "\n";
    List<String> lines = Columns.lines(rows);
    for (int i = 0; i < lines.size(); i++) {
      text.append(painted(cut(lines.get(i), width), rows.get(i)[1])).append(end);
    }
    for (String note : notes) {
      text.append(cut(Visible.text(note, LONGEST_CELL), width)).append(end);
    }
    return text.append(redraws ? "\033[J" : "").toString();
  }

  private static String cut(String line, int width) {
    return line.length() > width ? line.substring(0, width - 1) + "…" : line;
  }

  private String painted(String line, String state) {
    String code =
        switch (state) {
          case "STATE" -> "1";
          case "connected" -> "";
          case "busy", "connecting" -> "33";
          default -> "31";
        };
    return colours && !code.isEmpty() ? "\033[" + code + "m" + line + "\033[0m" : line;
  }

  private static String[] row(Address monitor, Verdict verdict) {
    JsonNode known = verdict.details() == null ? MissingNode.getInstance() : verdict.details();
    boolean helper = verdict.details() != null;
    JsonNode event = known.path("last-event");
    int behind = known.path("behind").size();
    String clients = known.path("clients").asInt(0) + (behind == 0 ? "" : ", " + behind + " slow");
    String[] row = {
      name(monitor),
      state(verdict, known),
      helper ? age(known.path("seconds").asDouble(0)) : NOTHING,
      helper ? clients : NOTHING,
      helper ? Integer.toString(known.path("queued").asInt(0)) : NOTHING,
      event.isObject()
          ? shortened(event.path("event")) + " " + age(event.path("seconds").asDouble(0))
          : NOTHING,
      runs(verdict, known)
    };
    for (int i = 0; i < row.length; i++) {
      row[i] = Visible.text(row[i], LONGEST_CELL);
    }
    return row;
  }

  /** In the helper's words, if these are some that we know. */
  private static String state(Verdict verdict, JsonNode known) {
    return verdict.status() == ExitStatus.BROKEN
        ? verdict.state()
        : known.path("state").asString(verdict.state());
  }

  private static String shortened(JsonNode name) {
    return Visible.text(name.asString(""), LONGEST_NAME);
  }

  private static String name(Address monitor) {
    String text = monitor.toString();
    return text.length() <= LONGEST_NAME
        ? text
        : "…" + text.substring(text.length() - LONGEST_NAME + 1);
  }

  private static String runs(Verdict verdict, JsonNode known) {
    JsonNode oldest = known.path("in-flight").path(0);
    if (oldest.isObject()) {
      return shortened(oldest.path("command"))
          + " "
          + age(oldest.path("seconds").asDouble(0))
          + ", "
          + oldest.path("client").asString("");
    }
    if (verdict.details() == null) {
      return verdict.text();
    }
    String reason = known.path("reason").asString("");
    return reason.isEmpty() ? NOTHING : reason;
  }

  /** A length of time in at most two units. */
  static String age(double seconds) {
    long whole = (long) seconds;
    if (whole < 10) {
      return String.format(Locale.ROOT, "%.1fs", seconds);
    }
    if (whole < 60) {
      return whole + "s";
    }
    if (whole < 3600) {
      return whole / 60 + "m" + whole % 60 + "s";
    }
    return whole < 86_400
        ? whole / 3600 + "h" + whole % 3600 / 60 + "m"
        : whole / 86_400 + "d" + whole % 86_400 / 3600 + "h";
  }

  /** The columns of the terminal, which only a program of the system can tell. */
  private static int screenWidth() {
    try {
      Process process =
          new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).start();
      String[] size =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .strip()
              .split(" ", -1);
      int columns = size.length == 2 && size[1].matches("\\d{1,5}") ? Integer.parseInt(size[1]) : 0;
      return columns > 0 ? columns : USUAL_WIDTH;
    } catch (IOException e) {
      return USUAL_WIDTH;
    }
  }
}
