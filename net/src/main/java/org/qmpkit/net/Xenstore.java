package org.qmpkit.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.XenstoreWire.MessageType;

/**
 * Xen's store of names and values, and of who exists: a client of xenstored over its UNIX socket,
 * or over the kernel's device where xenstored is in another domain, by the protocol of Xen's {@code
 * docs/misc/xenstore.txt} and {@code xs_wire.h}.
 *
 * <p>It connects when first needed, and again when xenstored was lost; watches are set anew then,
 * and fire once, so that nothing is missed. Belongs to one {@link Loop} and is used on its thread;
 * nothing blocks. Futures are completed on that thread, each within 5 s: with what xenstored
 * answered, or with an {@link IOException} that says what was asked and why it failed.
 *
 * <p>Values that a guest can write are as hostile as the guest.
 */
public final class Xenstore implements AutoCloseable {
  /** What a watch does, on the loop's thread. */
  @FunctionalInterface
  public interface Fired {
    /**
     * Something under the path may have changed; also called once when the watch is set.
     *
     * @param path what changed, or the watched path itself
     */
    void fired(String path);
  }

  /** What {@link #watch} has set. */
  public interface Watch extends AutoCloseable {
    /** Ends the watch; on the loop's thread. Idempotent. */
    @Override
    void close();
  }

  /** A watch that was set. */
  private record Watched(String path, String token, Fired fired) {}

  /** A request that waits for its reply. */
  private record Asked(
      MessageType type, String path, CompletableFuture<byte[]> reply, long since) {}

  /**
   * Where the system's own xenstored listens, and where the kernel passes on what it is asked where
   * none does ({@code get_dev} of Xen's {@code xs.c}); {@code XENSTORED_PATH} names another place.
   */
  private static final List<String> PLACES =
      List.of("/run/xenstored/socket", "/var/run/xenstored/socket", "/dev/xen/xenbus");

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** How often a long list is begun anew, because it changed meanwhile. */
  private static final int MOST_RESTARTS = 16;

  /** Requests under way; more than anybody here asks at once. */
  private static final int MOST_ASKED = 4096;

  private final Loop loop;
  private final Address address;
  private final Map<Integer, Asked> asked = new LinkedHashMap<>();
  private final Map<String, Watched> watches = new LinkedHashMap<>();
  private final XenstoreWire wire;
  private @Nullable Timer again;
  private @Nullable Timer late;
  private int number;
  private int tokens;
  private boolean closed;

  /** A client of the xenstored at an address. */
  public Xenstore(Loop loop, Transports transports, Address address) {
    this.loop = loop;
    this.address = address;
    this.wire =
        new XenstoreWire(
            loop,
            transports,
            address,
            PATIENCE,
            new XenstoreWire.Heard() {
              @Override
              public void connected() {
                watches.values().forEach(Xenstore.this::set);
              }

              @Override
              public void received(int type, int id, byte[] payload) {
                Xenstore.this.received(type, id, payload);
              }

              @Override
              public void lost(String why) {
                Xenstore.this.lost(why);
              }
            });
  }

  /**
   * Where this host's xenstored is reached: a UNIX socket, or {@code pty:} and a device, for which
   * the loop needs the poller of that transport; empty if it is nowhere, and so there is no Xen.
   *
   * <p>Looks at files, and does not connect.
   */
  public static Optional<Address> here() {
    String named = System.getenv("XENSTORED_PATH");
    return among(named == null ? PLACES : List.of(named));
  }

  /** The first of some places that is there. */
  static Optional<Address> among(List<String> places) {
    return places.stream()
        .map(Path::of)
        .filter(Files::exists)
        .findFirst()
        .map(place ->
            Occupant.isCharacterDevice(place)
                ? Address.parse("pty:" + place)
                : Address.unix(place));
  }

