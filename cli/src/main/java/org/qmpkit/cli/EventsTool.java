package org.qmpkit.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.Events;

/** {@code qmp events}: events, for scripts. */
final class EventsTool implements Tool {
  @Override
  public String name() {
    return "events";
  }

  @Override
  public String summary() {
    return "print events as they happen, for scripts";
  }

  @Override
  public String help() {
    return """
    Usage: qmp events ADDR [NAME...] [--count N] [--timeout TIME]

    Prints the events of the monitor at ADDR, one JSON object a line, until it is stopped. With
    NAMEs only those; in a NAME, * stands for any characters. ADDR may be a name that 'qmp list'
    shows.

      --count N        end after N events
      --timeout TIME   end after that time, as 30s; with --count that is a failure
      -v, --verbose    say which address a name stands for

    Exit status: 0 done, 2 usage, 3 could not connect, or the far side went away, 4 fewer than N
    events in time, 6 what answers is no QMP.

    Examples:
      qmp events /tmp/qemu.qmp
      qmp events /tmp/qemu.qmp 'JOB_*' BLOCK_JOB_COMPLETED --count 1 --timeout 60s
    """;
  }

  @Override
  public int run(List<String> words) throws UsageException {
    Arguments parsed =
        Arguments.parse(
            words, Set.of("timeout", "count"), Set.of("verbose"), Map.of("v", "verbose"));
    List<String> positionals = parsed.positionals();
    if (positionals.isEmpty()) {
      throw new UsageException("give an address, as /tmp/qemu.qmp");
    }
    Optional<String> timeout = parsed.flag("timeout");
    Duration limit = timeout.isEmpty() ? null : Durations.parse("timeout", timeout.get());
    String count = parsed.flag("count").orElse("0");
    boolean given = parsed.flag("count").isPresent();
    if (!count.matches("\\d{1,18}") || (given && Long.parseLong(count) == 0)) {
      throw new UsageException("--count (\"" + count + "\") must be a number of events, as 1");
    }
    Address address = Addresses.ofMonitor(positionals.getFirst());
    if (parsed.has("verbose")) {
      Addresses.tell("events", positionals.getFirst(), address);
    }
    return Events.run(
        address,
        positionals.subList(1, positionals.size()),
        Long.parseLong(count),
        limit,
        Screen.hasColours(),
        System.out,
        System.err);
  }
}
