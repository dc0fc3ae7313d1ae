package org.qmpkit.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;

/** {@code qmp health}: what is the matter with a monitor. */
final class HealthTool implements Tool {
  @Override
  public String name() {
    return "health";
  }

  @Override
  public String summary() {
    return "say whether a monitor is connected, busy or gone, and why";
  }

  @Override
  public String help() {
    return """
    Usage: qmp health ADDR [--timeout 5s] [--output text|json]

    Asks whoever answers at ADDR, a helper or QEMU itself, and says how the monitor is; ADDR may be a
    name that 'qmp list' shows:
      connected  it answers                                      (exit status 0)
      busy       something holds it: which command, since when,
                 for whom; or another client, which only QEMU
                 knows                                           (exit status 4)
      gone       nobody is there, or the helper lost its QEMU     (exit status 3)
      broken     what answers there is no QMP                     (exit status 6)

    Prints a sentence on a terminal, else one JSON object; --output chooses.

    Examples:
      qmp health unix:/tmp/shared.qmp
      qmp health /run/vm1/monitor.sock --timeout 1s --output json
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed = Arguments.parse(arguments, Set.of("timeout", "output"), Set.of(), Map.of());
    if (parsed.positionals().size() != 1) {
      throw new UsageException("give one address, as unix:/tmp/shared.qmp");
    }
    Duration timeout = Durations.parse("timeout", parsed.flag("timeout").orElse("5s"));
    boolean json =
        switch (parsed.flag("output").orElse("")) {
          case "json" -> true;
          case "text" -> false;
          case "" -> !Screen.isTerminal();
          default -> throw new UsageException("--output must be text or json");
        };
    String given = parsed.positionals().getFirst();
    Address address;
    Verdict verdict;
    try {
      address = Addresses.ofMonitor(given);
      verdict = Verdict.of(address, timeout, Probe.ask(address, timeout));
    } catch (UsageException e) {
      if (e.status() == ExitStatus.USAGE) {
        throw e;
      }
      address = Addresses.parse(given);
      verdict = new Verdict("gone", e.getMessage() + "", "nobody", e.status(), null);
    }
    System.out.println(json ? verdict.json(address) : verdict.line());
    return verdict.status();
  }
}
