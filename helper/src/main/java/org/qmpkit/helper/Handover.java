package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Signals;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;
import org.qmpkit.protocol.Journal.Severity;

/**
 * A drop-in's side of a {@link Lease}: asks the helper of the host to serve in its place, and stays
 * while that does, since libxl has this process's number.
 */
final class Handover {
  /** How it went. */
  enum Outcome {
    /** Nobody has taken it: serve by yourself. */
    REFUSED,
    /** Who had taken it is gone: serve by yourself, from here on. */
    ABANDONED,
    /** It was served, and that is over. */
    ENDED
  }

  /** Where a helper that serves the whole host listens, unless it is told another place. */
  static final Address USUAL = Address.unix(Path.of("/run/qmpkit/helper.sock"));

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final int LONGEST = 4096;

  private final Address control;
  private final LeaseRequest request;
  private final @Nullable String statePath;
  private final Log log;
  private final Loop loop;
  private final Transports transports;
  private final ByteBuffer line = ByteBuffer.allocate(LONGEST);
  private final AtomicBoolean signalled;
  private @Nullable Endpoint endpoint;
  private @Nullable Attempt attempt;
  private Outcome outcome = Outcome.REFUSED;
  private @Nullable String failure;
  private boolean taken;

  private Handover(
      Address control,
      LeaseRequest request,
      @Nullable String statePath,
      Log log,
      Loop loop,
      Transports transports,
      AtomicBoolean signalled) {
    this.control = control;
    this.request = request;
    this.statePath = statePath;
    this.log = log;
    this.loop = loop;
    this.transports = transports;
    this.signalled = signalled;
  }

  /** Where to ask: what {@code QMPKIT_CONTROL} names, or the usual place; if a socket is there. */
  static Optional<Address> place() {
    String named = System.getenv("QMPKIT_CONTROL");
    Address place = named == null ? USUAL : Address.parse(named);
    return Optional.of(place).filter(each -> Files.exists(Path.of(each.target())));
  }

  /**
   * Asks, and stays until it is over; blocks. {@code running} is written to the state path as soon
   * as the helper serves.
   *
   * @param signalled becomes true at SIGTERM, SIGINT and SIGHUP, which end it
   * @throws IOException if the state can't be written
   */
  static Outcome run(
      Address control,
      LeaseRequest request,
      @Nullable String statePath,
      Log log,
      AtomicBoolean signalled)
      throws IOException {
    Transports transports = Transports.load();
    List<Address> addresses = Stream.concat(Stream.of(control), Xenstore.here().stream()).toList();
    try (Loop loop = new Loop(transports.poller(addresses))) {
      Handover handover =
          new Handover(control, request, statePath, log, loop, transports, signalled);
      for (String name : new String[] {"TERM", "INT", "HUP"}) {
        Signals.handle(name, () -> handover.signal());
      }
      handover.begin();
      loop.run();
      if (handover.failure != null) {
        throw new IOException(handover.failure);
      }
      return signalled.get() ? Outcome.ENDED : handover.outcome;
    }
  }

  private void signal() {
    signalled.set(true);
    loop.stop();
  }

  private void end(Outcome how, Severity severity, String why) {
    outcome = how;
    log.write(severity, "", "", why);
    loop.stop();
  }

  private void begin() {
    loop.schedule(
        PATIENCE,
        () -> {
          if (!taken) {
            refused("no answer within " + PATIENCE.toSeconds() + " s");
          }
        });
    attempt =
        transports.connect(
            control,
            loop,
            PATIENCE,
            new Connecting() {
              @Override
              public void connected(Endpoint made) {
                ask(made);
              }

              @Override
              public void failed(TransportException why) {
                refused(String.valueOf(why.getMessage()));
              }
            });
  }

  private void refused(String why) {
    if (attempt != null) {
      attempt.close();
    }
    end(Outcome.REFUSED, Severity.INFO, "serves by itself; the helper at " + control + ": " + why);
  }

  private void ask(Endpoint made) {
    endpoint = made;
    made.onReady((readable, writable) -> read(made));
    made.interest(true, false);
    try {
      made.write(ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.US_ASCII)));
    } catch (PeerGoneException e) {
      // What it said before it left is still to be read.
    } catch (IOException e) {
      refused(String.valueOf(e.getMessage()));
    }
  }

  private void read(Endpoint from) {
    int count;
    try {
      count = from.read(line);
    } catch (IOException e) {
      count = -1;
    }
    for (String said = next(); said != null; said = next()) {
      heard(said);
    }
    if (count < 0 || !line.hasRemaining()) {
      lost();
    }
  }

  private @Nullable String next() {
    for (int i = 0; i < line.position(); i++) {
      if (line.get(i) == '\n') {
        String said = new String(line.array(), 0, i, StandardCharsets.UTF_8);
        line.flip().position(i + 1);
        line.compact();
        return said;
      }
    }
    return null;
  }

  private void heard(String said) {
    if (said.startsWith("{\"return\"") && !taken) {
      taken = true;
      log.write(Severity.INFO, "", "", "the helper at " + control + " serves " + request.socket());
      writeState();
    } else if (said.startsWith("{\"ended\"") && taken) {
      end(Outcome.ENDED, Severity.INFO, "the helper at " + control + " has ended it: " + said);
    } else if (!taken) {
      refused(said);
    }
  }

  private void lost() {
    if (endpoint != null) {
      endpoint.close();
    }
    if (outcome == Outcome.ENDED || failure != null) {
      return;
    }
    if (taken) {
      end(
          Outcome.ABANDONED,
          Severity.WARNING,
          "the helper at " + control + " is gone; serves by itself from here on");
    } else {
      refused("it closed the connection");
    }
  }

  private void writeState() {
    if (statePath == null) {
      return;
    }
    Xenstore xenstore = Xenstore.here().map(at -> new Xenstore(loop, transports, at)).orElse(null);
    if (xenstore == null) {
      fail("there is no xenstored on this host, and so nobody to tell that it runs");
      return;
    }
    var _ =
        xenstore
            .write(statePath, "running")
            .whenComplete((done, why) -> {
              xenstore.close();
              if (why != null) {
                fail(Xenstore.reason(why));
              }
            });
  }

  private void fail(String why) {
    failure = why;
    loop.stop();
  }
}
