package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The human monitor (HMP) through QMP's {@code human-monitor-command}, as qmp-shell's {@code -H}:
 * each line goes to QEMU to the letter.
 */
final class HumanMonitor {
  static final String NO_NUMBER = "cpu command takes an integer argument";
  static final String NO_SUCH = "bad CPU index";

  private static final Set<String> ENDS = Set.of("quit", "q");

  /** The CPU that commands are about; null for QEMU's own choice, which works without any CPU. */
  private @Nullable Long cpu;

  /** The request of a line. */
  Request request(String line) {
    return request(line, cpu);
  }

  private static Request request(String line, @Nullable Long cpu) {
    ObjectNode arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
    if (cpu != null) {
      arguments.put("cpu-index", cpu);
    }
    return Request.of("human-monitor-command", arguments);
  }

  /** Whether a line asks QEMU to end. */
  static boolean ends(String line) {
    return ENDS.contains(line.strip());
  }

  /** Whether a line chooses a CPU, which each command has to name anew. */
  static boolean choosesCpu(String line) {
    return line.strip().split("\\s+", 2)[0].equals("cpu");
  }

  /**
   * The number of a CPU in a line that chooses one.
   *
   * @throws LineException if there is none
   */
  static long cpu(String line) throws LineException {
    String[] words = line.strip().split("\\s+", -1);
    if (words.length < 2 || !words[1].matches("[+-]?\\d{1,18}")) {
      throw new LineException(NO_NUMBER);
    }
    return Long.parseLong(words[1]);
  }

  /** A request that only succeeds if there is such a CPU. */
  static Request probe(long cpu) {
    return request("info version", cpu);
  }

  /** From here on commands are about this CPU. */
  void choose(long chosen) {
    cpu = chosen;
  }

  /**
   * The commands that QEMU's {@code help} lists: of {@code x|y} the longer; and {@code help} before
   * each.
   */
  static Set<String> commands(String help) {
    Set<String> commands = new TreeSet<>(Set.of("help info"));
    for (String line : help.lines().toList()) {
      if (line.isEmpty() || line.startsWith("[") || line.startsWith("\t")) {
        continue;
      }
      String name = line.strip().split("\\s+", 2)[0];
      String longest = longest(name);
      if (longest.isEmpty() || longest.equals("info")) {
        continue;
      }
      commands.add(longest);
      commands.add("help " + longest);
    }
    return commands;
  }

  private static String longest(String names) {
    String longest = "";
    for (String each : names.split("\\|", -1)) {
      longest = each.length() > longest.length() ? each : longest;
    }
    return longest;
  }

  /** What QEMU's {@code info} lists, each behind {@code info}. */
  static List<String> infos(String info) {
    List<String> commands = new ArrayList<>();
    for (String line : info.lines().toList()) {
      String[] words = line.strip().split("\\s+", 3);
      if (words.length > 1 && words[0].equals("info")) {
        commands.add("info " + words[1]);
      }
    }
    return commands;
  }
}
