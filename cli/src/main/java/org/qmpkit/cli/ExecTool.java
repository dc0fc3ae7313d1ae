package org.qmpkit.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.Exec;
import org.qmpkit.shell.LineException;

/** {@code qmp exec}: one command, for scripts. */
final class ExecTool implements Tool {
  @Override
  public String name() {
    return "exec";
  }

  @Override
  public String summary() {
    return "execute one command, for scripts";
  }

  @Override
  public String help() {
    return """
    Usage: qmp exec [--timeout TIME] [--output FORMAT] ADDR COMMAND [key=value ...]
           qmp exec [--timeout TIME] [--output FORMAT] ADDR '{"execute": ...}'

    Executes a command of the monitor at ADDR, and prints what it returns, on one line. ADDR may be
    a name that 'qmp list' shows.

      --timeout TIME    how long all of it may take, as 5s [5s to connect, no limit for the answer]
      --output FORMAT   json, pretty, yaml or table [json]
      -v, --verbose     say which address a name stands for

    Arguments are as in 'qmp shell': a.b=1 for members of members, key:=JSON for any type,
    key:=@FILE for JSON in a file, exec-oob before COMMAND for out of band.

    Exit status: 0 done, 1 QEMU answered with an error, 2 usage, 3 could not connect, or the far
    side went away, 4 no answer in time, 5 refused by policy, 6 what answers is no QMP.

    Examples:
      qmp exec /tmp/qemu.qmp query-status
      qmp exec web1 query-block
      qmp exec localhost:4444 device_del id=net1 --timeout 10s
      qmp exec /tmp/qemu.qmp qom-set path=/machine property=note value:='"7"'
      qmp exec --output table /tmp/qemu.qmp query-commands
    """;
  }

  @Override
  public int run(List<String> words) throws UsageException {
    Arguments parsed =
        Arguments.parse(
            words, Set.of("timeout", "output"), Set.of("verbose"), Map.of("v", "verbose"));
    if (parsed.positionals().size() < 2) {
      throw new UsageException("give an address and a command, as /tmp/qemu.qmp query-status");
    }
    Optional<String> timeout = parsed.flag("timeout");
    Duration limit = timeout.isEmpty() ? null : Durations.parse("timeout", timeout.get());
    List<String> command =
        new ArrayList<>(parsed.positionals().subList(1, parsed.positionals().size()));
    String given = parsed.positionals().getFirst();
    Address address = Addresses.ofMonitor(given);
    if (parsed.has("verbose")) {
      Addresses.tell("exec", given, address);
    }
    try {
      return Exec.run(
          address,
          command,
          ShellFlags.format(parsed),
          limit,
          Screen.hasColours(),
          System.out,
          System.err);
    } catch (LineException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }
}
