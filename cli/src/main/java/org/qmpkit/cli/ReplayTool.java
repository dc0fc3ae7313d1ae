package org.qmpkit.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ReplayServer;

/** {@code qmp replay}: a recording in the place of a QEMU. */
final class ReplayTool implements Tool {
  @Override
  public String name() {
    return "replay";
  }

  @Override
  public String summary() {
    return "stand in for a QEMU, by what was recorded of it";
  }

  @Override
  public String help() {
    return """
    Usage: qmp replay FILE [--listen ADDR] [--once] [--pace]

    Listens as QEMU would, greets as the QEMU of the recording FILE did, answers each command as that
    did, and says the events around it. Clients are served one after the other. Prints the address
    when it listens. FILE is from 'record' in qmp shell, or one of libvirt's tests (*.replies).

      --listen ADDR   where to listen [a socket in a folder of its own]
      --once          end when the first client has left
      --pace          take the time that QEMU took [at once]

    A command is found by its name and arguments; of several the next that was not used is taken,
    then the last again. What is not in the recording is answered with an error that says what is.

    Exit status: 0 done (--once, SIGTERM, SIGINT), 2 usage, or FILE is no recording, 3 could not
    listen.

    Examples:
      qmp replay session.rec --listen unix:/tmp/fake.qmp
      qmp replay caps.replies --listen tcp:127.0.0.1:4444 --once
    """;
  }

  @Override
  public int run(List<String> words) throws UsageException {
    Arguments parsed = Arguments.parse(words, Set.of("listen"), Set.of("once", "pace"), Map.of());
    if (parsed.positionals().size() != 1) {
      throw new UsageException("give one recording, as session.rec");
    }
    Optional<String> listen = parsed.flag("listen");
    Address address = listen.isEmpty() ? null : Addresses.parse(listen.get());
    try {
      return ReplayServer.run(
          Path.of(parsed.positionals().getFirst()),
          address,
          parsed.has("once"),
          parsed.has("pace"),
          System.out,
          System.err);
    } catch (InvalidPathException e) {
      throw new UsageException("no file name: " + e.getReason());
    }
  }
}
