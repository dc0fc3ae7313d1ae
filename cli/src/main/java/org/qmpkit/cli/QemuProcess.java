package org.qmpkit.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A QEMU that runs, as its command line tells of it.
 *
 * @param pid its number
 * @param user the number of the user who runs it
 * @param name what {@code -name} calls it; empty if nothing does, or it is no name that anybody
 *     types
 * @param sockets the UNIX sockets at which it listens for QMP; those that others opened for it, as
 *     libvirt does, are not told
 */
record QemuProcess(int pid, int user, String name, List<String> sockets) {
  /** No QEMU has more, but for one that is to fill our memory. */
  private static final int MOST_SOCKETS = 16;

  /** The system takes no longer path for a socket. */
  private static final int LONGEST_SOCKET = 108;

  /**
   * Reads a command line.
   *
   * @return empty if it is none of QEMU
   */
  static Optional<QemuProcess> of(int pid, int user, List<String> words) {
    String program = words.getFirst().replaceFirst(".*/", "");
    if (!program.startsWith("qemu") && !program.equals("kvm")) {
      return Optional.empty();
    }
    String name = "";
    List<String> sockets = new ArrayList<>();
    Map<String, String> channels = new HashMap<>();
    Set<String> monitors = new LinkedHashSet<>();
    for (int i = 1; i + 1 < words.size(); i++) {
      QemuOption value = QemuOption.of(words.get(i + 1));
      switch (words.get(i).replaceFirst("^--?", "-")) {
        case "-name" -> name = value.key("guest").isEmpty() ? value.first() : value.key("guest");
        case "-qmp", "-qmp-pretty" -> {
          if (value.first().startsWith("unix:") && value.listens()) {
            sockets.add(value.first().substring("unix:".length()));
          } else if (value.first().startsWith("chardev:")) {
            monitors.add(value.first().substring("chardev:".length()));
          }
        }
        case "-mon" -> {
          if (value.key("mode").equals("control")) {
            monitors.add(value.key("chardev").isEmpty() ? value.first() : value.key("chardev"));
          }
        }
        case "-chardev" -> {
          if (value.first().equals("socket") && value.listens()) {
            channels.put(value.key("id"), value.key("path"));
          }
        }
        default -> {
          // The rest makes the machine.
        }
      }
    }
    monitors.stream()
        .map(each -> channels.getOrDefault(each, ""))
        .filter(each -> !each.isEmpty())
        .forEach(sockets::add);
    List<String> all =
        sockets.stream()
            .filter(each -> each.length() <= LONGEST_SOCKET)
            .limit(MOST_SOCKETS)
            .toList();
    return Optional.of(
        new QemuProcess(pid, user, name.length() <= Sighting.LONGEST_NAME ? name : "", all));
  }
}