  /** Why one of these futures failed, in one line. */
  public static String reason(Throwable why) {
    Throwable cause = cause(why);
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  /** Without what futures wrap it in. */
  private static Throwable cause(Throwable why) {
    return why instanceof CompletionException && why.getCause() != null ? why.getCause() : why;
  }

  /** The value at a path; empty if there is none. */
  public CompletableFuture<Optional<String>> read(String path) {
    return optional(ask(MessageType.READ, path, path + "\0").thenApply(XenstoreWire::text));
  }

  /** The names in a folder, however many; empty if there is none. */
  public CompletableFuture<List<String>> list(String path) {
    CompletableFuture<List<String>> whole =
        ask(MessageType.DIRECTORY, path, path + "\0")
            .thenApply(bytes ->
                Arrays.stream(XenstoreWire.text(bytes).split("\0"))
                    .filter(name -> !name.isEmpty())
                    .toList());
    return optional(orElse(whole, "E2BIG", () -> parts(path, "", List.of(), 0, 0)))
        .thenApply(names -> names.orElse(List.of()));
  }

  /**
   * The names in a folder of which a single message can't hold all.
   *
   * @param generation of the folder, as the parts before were; empty for the first
   * @param before the names from those
   * @param offset how many bytes those take
   * @param restarts how often it has changed meanwhile
   */
  private CompletableFuture<List<String>> parts(
      String path, String generation, List<String> before, int offset, int restarts) {
    return ask(MessageType.DIRECTORY_PART, path, path + "\0" + offset + "\0")
        .thenCompose(bytes -> {
          String[] words = XenstoreWire.text(bytes).split("\0", -1);
          if (!generation.isEmpty() && !generation.equals(words[0])) {
            return restarts < MOST_RESTARTS
                ? parts(path, "", List.of(), 0, restarts + 1)
                : CompletableFuture.failedFuture(
                    failure(MessageType.DIRECTORY, path, "it changes all the time"));
          }
          List<String> names = new ArrayList<>(before);
          int next = offset;
          for (String name : Arrays.asList(words).subList(1, words.length)) {
            if (!name.isEmpty()) {
              names.add(name);
              next += name.length() + 1;
            }
          }
          // An empty name ends the last part.
          return next == offset || XenstoreWire.text(bytes).endsWith("\0\0")
              ? CompletableFuture.completedFuture(names)
              : parts(path, words[0], names, next, restarts);
        });
  }

  /** Writes a value; folders on the way are made. */
  public CompletableFuture<Void> write(String path, String value) {
    return ask(MessageType.WRITE, path, path + "\0" + value).thenAccept(reply -> {});
  }

  /** Removes a path and all below it; it may be absent. */
  public CompletableFuture<Void> remove(String path) {
    return optional(ask(MessageType.RM, path, path + "\0")).thenAccept(reply -> {});
  }

  /** Whether a domain exists, for xenstored at least. */
  public CompletableFuture<Boolean> exists(int domid) {
    return ask(MessageType.IS_DOMAIN_INTRODUCED, "domain " + domid, domid + "\0")
        .thenApply(reply -> XenstoreWire.text(reply).startsWith("T"));
  }

  /**
   * Watches a path and all below it, or {@code @releaseDomain} and {@code @introduceDomain}.
   *
   * @return closing it ends the watch
   */
  public Watch watch(String path, Fired fired) {
    Watched watched = new Watched(path, "q" + ++tokens, fired);
    watches.put(watched.token(), watched);
    if (wire.connected()) {
      set(watched);
    } else {
      connect();
    }
    return () -> {
      if (watches.remove(watched.token()) != null && wire.connected()) {
        var _ = ask(MessageType.UNWATCH, path, path + "\0" + watched.token() + "\0");
      }
    };
  }

  private void set(Watched watched) {
    var _ = ask(MessageType.WATCH, watched.path(), watched.path() + "\0" + watched.token() + "\0");
  }

  // ---- requests

  private CompletableFuture<byte[]> ask(MessageType type, String path, String payload) {
    CompletableFuture<byte[]> reply = new CompletableFuture<>();
    byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
    String why =
        closed
            ? "the connection was closed"
            : asked.size() >= MOST_ASKED
                ? "too much was asked already"
                : bytes.length > XenstoreWire.LONGEST
                    ? "it is longer than " + XenstoreWire.LONGEST + " bytes"
                    : null;
    if (why != null) {
      reply.completeExceptionally(failure(type, path, why));
      return reply;
    }
    int id = ++number;
    asked.put(id, new Asked(type, path, reply, loop.time()));
    if (late == null) {
      late = loop.schedule(PATIENCE, this::expire);
    }
    wire.send(type, id, bytes);
    if (!wire.connected()) {
      connect();
    }
    return reply;
  }

  /** Empty where xenstored says ENOENT. */
  private static <T> CompletableFuture<Optional<T>> optional(CompletableFuture<T> reply) {
    return orElse(
        reply.thenApply(Optional::of),
        "ENOENT",
        () -> CompletableFuture.completedFuture(Optional.empty()));
  }

  /** Something else where xenstored answers with a certain error. */
  private static <T> CompletableFuture<T> orElse(
      CompletableFuture<T> reply, String error, Supplier<CompletableFuture<T>> otherwise) {
    return reply.exceptionallyCompose(why -> {
      Throwable cause = cause(why);
      return String.valueOf(cause.getMessage()).endsWith(": " + error)
          ? otherwise.get()
          : CompletableFuture.failedFuture(cause);
    });
  }

  private IOException failure(MessageType type, String path, String why) {
    return new IOException("cannot " + type.verb + " " + path + " in xenstore: " + why);
  }

  private void expire() {
    late = null;
    long before = loop.time() - PATIENCE.toNanos();
    List<Asked> expired =
        asked.values().stream().filter(each -> each.since() - before <= 0).toList();
    if (!expired.isEmpty()) {
      // Its answers may come yet, and would be taken for others'.
      lost("no answer from " + address + " within " + PATIENCE.toSeconds() + " s");
    } else if (!asked.isEmpty()) {
      long next = asked.values().iterator().next().since() - before;
      late = loop.schedule(Duration.ofNanos(next), this::expire);
    }
  }

  // ---- the connection

  private void connect() {
    if (!closed && again == null) {
      wire.connect();
    }
  }

  private void received(int type, int id, byte[] payload) {
    if (type == MessageType.WATCH_EVENT.number) {
      String[] parts = XenstoreWire.text(payload).split("\0", -1);
      Watched watched = parts.length < 2 ? null : watches.get(parts[1]);
      if (watched != null) {
        watched.fired().fired(parts[0]);
      }
      return;
    }
    Asked request = asked.remove(id);
    if (request == null) {
      return;
    }
    if (type == MessageType.ERROR.number) {
      String why = XenstoreWire.text(payload).replace("\0", "");
      request.reply().completeExceptionally(failure(request.type(), request.path(), why));
    } else {
      request.reply().complete(payload);
    }
  }

  /** Everybody who waits hears of it; watches are kept for the next connection. */
  private void lost(String why) {
    wire.end();
    List<Asked> waiting = new ArrayList<>(asked.values());
    asked.clear();
    if (!watches.isEmpty() && !closed && again == null) {
      again =
          loop.schedule(
              PAUSE,
              () -> {
                again = null;
                connect();
              });
    }
    waiting.forEach(
        each -> each.reply().completeExceptionally(failure(each.type(), each.path(), why)));
  }

  /** Ends the connection; whoever waits is told. Idempotent. */
  @Override
  public void close() {
    closed = true;
    watches.clear();
    for (Timer timer : new @Nullable Timer[] {again, late}) {
      if (timer != null) {
        timer.cancel();
      }
    }
    lost("the connection was closed");
  }
}
