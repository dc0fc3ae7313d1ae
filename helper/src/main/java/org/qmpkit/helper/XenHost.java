package org.qmpkit.helper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Xenstore;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The routes of a whole Xen host: one for each stub domain that xenstore tells of, and for each
 * domain that a drop-in has handed over, from when it comes until it ends. All on the loop's
 * thread; nothing blocks.
 */
final class XenHost implements AutoCloseable, StubDomains.Heard, Lease.Listener {
  /** The kernel's list of UNIX sockets; of ours, since a unit may hide what is not a process's. */
  static final Path SOCKETS = Path.of("/proc/self/net/unix");

  /** Leases of one route; a second is one that a crash has left. */
  private static final int MOST_LEASES = 16;

  /** A route that is, or is to be. */
  private static final class Served {
    final int domain;
    final RouteSpec spec;
    final Set<Lease> leases = new LinkedHashSet<>();

    /** Whether xenstore tells of it. */
    boolean found;

    /** Null while its socket is another program's. */
    @Nullable Route route;

    /** Why that is, as it was logged last. */
    String noted = "";

    Served(int domain, RouteSpec spec) {
      this.domain = domain;
      this.spec = spec;
    }
  }

  private final Supplier<House> house;
  private final Xenstore xenstore;
  private final StubDomainChannel channel;
  private final Path folder;
  private final Path sockets;
  private final StubDomains domains;

  /** By where they listen. */
  private final Map<Address, Served> served = new LinkedHashMap<>();

  /** Those that end, while they drain. */
  private final List<Route> ending = new ArrayList<>();

  private boolean closing;

  /**
   * Begins to serve.
   *
   * @param house for new routes, as it is when they begin
   * @param folder where libxl and libxenstat look for sockets
   * @param sockets usually {@link #SOCKETS}
   */
  XenHost(
      Supplier<House> house,
      Xenstore xenstore,
      StubDomainChannel channel,
      Path folder,
      Path sockets) {
    this.house = house;
    this.xenstore = xenstore;
    this.channel = channel;
    this.folder = folder;
    this.sockets = sockets;
    this.domains = new StubDomains(xenstore, house.get().log(), this);
  }

  /** All that listen. */
  List<Route> served() {
    List<Route> all = new ArrayList<>();
    for (Served each : served.values()) {
      if (each.route != null) {
        all.add(each.route);
      }
    }
    return all;
  }

  /** All that listen, and those that end. */
  List<Route> routes() {
    List<Route> all = served();
    all.addAll(ending);
    return all;
  }

  private void log(Severity severity, Served about, String text) {
    house.get().log().write(severity, about.spec.name(), "", text);
  }

  // ---- what xenstore tells

  @Override
  public void found(int guest, int stubDomain) {
    Address listen = Address.unix(folder.resolve("qmp-libxl-" + guest));
    Served before = served.get(listen);
    if (before == null || before.domain != stubDomain) {
      if (before != null) {
        end(before, "domain " + stubDomain + " is in its place");
      }
      String name = "guest " + guest + ", stub domain " + stubDomain;
      Address connect = channel.monitor(guest, stubDomain);
      before = new Served(stubDomain, new RouteSpec(name, listen, connect, false));
      served.put(listen, before);
    }
    before.found = true;
    start(before);
  }

  @Override
  public void gone(int guest, int stubDomain, String why) {
    Served gone = served.get(Address.unix(folder.resolve("qmp-libxl-" + guest)));
    if (gone != null && gone.domain == stubDomain) {
      end(gone, why);
    }
  }

  @Override
  public void changed() {
    for (Served each : List.copyOf(served.values())) {
      if (each.route == null) {
        start(each);
      } else if (!each.found) {
        lookForDomain(each);
      }
    }
  }

  /** One that xenstore does not tell of: nobody else notices its end. */
  private void lookForDomain(Served leased) {
    var _ =
        xenstore
            .exists(leased.domain)
            .thenAccept(exists -> {
              if (!exists && leased.equals(served.get(leased.spec.listen()))) {
                end(leased, "domain " + leased.domain + " has ended");
              }
            });
  }

  // ---- what drop-ins ask

  @Override
  public @Nullable String asked(Lease lease, LeaseRequest request) {
    if (closing) {
      return "this helper is ending";
    }
    RouteSpec wanted = request.route();
    Served at = served.get(wanted.listen());
    if (at == null) {
      at = new Served(request.domid(), wanted);
      served.put(wanted.listen(), at);
    } else if (!at.spec.connect().equals(wanted.connect())) {
      return wanted.listen() + " is already for " + at.spec.connect();
    } else if (at.leases.size() >= MOST_LEASES) {
      return wanted.listen() + " has " + MOST_LEASES + " leases already";
    }
    String why = start(at);
    if (why != null) {
      if (!at.found) {
        served.remove(wanted.listen());
      }
      return why;
    }
    at.leases.add(lease);
    log(Severity.INFO, at, "is served in the place of a drop-in");
    return null;
  }

  @Override
  public void over(Lease lease) {
    for (Served each : List.copyOf(served.values())) {
      if (each.leases.remove(lease) && each.leases.isEmpty() && !each.found) {
        end(each, "its drop-in has ended");
      }
    }
  }

  // ---- routes

  /**
   * Starts a route that is not started yet.
   *
   * @return why it can't be, or null
   */
  private @Nullable String start(Served wanted) {
    if (wanted.route != null || closing) {
      return null;
    }
    String why;
    try {
      why = objection(wanted.spec.listen());
      if (why.isEmpty()) {
        Route route = new SharedRoute(wanted.spec, house.get());
        route.start();
        wanted.route = route;
        wanted.noted = "";
        return null;
      }
    } catch (TransportException e) {
      why = String.valueOf(e.getMessage());
    }
    log(
        why.equals(wanted.noted) ? Severity.DEBUG : Severity.WARNING,
        wanted,
        "not served: " + why + " (looked at again when domains come or go)");
    wanted.noted = why;
    return why;
  }

  /**
   * Why a place is left alone: the kernel knows of a program that listens there, by that very name,
   * or can't be asked. To connect, and find out so, would do harm to Xen's own proxy: it makes the
   * next client read what was meant for this one.
   *
   * @return empty if nobody listens there
   */
  private String objection(Address place) {
    Path socket = Path.of(place.target());
    if (!Files.exists(socket)) {
      return "";
    }
    try {
      String listens = "00010000";
      String end = " " + socket;
      boolean held =
          Files.readAllLines(sockets, StandardCharsets.ISO_8859_1).stream()
              .anyMatch(line -> line.endsWith(end) && line.contains(" " + listens + " "));
      return held ? "another program listens on " + place : "";
    } catch (IOException e) {
      return "cannot tell whether another program listens on "
          + place
          + ", since "
          + sockets
          + " can't be read ("
          + e.getClass().getSimpleName()
          + "); remove the socket if none does";
    }
  }

  private void end(Served gone, String why) {
    served.remove(gone.spec.listen());
    log(Severity.INFO, gone, "ends: " + why);
    Route route = gone.route;
    gone.route = null;
    if (route != null) {
      ending.add(route);
      House current = house.get();
      Draining.of(
          List.of(route), current.loop(), current.bounds().drain(), () -> ending.remove(route));
    }
    List.copyOf(gone.leases).forEach(each -> each.end(why));
  }

  /**
   * Begins nothing more. What is there is drained and closed by whoever asks for {@link #routes}.
   */
  void drain() {
    closing = true;
    domains.close();
  }

  @Override
  public void close() {
    drain();
    routes().forEach(Route::close);
    served.clear();
    xenstore.close();
  }
}
