package org.qmpkit.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.qmpkit.shell.ExitStatus;

/** {@code qmp list}: which monitors there are. */
final class ListTool implements Tool {
  private static final String[] HEAD = {"NAME", "ADDRESS", "STATE", "QEMU", "BY", "NOTE"};
  private static final String NOTHING = "-";
  private static final int LONGEST_NAME = 60;
  private static final int LONGEST_CELL = 300;
  private static final int MOST_UNREAD = 5;

  @Override
  public String name() {
    return "list";
  }

  @Override
  public String summary() {
    return "list the monitors of this host, by the names that stand for addresses";
  }

  @Override
  public String help() {
    return """
    Usage: qmp list [--timeout 5s] [--output text|json|names]

    Lists every monitor that this user can find: sockets in the folders of helpers, Xen, libvirt and
    Proxmox, and those that the command lines of QEMUs and helpers name. A NAME may stand wherever
    'qmp shell', exec, events, health, top and doctor take an address.

      STATE  connected  a helper answers, and has its QEMU
             free       QEMU listens, and nobody is connected
             shared     a helper shares it: NOTE says where, and its names lead there
             busy       somebody holds it: NOTE says who, as far as this user may know
             gone       nobody listens there, or a helper has lost its QEMU
             denied     this user may not connect
             broken     what answers there is no QMP
             unknown    it was not asked: the time was over, or 'ss' has failed
      QEMU   its version, as a helper knows it
      BY     whose socket it is: helper, libvirt, Xen, Proxmox, QEMU

    QEMU itself is not connected to, since it serves one client at a time; 'qmp health NAME' does.
    Helpers are asked, and sockets at which nobody seems to listen; --timeout is for all of them.

      --output   text; json, an object a line; or names, one a line, for which nobody is asked

    Examples:
      qmp list
      qmp shell web1
      qmp list --output json | jq -r 'select(.state == "free").names[0]'
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed = Arguments.parse(arguments, Set.of("timeout", "output"), Set.of(), Map.of());
    if (!parsed.positionals().isEmpty()) {
      throw new UsageException("'" + parsed.positionals().getFirst() + "' is not expected");
    }
    Duration timeout = Durations.parse("timeout", parsed.flag("timeout").orElse("5s"));
    String output = parsed.flag("output").orElse("text");
    if (!List.of("text", "json", "names").contains(output)) {
      throw new UsageException("--output must be text, json or names");
    }
    MonitorSearch search = new MonitorSearch(Host.machine(), System.getenv());
    search.look();
    if (output.equals("names")) {
      Names.of(search.found()).stream()
          .filter(each -> each.chars().noneMatch(Character::isISOControl))
          .forEach(System.out::println);
      return ExitStatus.DONE;
    }
    List<FoundMonitor> found =
        new RollCall(search.table(), timeout)
            .of(search.found()).stream()
                .sorted(
                    Comparator.comparing((FoundMonitor each) -> String.join(",", each.names()))
                        .thenComparing(each -> each.address().toString()))
                .toList();
    if (output.equals("json")) {
      found.forEach(each -> System.out.println(each.json()));
    } else if (!found.isEmpty()) {
      System.out.print(text(found, Screen.hasColours()));
    }
    notes(search, found.isEmpty()).forEach(each -> System.err.println("qmp list: " + each));
    return ExitStatus.DONE;
  }

  /** The table, as it is printed. */
  static String text(List<FoundMonitor> found, boolean colours) {
    List<String[]> rows = new ArrayList<>();
    rows.add(HEAD);
    for (FoundMonitor each : found) {
      String[] row = {
        shown(String.join(", ", each.names()), LONGEST_NAME),
        shown(each.address().toString(), LONGEST_CELL),
        each.state().word(),
        shown(each.qemu(), LONGEST_NAME),
        shown(each.by(), LONGEST_NAME),
        Visible.text(each.note(), LONGEST_CELL)
      };
      rows.add(row);
    }
    List<String> lines = Columns.lines(rows);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String code = i == 0 ? "1" : code(found.get(i - 1).state());
      boolean painted = colours && !code.isEmpty();
      text.append(painted ? "\033[" + code + "m" + lines.get(i) + "\033[0m" : lines.get(i))
          .append('\n');
    }
    return text.toString();
  }

  private static String shown(String text, int longest) {
    return text.isEmpty() ? NOTHING : Visible.text(text, longest);
  }

  private static String code(FoundMonitor.State state) {
    return switch (state) {
      case CONNECTED, FREE, SHARED -> "";
      case BUSY, UNKNOWN -> "33";
      case GONE, DENIED, BROKEN -> "31";
    };
  }

  /** What is to be said beside the list. */
  private static List<String> notes(MonitorSearch search, boolean empty) {
    List<String> notes = new ArrayList<>();
    if (empty) {
      notes.add(
          "there are no monitors. It has looked at the command lines of all QEMUs and helpers, and"
              + " for "
              + Folder.all(System.getenv()).stream()
                  .map(Folder::toString)
                  .collect(Collectors.joining(", "))
              + ".");
      notes.add(
          "a QEMU with one: qemu-system-x86_64 -name web1 -qmp unix:/tmp/web1.qmp,server=on,wait=off …");
    }
    if (search.leftOut() > 0) {
      notes.add(search.leftOut() + " more than " + MonitorSearch.MOST + " sockets are left out");
    }
    if (search.table().failed()) {
      notes.add(
          "ss does not tell who listens: it has failed, or prints more than 16 MiB or for longer than"
              + " 10 s. So only sockets in the folders of helpers are asked; see 'ss -xap'");
    }
    search.unread().stream()
        .limit(MOST_UNREAD)
        .forEach(each -> notes.add("can't look into " + Visible.text(each, LONGEST_CELL)));
    return notes;
  }
}
