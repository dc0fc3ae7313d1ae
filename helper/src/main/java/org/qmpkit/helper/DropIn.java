package org.qmpkit.helper;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;

/**
 * A helper in the place of Xen's {@code vchan-socket-proxy}, as libxl starts and ends it: one
 * route; when that listens, {@code running} is written to a path in xenstore, which libxl waits
 * for; and the helper ends with the other domain, and when the socket is no longer its own. (libxl
 * unlinks the socket and sends SIGHUP, which a process may have inherited as ignored.)
 *
 * <p>Where a helper serves the whole host, it asks that to serve in its place, and does so itself
 * when that can't, or is gone.
 *
 * @param domid of the domain with the other end of the vchan
 * @param listen where clients connect
 * @param statePath where to write; null for nowhere
 * @param handedOver the path of the vchan in xenstore, if another helper may serve it; else null
 */
public record DropIn(
    int domid, Address listen, @Nullable String statePath, @Nullable String handedOver) {
  private static final Duration LOOK = Duration.ofMillis(500);

  /** How long the socket of a helper that was killed may still listen. */
  private static final Duration LAST_BREATH = Duration.ofSeconds(5);

  private static final Duration PAUSE = Duration.ofMillis(20);

  /**
   * Runs it until it is to end; blocks.
   *
   * @param settings with the route
   * @param err where its log goes
   * @throws IOException if it can't listen, there is no way to the other end, or the path in
   *     xenstore can't be written; nothing is left behind then
   * @throws IllegalArgumentException if the settings make no sense
   */
  public void run(Settings settings, PrintStream err) throws IOException {
    AtomicBoolean signalled = new AtomicBoolean();
    Optional<Address> control = handedOver == null ? Optional.empty() : Handover.place();
    if (handedOver == null || control.isEmpty()) {
      serve(settings, err, signalled);
      return;
    }
    Log log = Log.onStandardError(err, settings.least());
    LeaseRequest request = new LeaseRequest(domid, handedOver, listen.target());
    switch (Handover.run(control.get(), request, statePath, log, signalled)) {
      case REFUSED -> serve(settings, err, signalled);
      case ABANDONED -> takeOver(settings, err, signalled);
      case ENDED -> {}
    }
  }

  /** Serves what another helper has served, as soon as nothing of that is left. */
  private void takeOver(Settings settings, PrintStream err, AtomicBoolean signalled)
      throws IOException {
    // libxl has been told that it runs.
    DropIn silent = new DropIn(domid, listen, null, null);
    long end = System.nanoTime() + LAST_BREATH.toNanos();
    while (true) {
      try {
        silent.serve(settings, err, signalled);
        return;
      } catch (TransportException e) {
        if (System.nanoTime() - end > 0) {
          throw e;
        }
        pause();
      }
    }
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the socket was another's", e);
    }
  }

  private void serve(Settings settings, PrintStream err, AtomicBoolean signalled)
      throws IOException {
    AtomicReference<@Nullable String> failure = new AtomicReference<>();
    Helper.run(
        settings,
        err,
        (loop, transports, end) ->
            begin(
                loop,
                transports,
                signalled,
                end,
                why -> {
                  failure.set(why);
                  end.accept(why);
                }));
    String why = failure.get();
    if (why != null) {
      throw new IOException(why);
    }
  }

  /** The route listens. */
  private void begin(
      Loop loop,
      Transports transports,
      AtomicBoolean signalled,
      Consumer<String> end,
      Consumer<String> fail) {
    if (signalled.get()) {
      // It came before the helper's own handlers were there.
      end.accept("a signal");
      return;
    }
    if (listen.scheme().equals("unix") && !listen.target().startsWith("@")) {
      Path socket = Path.of(listen.target());
      Object identity = identity(socket);
      loop.schedule(LOOK, () -> lookForSocket(loop, socket, identity, end));
    }
    Xenstore xenstore = Xenstore.here().map(at -> new Xenstore(loop, transports, at)).orElse(null);
    if (xenstore == null) {
      if (statePath != null) {
        fail.accept("there is no xenstored on this host, and so nobody to tell that it runs");
      }
      return;
    }
    if (statePath != null) {
      var _ =
          xenstore
              .write(statePath, "running")
              .whenComplete((done, why) -> {
                if (why != null) {
                  fail.accept(Xenstore.reason(why));
                }
              });
    }
    xenstore.watch("@releaseDomain", path -> lookForDomain(xenstore, end));
  }

  private void lookForDomain(Xenstore xenstore, Consumer<String> end) {
    var _ =
        xenstore
            .exists(domid)
            .whenComplete((exists, why) -> {
              if (why == null && !exists) {
                end.accept("domain " + domid + " has ended");
              }
            });
  }

  private static void lookForSocket(
      Loop loop, Path socket, @Nullable Object identity, Consumer<String> end) {
    Object now = identity(socket);
    if (now == null || !now.equals(identity)) {
      end.accept("the socket " + socket + " is gone, or is another's");
    } else {
      loop.schedule(LOOK, () -> lookForSocket(loop, socket, identity, end));
    }
  }

  private static @Nullable Object identity(Path socket) {
    try {
      return Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException e) {
      return null;
    }
  }
}
