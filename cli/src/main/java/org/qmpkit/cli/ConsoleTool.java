package org.qmpkit.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.Console;

/** {@code qmp console}: a raw terminal on a guest's console. */
final class ConsoleTool implements Tool {
  private static final Duration LINGER = Duration.ofSeconds(1);

  @Override
  public String name() {
    return "console";
  }

  @Override
  public String summary() {
    return "a raw terminal on a guest's console; Ctrl-] leaves";
  }

  @Override
  public String help() {
    return """
    Usage: qmp console ADDR [--wait TIME]

    Connects this terminal to the console at ADDR, every key and byte as it is. Ctrl-] leaves; the
    terminal gets its modes back then, and on every other end. Without a terminal at standard input,
    what is read there is sent, and what comes back is printed.

      --wait TIME   end when nothing has come for that time after the end of standard input [1s]

    Exit status: 0 done, 2 usage, 3 could not connect, or the far side went away or took no input.

    Examples:
      qmp console unix:/tmp/vm.console
      qmp console pty:/dev/pts/3
      echo uname | qmp console unix:/tmp/vm.console
    """;
  }

  @Override
  public int run(List<String> words) throws UsageException {
    Arguments parsed = Arguments.parse(words, Set.of("wait"), Set.of(), Map.of());
    List<String> positionals = parsed.positionals();
    if (positionals.size() != 1) {
      throw new UsageException("give one address, as unix:/tmp/vm.console");
    }
    Address address = Addresses.parse(positionals.getFirst());
    if (address.server()) {
      throw new UsageException("server=on listens, and a console is called; leave it out");
    }
    if (address.scheme().equals("stdio")) {
      throw new UsageException("standard input and output are this side of it; name the other");
    }
    Optional<String> wait = parsed.flag("wait");
    Duration linger = wait.isPresent() ? Durations.parse("wait", wait.get()) : LINGER;
    return Console.run(address, Screen.isInteractive(), linger, System.err);
  }
}
