package org.qmpkit.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code tcp:HOST:PORT}: TCP, with TCP_NODELAY.
 *
 * <p>An empty host is the loopback, both to connect to and to listen on; every interface is
 * listened on only where {@code 0.0.0.0} (IPv4) or {@code [::]} (both) is written. Nothing is
 * encrypted and nobody is asked who they are.
 */
public final class TcpTransport implements Transport {
  static final String CONNECT = "connect to";
  static final String LISTEN = "listen on";
  private static final int BACKLOG = 128;

  /** For the service loader. */
  public TcpTransport() {}

  @Override
  public String scheme() {
    return "tcp";
  }

  @Override
  public String summary() {
    return "TCP, neither encrypted nor authenticated";
  }

  @Override
  public Class<? extends Poller> poller() {
    return SocketPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      SocketPoller poller = poller(CONNECT, address, loop);
      check(CONNECT, address);
      if (address.port() == 0) {
        throw unusable(CONNECT, address, "port 0 is for listening", "name the port", null);
      }
      return TcpConnect.start(address, loop, poller, timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>A host that is a name, not a literal, is looked up here and now, and blocks for that.
   */
  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    SocketPoller poller = poller(LISTEN, address, loop);
    check(LISTEN, address);
    return open(address, loop, poller);
  }

  /** Listens on the host and port of an address whose options are checked. */
  static Listener open(Address address, Loop loop, SocketPoller poller) throws TransportException {
    InetAddress host = listeningHost(address);
    SocketPoller.Bound bound = null;
    Listener listener = null;
    try {
      bound = poller.bind(new InetSocketAddress(host, address.port()), BACKLOG);
      Address real =
          bound.address() instanceof InetSocketAddress at
              ? address.withPort(at.getPort())
              : address;
      listener =
          poller.listen(
              bound, loop, real, (from, number) -> name(from, address.scheme()), () -> {});
      return listener;
    } catch (IOException | UnsupportedOperationException e) {
      throw new TransportException(
          LISTEN,
          address,
          String.valueOf(e.getMessage()),
          "choose another port or host; 'ss -ltnp' shows who listens",
          true,
          e);
    } finally {
      if (bound != null && listener == null) {
        bound.close();
      }
    }
  }

  /** The address of a literal, without asking anybody; null for a name. */
  static @Nullable InetAddress literal(String host) {
    try {
      return InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  static List<InetAddress> loopback() {
    return List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"));
  }

  private static String name(SocketAddress from, String scheme) {
    return from instanceof InetSocketAddress peer
        ? scheme + ":" + Address.tcp(peer.getAddress().getHostAddress(), peer.getPort()).target()
        : scheme;
  }

  /** The poller of a loop that must know sockets. */
  static SocketPoller poller(String attempted, Address address, Loop loop)
      throws TransportException {
    if (loop.poller() instanceof SocketPoller poller) {
      return poller;
    }
    throw unusable(
        attempted,
        address,
        "this transport needs a loop that knows sockets, this one is on "
            + loop.poller().getClass().getSimpleName(),
        "use a loop of its own for it",
        null);
  }

  private static InetAddress listeningHost(Address address) throws TransportException {
    String host = address.host();
    if (host.isEmpty()) {
      return loopback().getFirst();
    }
    InetAddress literal = literal(host);
    if (literal != null) {
      return literal;
    }
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw unusable(LISTEN, address, "host '" + host + "' is not known", "write its address", e);
    }
  }

  private static void check(String attempted, Address address) throws TransportException {
    try {
      address.checkOptions(List.of());
    } catch (AddressException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it", e);
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Exception e) {
    return new TransportException(attempted, address, reason, remedy, false, e);
  }
}
