package org.qmpkit.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qmpkit.shell.ExitStatus;

/** The program {@code qmp}. */
public final class Qmp {
  /** Names it may be called by instead of {@code qmp TOOL}. */
  private static final Map<String, String> CALLED =
      Map.of(
          "qmp-helper", "helper",
          "qmp_helper", "helper",
          "qmp-shell", "shell",
          "qmp-shell-wrap", "wrap",
          "vchan-socket-proxy", "vchan-socket-proxy");

  private static final List<Tool> TOOLS =
      List.of(
          new HelperTool(),
          new VchanSocketProxyTool(),
          new ShellTool(),
          new ExecTool(),
          new EventsTool(),
          new WrapTool(),
          new ReplayTool(),
          new ConsoleTool(),
          new ListTool(),
          new HealthTool(),
          new TopTool(),
          new DoctorTool(),
          new DemoTool(),
          new TransportsTool(),
          new VersionTool());

  private Qmp() {}

  /** The tool that a program of this name is; null if its first argument says so. */
  static @Nullable String toolOf(String called) {
    return CALLED.get(called);
  }

  /** Runs the tool that the first argument names, or the name the program was called with. */
  public static void main(String[] args) {
    List<String> words = new ArrayList<>(List.of(args));
    String called = Path.of(System.getProperty("qmpkit.called", "qmp")).getFileName() + "";
    String alias = toolOf(called);
    if (alias != null) {
      words.addFirst(alias);
    }
    int status = run(words);
    System.out.flush();
    // All threads are daemons, so this one's end is the process's; an exit would start the JDK's
    // logging first.
    if (status != ExitStatus.DONE) {
      System.exit(status);
    }
  }

  private static int run(List<String> words) {
    String name = words.isEmpty() ? "help" : words.getFirst();
    if (isHelp(name)) {
      return help(words);
    }
    if (name.equals("--version")) {
      name = "version";
    }
    for (Tool tool : TOOLS) {
      if (tool.name().equals(name)) {
        return run(tool, words.subList(1, words.size()));
      }
    }
    System.err.println("qmp: there is no tool '" + name + "'; 'qmp help' lists them");
    return ExitStatus.USAGE;
  }

  private static int run(Tool tool, List<String> arguments) {
    int end = arguments.indexOf("--");
    List<String> flags = end < 0 ? arguments : arguments.subList(0, end);
    // What follows QEMU's name in a command line to wrap is for QEMU.
    if (!(tool instanceof WrapTool) && (flags.contains("--help") || flags.contains("-h"))) {
      System.out.print(tool.help());
      return ExitStatus.DONE;
    }
    try {
      return tool.run(arguments);
    } catch (UsageException e) {
      System.err.println("qmp " + tool.name() + ": " + e.getMessage());
      if (e.status() == ExitStatus.USAGE) {
        System.err.println("See 'qmp " + tool.name() + " --help'.");
      }
      return e.status();
    }
  }

  private static boolean isHelp(String word) {
    return word.equals("help") || word.equals("--help") || word.equals("-h");
  }

  private static int help(List<String> words) {
    if (words.size() > 1 && !isHelp(words.get(1))) {
      return run(List.of(words.get(1), "--help"));
    }
    StringBuilder text =
        new StringBuilder(
            """
            qmp: QEMU's monitor (QMP), brought back across the wall and made safe to share

            Usage: qmp TOOL [ARGUMENT...]      qmp TOOL --help

            """);
    for (Tool tool : TOOLS) {
      text.append(String.format("  %-18s %s%n", tool.name(), tool.summary()));
    }
    text.append(
        """

        First steps:
          qmp demo
          qmp list
          qmp helper --listen unix:/tmp/shared.qmp --connect unix:/path/to/qemu.qmp
          qmp health unix:/tmp/shared.qmp
          qmp shell unix:/tmp/shared.qmp
        """);
    System.out.print(text);
    return ExitStatus.DONE;
  }
}
