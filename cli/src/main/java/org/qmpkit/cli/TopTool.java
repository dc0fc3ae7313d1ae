package org.qmpkit.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;

/** {@code qmp top}: all monitors of this host at once. */
final class TopTool implements Tool {
  @Override
  public String name() {
    return "top";
  }

  @Override
  public String summary() {
    return "watch all monitors: their state, who waits for what, their last event";
  }

  @Override
  public String help() {
    return """
    Usage: qmp top [ADDR|FOLDER...] [--interval 2s] [--timeout 1s] [--once] [--output text|json]

    One line for each monitor, as its helper tells it; every --interval anew, until Ctrl-C. Of a
    FOLDER it takes the sockets *.qmp and qmp-libxl-*; without any, those of /run/qmp and
    /run/xen. Monitors that come later appear. ADDR may be a name that 'qmp list' shows.

      FOR      how long it has been connected, or has not
      CLIENTS  how many there are, this one included; and how many of them fall behind
      QUEUED   commands that wait for their turn
      RUNS     the command that QEMU has had for longest, and for whom; else what is wrong
      EVENT    the last one

    --once, or output that is no terminal: once, with an exit status as of 'qmp health': 0 if all
    are connected, else that of the worst: gone, broken, busy. --output json: an object a line, as
    'qmp health' has it; once.

    Examples:
      qmp top
      qmp top /run/qmp unix:/tmp/shared.qmp --interval 500ms
      qmp top --once --output json | jq 'select(.state != "connected")'
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed =
        Arguments.parse(
            arguments, Set.of("interval", "timeout", "output"), Set.of("once"), Map.of());
    Duration interval = Durations.parse("interval", parsed.flag("interval").orElse("2s"));
    Duration timeout = Durations.parse("timeout", parsed.flag("timeout").orElse("1s"));
    boolean json =
        switch (parsed.flag("output").orElse("text")) {
          case "json" -> true;
          case "text" -> false;
          default -> throw new UsageException("--output must be text or json");
        };
    boolean watching = Screen.isTerminal() && !json && !parsed.has("once");
    List<String> places = new ArrayList<>();
    for (String each : parsed.positionals()) {
      places.add(isFolder(each) ? each : Addresses.ofMonitor(each).toString());
    }
    int status = round(places, timeout, json, watching);
    while (watching) {
      try {
        Thread.sleep(interval);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return ExitStatus.DONE;
      }
      status = round(places, timeout, json, true);
    }
    return status;
  }

  private static int round(List<String> places, Duration timeout, boolean json, boolean watching)
      throws UsageException {
    List<Address> monitors = monitors(places);
    List<String> notes = monitors.isEmpty() ? nothing(places) : List.of();
    if (monitors.isEmpty() && !watching) {
      System.err.println("qmp top: " + String.join("; ", notes));
      return ExitStatus.UNREACHABLE;
    }
    List<Verdict> verdicts = new ArrayList<>();
    List<Probe.Finding> found = monitors.isEmpty() ? List.of() : Probe.ask(monitors, timeout);
    for (int i = 0; i < found.size(); i++) {
      verdicts.add(Verdict.of(monitors.get(i), timeout, found.get(i)));
    }
    if (json) {
      for (int i = 0; i < verdicts.size(); i++) {
        System.out.println(verdicts.get(i).json(monitors.get(i)));
      }
    } else {
      new TopTable(Screen.hasColours(), watching).print(monitors, verdicts, notes);
    }
    return verdicts.stream()
        .map(Verdict::status)
        .min(Comparator.comparingInt(TopTool::rank))
        .orElse(ExitStatus.DONE);
  }

  /** Where was looked in vain, and what to do; in lines for a narrow screen. */
  private static List<String> nothing(List<String> places) {
    return List.of(
        "no monitors in "
            + (places.isEmpty() ? "/run/qmp and /run/xen" : String.join(", ", places))
            + ": no sockets *.qmp or qmp-libxl-*",
        "give where they are: qmp top ADDR…",
        "'qmp list' shows all of this host");
  }

  /** The worst first. */
  private static int rank(int status) {
    return List.of(ExitStatus.UNREACHABLE, ExitStatus.BROKEN, ExitStatus.NO_ANSWER, ExitStatus.DONE)
        .indexOf(status);
  }

  private static boolean isFolder(String place) {
    return place.contains("/") && Files.isDirectory(Path.of(place));
  }

  private static List<Address> monitors(List<String> places) throws UsageException {
    List<Address> all = new ArrayList<>();
    if (places.isEmpty()) {
      SharedSockets.USUAL.forEach(each -> all.addAll(SharedSockets.in(Path.of("/" + each))));
    }
    for (String place : places) {
      if (isFolder(place)) {
        all.addAll(SharedSockets.in(Path.of(place)));
      } else {
        all.add(Addresses.parse(place));
      }
    }
    return all.stream().distinct().toList();
  }
}
