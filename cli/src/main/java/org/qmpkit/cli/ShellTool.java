package org.qmpkit.cli;

import java.util.List;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.shell.ExitStatus;
import org.qmpkit.shell.Shell;

/** {@code qmp shell}: the interactive shell. */
final class ShellTool implements Tool {
  /** As QEMU's own tools have it. */
  private static final String VARIABLE = "QMP_SOCKET";

  @Override
  public String name() {
    return "shell";
  }

  @Override
  public String summary() {
    return "talk to a monitor: completion, history, events as they happen; scripts";
  }

  @Override
  public String help() {
    return """
    Usage: qmp shell [-H] [-N] [-v] [-p] [-l FILE] [--script FILE | --execute LINE] [ADDR]

    Executes commands of the monitor at ADDR, or at $QMP_SOCKET: QEMU's own, or one that a helper
    shares. ADDR may be a name that 'qmp list' shows. All that qmp-shell understands means the same
    here.

    """
        + ShellFlags.HELP
        + """

        Lines:
          query-status                             a command
          device_add driver=e1000 id=net1          with arguments; Tab completes them
          blockdev-add node-name=d driver=file file.x=1 backing:=null
          {"execute": "query-status"}              JSON
          help                                     tells the rest

        Without a terminal at its standard input it executes the lines it reads there, prints no prompt
        and no banner, and nothing but results on standard output.

        Exit status: 0 done, 1 QEMU answered with an error (-e, --execute), 2 usage, 3 could not connect
        or lost the connection, 4 no answer in time, 5 refused by policy, 6 what answers is no QMP.

        Examples:
          qmp shell unix:/tmp/qemu.qmp
          qmp shell web1
          qmp shell -H localhost:4444
          echo query-status | qmp shell /tmp/qemu.qmp
          qmp shell --execute 'stop' --execute 'query-status' /tmp/qemu.qmp
        """;
  }

  @Override
  public int run(List<String> words) throws UsageException {
    ShellFlags flags = ShellFlags.parse(words);
    if (flags.help()) {
      System.out.print(help());
      return ExitStatus.DONE;
    }
    if (flags.positionals().size() > 1) {
      throw new UsageException("'" + flags.positionals().get(1) + "' is not expected");
    }
    String given =
        flags.positionals().isEmpty()
            ? System.getenv().getOrDefault(VARIABLE, "")
            : flags.positionals().getFirst();
    if (given.isEmpty()) {
      throw new UsageException("give an address, as /tmp/qemu.qmp, or set $" + VARIABLE);
    }
    Address address = address(given);
    Addresses.tell("shell", given, address);
    return Shell.run(flags.options(address), Screen.isInteractive());
  }

  /**
   * An address as qmp-shell reads it, or the name of a monitor.
   *
   * @throws UsageException as {@link Names#find}
   */
  static Address address(String text) throws UsageException {
    return Names.here().find(text, ShellTool::read);
  }

  /** Of two parts, the second is a port. */
  private static Address read(String text) {
    Address address = Address.parseInShell(text);
    boolean twoParts = text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':');
    if (address.scheme().equals("unix") && address.target().equals(text) && twoParts) {
      throw new AddressException(text, "Bad port number: " + text, "localhost:4444");
    }
    return address;
  }

  /** The same where the shell is asked for one more monitor. */
  static Address more(String text) {
    try {
      return address(text);
    } catch (UsageException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
