package org.qmpkit.shell;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Signals;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.StandIn;
import org.qmpkit.recording.Recording;
import org.qmpkit.recording.Replay;

/**
 * A recording in the place of a QEMU ({@code qmp replay}): greets as that did, and answers as that
 * did, one client after the other.
 */
public final class ReplayServer {
  private final Loop loop;
  private final Listener listener;
  private final Replay replay;
  private final boolean once;
  private final boolean paced;
  private final PrintStream err;
  private @Nullable ReplayedClient client;

  private ReplayServer(
      Loop loop,
      Listener listener,
      Recording recording,
      boolean once,
      boolean paced,
      PrintStream err) {
    this.loop = loop;
    this.listener = listener;
    replay = new Replay(recording);
    this.once = once;
    this.paced = paced;
    this.err = err;
  }

  /**
   * Serves a recording until SIGTERM or SIGINT comes; blocks.
   *
   * @param file the recording
   * @param address where to listen; null for a socket in a folder of its own
   * @param once whether to end when the first client has left
   * @param paced whether answers and events take the time that they took
   * @param out is told the address when clients may come
   * @return an {@link ExitStatus}
   */
  public static int run(
      Path file,
      @Nullable Address address,
      boolean once,
      boolean paced,
      PrintStream out,
      PrintStream err) {
    Recording recording;
    try {
      recording = Recording.read(file);
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage());
      String said =
          why.startsWith("cannot read") ? why : "cannot read " + file + ": " + Reasons.of(e);
      err.println("qmp replay: " + said);
      return ExitStatus.USAGE;
    }
    try {
      var _ = new StandIn(recording.greeting());
    } catch (IllegalArgumentException e) {
      err.println(
          "qmp replay: cannot stand in for the QEMU of "
              + file
              + ": its greeting must have a version and capabilities, in 64 KiB at most");
      return ExitStatus.USAGE;
    }
    if (address != null) {
      return serve(recording, address, once, paced, out, err);
    }
    Path folder;
    try {
      folder = Files.createTempDirectory("qmp-replay-");
    } catch (IOException e) {
      err.println("qmp replay: cannot make a folder for the socket: " + Reasons.of(e));
      return ExitStatus.UNREACHABLE;
    }
    try {
      Address socket = Address.unix(folder.resolve("monitor"));
      return serve(recording, socket, once, paced, out, err);
    } finally {
      delete(folder);
    }
  }

  private static void delete(Path folder) {
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // Somebody has put something there.
    }
  }

  private static int serve(
      Recording recording,
      Address address,
      boolean once,
      boolean paced,
      PrintStream out,
      PrintStream err) {
    Transports transports = Transports.load();
    try (Loop loop = new Loop(transports.poller(List.of(address)));
        Listener listener = transports.listen(address, loop)) {
      Runnable term = Signals.handle("TERM", loop::stop);
      Runnable interrupt = Signals.handle("INT", loop::stop);
      try {
        new ReplayServer(loop, listener, recording, once, paced, err).run(out);
        return ExitStatus.DONE;
      } finally {
        term.run();
        interrupt.run();
      }
    } catch (TransportException e) {
      err.println("qmp replay: " + e.getMessage());
      return ExitStatus.UNREACHABLE;
    } catch (IOException e) {
      err.println("qmp replay: cannot listen at " + address + ": " + e.getMessage());
      return ExitStatus.UNREACHABLE;
    }
  }

  private void run(PrintStream out) {
    loop.onFailure((where, why) -> {
      err.println("qmp replay: a fault of qmpkit, at " + where + ": " + why);
      if (client != null) {
        client.close();
      }
    });
    listener.onWaiting(this::accept);
    listener.interest(true);
    // What a client may connect to: options are for who listens.
    Address address = listener.address();
    out.println(new Address(address.scheme(), address.target(), Map.of()));
    out.flush();
    loop.run();
  }

  private void accept() {
    try {
      Endpoint endpoint = listener.accept();
      if (endpoint != null) {
        // The next one waits in the system's backlog, as at QEMU.
        listener.interest(false);
        client = new ReplayedClient(loop, endpoint, replay, paced, this::left);
      }
    } catch (IOException e) {
      err.println("qmp replay: cannot take a client: " + e.getMessage());
    }
  }

  private void left() {
    client = null;
    if (once) {
      loop.stop();
    } else {
      listener.interest(true);
    }
  }
}
