package org.qmpkit.net;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * {@code tls:HOST:PORT[,cert=PEM,key=PEM,ca=PEM,authz=DN]}: TLS 1.3 on TCP, and nothing older.
 *
 * <p>{@code cert=} and {@code key=} are what this side shows; a listener needs them. {@code ca=}
 * has the authorities that may vouch for the peer: with it a listener demands a certificate, and a
 * connector believes no other authority; without it a listener asks for none, and a connector
 * believes those of the JDK. A connector also demands that the certificate is for the host it
 * dialled; an empty host is the loopback, by the name {@code localhost}. {@code authz=} is the
 * subject (RFC 2253) that the peer's certificate must have, on either side.
 *
 * <p>The files are read at each connection, or when listening begins. Certificates are not looked
 * up in revocation lists, and no session is resumed: each connection proves anew who is there.
 *
 * <p>An end of output is TLS's close_notify, and the other direction goes on. A connection that
 * ends without it was cut, by a peer that died or by somebody between: reading it fails, after what
 * was received whole. {@link Endpoint#close} leaves at most one record to the system to be sent,
 * and gives its descriptor back when that has gone, or after 5 s.
 */
public final class TlsTransport implements Transport {

  /** For the service loader. */
  public TlsTransport() {}

  @Override
  public String scheme() {
    return "tls";
  }

  @Override
  public String summary() {
    return "TLS 1.3 on TCP, with certificates";
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
      SocketPoller poller = TcpTransport.poller(TcpTransport.CONNECT, address, loop);
      check(TcpTransport.CONNECT, address);
      if (address.port() == 0) {
        throw unusable(TcpTransport.CONNECT, address, "port 0 is for listening", "name the port");
      }
      return TlsConnect.start(address, loop, poller, timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Peers shake hands as they come, whether or not anybody is interested in them yet; at most 64
   * are under way or wait to be accepted, then the next ones wait in the system's backlog. A
   * handshake may take 5 s, or 1 s while others wait for its place. Reading the files, and looking
   * up a host that is a name, block.
   */
  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    SocketPoller poller = TcpTransport.poller(TcpTransport.LISTEN, address, loop);
    check(TcpTransport.LISTEN, address);
    return TlsListener.open(address, loop, poller);
  }

  private static void check(String attempted, Address address) throws TransportException {
    try {
      address.checkOptions(List.of("cert", "key", "ca", "authz"));
    } catch (AddressException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it");
    }
    boolean listens = attempted.equals(TcpTransport.LISTEN);
    boolean shows = address.option("cert").isPresent();
    if (shows != address.option("key").isPresent()) {
      throw unusable(attempted, address, "cert= and key= go together", "give both");
    }
    if (listens && !shows) {
      throw unusable(
          attempted, address, "a TLS listener needs a certificate", "add cert= and key=");
    }
    if (listens && address.option("authz").isPresent() && address.option("ca").isEmpty()) {
      throw unusable(
          attempted, address, "authz= needs ca=, else nobody shows a certificate", "add ca=");
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy) {
    return new TransportException(attempted, address, reason, remedy, false, null);
  }
}
