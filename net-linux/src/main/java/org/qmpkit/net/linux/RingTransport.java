package org.qmpkit.net.linux;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/** What the transports on Argo's and on V4V's devices have in common, which is all but numbers. */
abstract sealed class RingTransport implements Transport permits ArgoTransport, V4vTransport {
  static final String CONNECT = "connect to";
  static final String LISTEN = "listen on";

  private final ArgoAbi abi;
  private final String summary;

  /** Whether it could be used once, which costs a ring to find out. */
  private volatile boolean usable;

  RingTransport(ArgoAbi abi, String summary) {
    this.abi = abi;
    this.summary = summary;
  }

  @Override
  public final String scheme() {
    return abi.scheme();
  }

  @Override
  public final String summary() {
    return summary;
  }

  @Override
  public final Class<? extends Poller> poller() {
    return EpollPoller.class;
  }

  @Override
  public final void check(Address address) throws TransportException {
    ArgoPlace.of("use", abi, address, address.server());
  }

  /** The devices are there without Xen's part, too: so this makes a ring, and gives it back. */
  @Override
  public final Optional<String> unavailable() {
    Optional<String> why = Libc.unavailable();
    if (why.isEmpty() && !usable) {
      why = Optional.ofNullable(probe());
      usable = why.isEmpty();
    }
    return why;
  }

  private @Nullable String probe() {
    try (Arena arena = Arena.ofConfined()) {
      Address anywhere = new Address(abi.scheme(), "0", Map.of("localport", "0"));
      ArgoMemory memory = new ArgoMemory(arena, arena.allocate(1));
      ArgoRing.bind(ArgoPlace.of("use", abi, anywhere, false), memory).close();
      return null;
    } catch (ArgoRefused e) {
      return ArgoRefused.unavailable(abi, e);
    } catch (TransportException e) {
      throw new AssertionError("every domain may be named", e);
    }
  }

  @Override
  public final Attempt connect(
      Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      ArgoPlace place = ArgoPlace.of(CONNECT, abi, address, false);
      return ArgoConnect.start(
          address, place, loop, (EpollPoller) loop.poller(), timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  @Override
  public final Listener listen(Address address, Loop loop) throws TransportException {
    ArgoPlace place = ArgoPlace.of(LISTEN, abi, address, true);
    EpollPoller poller = (EpollPoller) loop.poller();
    return place.stream()
        ? ArgoStreamListener.open(address, place, loop, poller)
        : ArgoListener.open(address, place, loop, poller);
  }
}
