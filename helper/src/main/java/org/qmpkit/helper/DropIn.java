package org.qmpkit.helper;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;

/**
 * A helper in the place of Xen's {@code vchan-socket-proxy}, as libxl starts and ends it: one
 * route; when that listens, {@code running} is written to a path in xenstore, which libxl waits
 * for; and the helper ends with the other domain, and when the socket is no longer its own. (libxl
 * unlinks the socket and sends SIGHUP, which a process may have inherited as ignored.)
 *
 * @param domid of the domain with the other end of the vchan
 * @param listen where clients connect
 * @param statePath where to write; null for nowhere
 */
public record DropIn(int domid, Address listen, @Nullable String statePath) {
  private static final Duration LOOK = Duration.ofMillis(500);

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
    AtomicReference<@Nullable String> failure = new AtomicReference<>();
    Helper.run(
        settings,
        err,
        false,
        (loop, transports, end) ->
            begin(
                loop,
                transports,
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
      Loop loop, Transports transports, Consumer<String> end, Consumer<String> fail) {
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
                  // The future wraps what went wrong.
                  Throwable cause = why.getCause() == null ? why : why.getCause();
                  fail.accept(String.valueOf(cause.getMessage()));
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
