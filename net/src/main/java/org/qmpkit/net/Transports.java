package org.qmpkit.net;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The transports there are, chosen by an address's scheme and, where a scheme has several, by the
 * poller of the loop. Immutable.
 */
public final class Transports {
  private static final String CONNECT = "connect to";
  private static final String LISTEN = "listen on";

  private final List<Transport> all;

  private Transports(List<Transport> all) {
    this.all = all.stream().sorted((a, b) -> a.scheme().compareTo(b.scheme())).toList();
  }

  /** Every transport that this program's modules provide. */
  public static Transports load() {
    ModuleLayer layer = Transports.class.getModule().getLayer();
    // Modules alone, where there are any: a look at the class path opens files, at each start.
    ServiceLoader<Transport> provided =
        layer == null
            ? ServiceLoader.load(Transport.class)
            : ServiceLoader.load(layer, Transport.class);
    return new Transports(provided.stream().map(ServiceLoader.Provider::get).toList());
  }

  /** These transports and no others. */
  public static Transports of(Transport... transports) {
    return new Transports(List.of(transports));
  }

  /** All of them, by scheme. */
  public List<Transport> all() {
    return all;
  }

  /**
   * Connects without blocking, as {@link Transport#connect}; an address without a usable transport
   * fails in a later turn.
   *
   * @throws IllegalArgumentException if the timeout is not more than 0
   */
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    if (!timeout.isPositive()) {
      throw new IllegalArgumentException("timeout is " + timeout + "; it must be more than 0 s");
    }
    Transport transport;
    try {
      transport = choose(CONNECT, address, loop);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
    return transport.connect(address, loop, timeout, connecting);
  }

  /**
   * Listens, as {@link Transport#listen}.
   *
   * @throws TransportException if no transport can serve the address, or it cannot listen there
   */
  public Listener listen(Address address, Loop loop) throws TransportException {
    return choose(LISTEN, address, loop).listen(address, loop);
  }

  /**
   * Says whether an address can be used at all on a loop.
   *
   * @throws TransportException if there is no transport for it here, or it names what no transport
   *     could reach; with the reason and a remedy
   */
  public void check(Address address, Loop loop) throws TransportException {
    choose("use", address, loop).check(address);
  }

  private Transport choose(String attempted, Address address, Loop loop) throws TransportException {
    List<Transport> candidates = candidates(attempted, address);
    List<Transport> fitting =
        candidates.stream().filter(t -> t.poller(address).isInstance(loop.poller())).toList();
    if (fitting.isEmpty()) {
      throw unusable(
          attempted,
          address,
          address.scheme()
              + ": works on a loop with "
              + candidates.getFirst().poller(address).getSimpleName()
              + ", this one has "
              + loop.poller().getClass().getSimpleName(),
          "use a loop of its own for it");
    }
    Transport chosen =
        fitting.stream()
            .filter(t -> t.unavailable().isEmpty())
            .findFirst()
            .orElse(fitting.getFirst());
    String why = chosen.unavailable().orElse("");
    if (!why.isEmpty()) {
      chosen.check(address); // a mistake in it would stay when what is missing has come
      throw unusable(attempted, address, why, "");
    }
    return chosen;
  }

  private List<Transport> candidates(String attempted, Address address) throws TransportException {
    List<Transport> candidates =
        all.stream().filter(t -> t.scheme().equals(address.scheme())).toList();
    if (candidates.isEmpty()) {
      throw unusable(
          attempted,
          address,
          "there is no transport for " + address.scheme() + ": in this build",
          "use one of " + String.join(", ", schemes()));
    }
    return candidates;
  }

  /**
   * A poller on which all of these addresses can be used: the JDK's selector where that can, since
   * it is smaller and starts sooner, else one of the kinds that this program's modules provide.
   *
   * @throws TransportException if an address has no transport, or there is no such poller here,
   *     with the reason
   * @throws IOException if the process has no descriptors left
   */
  public Poller poller(Collection<Address> addresses) throws IOException {
    Address picky = null;
    Class<? extends Poller> needed = SelectorPoller.class;
    for (Address address : addresses) {
      Class<? extends Poller> kind = candidates("use", address).getFirst().poller(address);
      if (!kind.isAssignableFrom(needed)) {
        picky = address;
        needed = kind;
      }
    }
    return picky == null ? new SelectorPoller() : open(needed, picky);
  }

  private static Poller open(Class<? extends Poller> needed, Address address) throws IOException {
    String why = "this build has no " + needed.getSimpleName() + " for it";
    for (PollerKind kind : ServiceLoader.load(PollerKind.class)) {
      if (needed.isAssignableFrom(kind.type())) {
        Optional<String> unavailable = kind.unavailable();
        if (unavailable.isEmpty()) {
          return kind.open();
        }
        why = unavailable.get();
      }
    }
    throw unusable("use", address, why, "");
  }

  private List<String> schemes() {
    return all.stream().map(t -> t.scheme() + ":").distinct().toList();
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy) {
    return new TransportException(attempted, address, reason, remedy, false, null);
  }
}
