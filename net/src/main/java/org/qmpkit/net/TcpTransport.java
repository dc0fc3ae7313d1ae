package org.qmpkit.net;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
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
    return SelectorPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      SelectorPoller poller = SelectorPoller.of(loop, CONNECT, address);
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
    SelectorPoller poller = SelectorPoller.of(loop, LISTEN, address);
    check(LISTEN, address);
    return open(address, loop, poller);
  }

  /** Listens on the host and port of an address whose options are checked. */
  static ChannelListener open(Address address, Loop loop, SelectorPoller poller)
      throws TransportException {
    InetAddress host = listeningHost(address);
    ServerSocketChannel channel = null;
    ChannelListener listener = null;
    try {
      // Of the literal's own family: else 0.0.0.0 would take in IPv6 as well.
      channel = ServerSocketChannel.open(family(host));
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(new InetSocketAddress(host, address.port()), BACKLOG);
      listener =
          ChannelListener.on(
              channel,
              loop,
              poller,
              address.withPort(channel.socket().getLocalPort()),
              (peer, number) -> accepted(peer, address.scheme()),
              () -> {});
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
      if (channel != null && listener == null) {
        Channels.close(channel);
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

  static ProtocolFamily family(InetAddress address) {
    return address instanceof Inet4Address
        ? StandardProtocolFamily.INET
        : StandardProtocolFamily.INET6;
  }

  /** The options of every connection, whichever side began it. */
  static void setOptions(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
  }

  static List<InetAddress> loopback() {
    return List.of(InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("::1"));
  }

  private static String accepted(SocketChannel channel, String scheme) throws IOException {
    setOptions(channel);
    if (channel.getRemoteAddress() instanceof InetSocketAddress peer) {
      Address address = Address.tcp(peer.getAddress().getHostAddress(), peer.getPort());
      return scheme + ":" + address.target();
    }
    return scheme;
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
