package org.qmpkit.testkit;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.ExecTransport;
import org.qmpkit.net.Poller;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.StdioTransport;
import org.qmpkit.net.Transport;
import org.qmpkit.net.UnixTransport;
import org.qmpkit.testkit.TransportRig.Outcome;
import org.qmpkit.testkit.TransportRig.Pair;

/**
 * The half of the contract that is about bytes, with a command that copies them from and to two
 * fifos. The other half is about listening, which a command cannot, and about being refused, which
 * one is by its end.
 */
final class ExecStreamContractTest extends StreamContract {
  @TempDir Path dir;
  private int places;
  private String command = "";

  @Override
  protected Transport transport() {
    return new ExecTransport(line -> {});
  }

  @Override
  Transport listening() {
    return new UnixTransport();
  }

  @Override
  protected Poller poller() throws IOException {
    return new SelectorPoller();
  }

  @Override
  protected Address place() {
    return Address.unix(dir.resolve("s" + ++places));
  }

  @Override
  String nearPeer() {
    return "exec:" + command;
  }

  @Override
  Pair pair() {
    Path there = dir.resolve("there" + ++places);
    Path back = dir.resolve("back" + places);
    // Each copier holds one direction alone, so that each has an end of its own; the shell stays.
    String fifos = "mkfifo " + there + " " + back;
    command = fifos + "; cat " + back + " & exec >&-; cat >" + there + "; wait";
    Endpoint near = endpoint(rig.outcome(Address.parse(nearPeer()), TransportRig.DEADLINE));
    rig.until(() -> there.toFile().exists() && back.toFile().exists(), "two fifos");
    try {
      // Each open waits for the command's.
      FileOutputStream out = new FileOutputStream(back.toFile());
      FileInputStream in = new FileInputStream(there.toFile());
      Outcome outcome = new Outcome();
      new StdioTransport(in, out)
          .connect(Address.parse("stdio:"), loop, TransportRig.DEADLINE, outcome);
      rig.until(() -> outcome.calls > 0, "a far end");
      return new Pair(near, endpoint(outcome));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Endpoint endpoint(Outcome outcome) {
    return Objects.requireNonNull(outcome.endpoint, () -> "not connected: " + outcome.why);
  }
}
