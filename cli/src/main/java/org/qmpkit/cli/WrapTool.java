package org.qmpkit.cli;

import java.util.ArrayList;
import java.util.List;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;
import org.qmpkit.shell.Wrap;

/** {@code qmp wrap}: a QEMU and a shell on it. */
final class WrapTool implements Tool {
  @Override
  public String name() {
    return "wrap";
  }

  @Override
  public String summary() {
    return "start a QEMU, and a shell on it";
  }

  @Override
  public String help() {
    return """
    Usage: qmp wrap [SHELL OPTION...] [--] [QEMU [ARGUMENT...]]

    Starts QEMU (qemu-system-x86_64 if none is named) with one monitor more, and a shell on that.
    QEMU ends with the shell. What QEMU prints, the shell shows.

    """
        + ShellFlags.HELP
        + """

        Examples:
          qmp wrap -- qemu-system-x86_64 -M none -display none -S
          qmp wrap -v -- ./build/qemu-system-aarch64 -M virt -display none
          qmp wrap --execute query-version
        """;
  }

  @Override
  public int run(List<String> words) throws UsageException {
    List<String> command = new ArrayList<>();
    ShellFlags flags = ShellFlags.parseBefore(words, command);
    if (flags.help()) {
      System.out.print(help());
      return ExitStatus.DONE;
    }
    if (!flags.options(Address.parse("stdio:")).negotiates()) {
      throw new UsageException("-N is for a guest agent, and this starts a QEMU");
    }
    // Its place is chosen when QEMU starts.
    return Wrap.run(flags.options(Address.parse("stdio:")), command, Screen.isInteractive());
  }
}
