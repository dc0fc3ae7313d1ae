package org.qmpkit.cli;

import java.util.List;
import org.qmpkit.net.Transport;
import org.qmpkit.net.Transports;
import org.qmpkit.shell.ExitStatus;

/** {@code qmp transports}: which addresses can be used here, and why others can't. */
final class TransportsTool implements Tool {
  @Override
  public String name() {
    return "transports";
  }

  @Override
  public String summary() {
    return "list the kinds of address that can be used here";
  }

  @Override
  public String help() {
    return """
    Usage: qmp transports

    Lists every kind of address this build has, and why one can't be used on this host.
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    if (!arguments.isEmpty()) {
      throw new UsageException("'" + arguments.getFirst() + "' is not expected");
    }
    for (Transport transport : Transports.load().all()) {
      String summary = transport.summary();
      String state =
          transport
              .unavailable()
              .map(why -> "not here: " + why + " (" + summary + ")")
              .orElse("ready    " + summary);
      System.out.printf("%-8s %s%n", transport.scheme(), state);
    }
    return ExitStatus.DONE;
  }
}
