package org.qmpkit.net;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code unix:/path} and {@code unix:@name}: UNIX stream sockets.
 *
 * <p>When listening, {@code mode=} is the socket's mode in octal, 0600 if not given, and {@code
 * group=} its group by name or number; an abstract name has neither, and every user of this network
 * namespace may connect to it. {@code fd=N} is a socket that listens there already, which this
 * process was started with. {@code fds=on} says that descriptors are to be passed along. These two
 * and abstract names need a {@link NativePoller}.
 */
public final class UnixTransport implements Transport {
  static final String CONNECT = "connect to";
  private static final String LISTEN = "listen on";
  private static final int BACKLOG = 128;
  private static final int LONGEST_NAME = 106;
  private static final List<String> CONNECT_OPTIONS = List.of("fds");
  private static final List<String> LISTEN_OPTIONS = List.of("mode", "group", "fds", "fd");
  private static final List<String> ABSTRACT_OPTIONS = List.of("fds");

  /** For the service loader. */
  public UnixTransport() {}

  @Override
  public String scheme() {
    return "unix";
  }

  @Override
  public String summary() {
    return "UNIX stream sockets";
  }

  @Override
  public Class<? extends Poller> poller() {
    return SocketPoller.class;
  }

  @Override
  public Class<? extends Poller> poller(Address address) {
    return isAbstract(address)
            || "on".equals(address.options().get("fds"))
            || address.option("fd").isPresent()
        ? NativePoller.class
        : SocketPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Optional.empty();
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      SocketPoller poller = TcpTransport.poller(CONNECT, address, loop);
      check(CONNECT, address, CONNECT_OPTIONS);
      Path path = isAbstract(address) ? null : SocketPlace.path(CONNECT, address);
      SocketAddress name =
          path == null ? name(CONNECT, address, poller) : UnixDomainSocketAddress.of(path);
      return UnixConnect.start(address, path, name, loop, poller, timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    SocketPoller poller = TcpTransport.poller(LISTEN, address, loop);
    check(LISTEN, address, isAbstract(address) ? ABSTRACT_OPTIONS : LISTEN_OPTIONS);
    SocketPoller.Bound bound = null;
    SocketFile file = null;
    Listener listener = null;
    try {
      if (isAbstract(address)) {
        bound = poller.bind(name(LISTEN, address, poller), BACKLOG);
      } else if (address.option("fd").isPresent()) {
        bound = inherited(address, poller);
        file = SocketFile.adopt(address, SocketPlace.path(LISTEN, address), bound);
      } else {
        file = SocketFile.bind(poller, address, SocketPlace.of(address), BACKLOG);
        bound = file.bound();
      }
      String prefix = address.scheme() + ":" + address.target() + "#";
      listener =
          poller.listen(
              bound,
              loop,
              address,
              (from, number) -> prefix + number,
              file == null ? () -> {} : file::remove);
      return listener;
    } catch (TransportException e) {
      throw e;
    } catch (IOException e) {
      throw unusable(LISTEN, address, String.valueOf(e.getMessage()), "choose another name", e);
    } finally {
      if (listener == null) {
        if (file != null) {
          file.remove();
        }
        if (bound != null) {
          bound.close();
        }
      }
    }
  }

  private static SocketPoller.Bound inherited(Address address, SocketPoller poller)
      throws TransportException {
    String number = address.option("fd").orElseThrow();
    if (!number.matches("[0-9]{1,9}")
        || address.option("mode").or(() -> address.option("group")).isPresent()) {
      throw unusable(
          LISTEN,
          address,
          "fd=" + number + " is to be the number of a socket whose file has mode and group already",
          "correct it",
          null);
    }
    if (poller instanceof NativePoller own) {
      return own.inherited(Integer.parseInt(number), address);
    }
    throw unusable(LISTEN, address, "fd= needs a native poller", "leave it out", null);
  }

  private static boolean isAbstract(Address address) {
    return address.target().startsWith("@");
  }

  private static SocketAddress name(String attempted, Address address, SocketPoller poller)
      throws TransportException {
    String name = address.target().substring(1);
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_NAME) {
      throw unusable(
          attempted,
          address,
          "the name has " + length + " bytes, an abstract one may have " + LONGEST_NAME,
          "use a shorter one",
          null);
    }
    if (poller instanceof NativePoller own) {
      return own.abstractName(name);
    }
    throw unusable(attempted, address, "abstract names need a native poller", "use a path", null);
  }

  private static void check(String attempted, Address address, List<String> options)
      throws TransportException {
    try {
      address.checkOptions(options);
      address.flag("fds", false);
    } catch (AddressException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it", e);
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Exception e) {
    return new TransportException(attempted, address, reason, remedy, false, e);
  }
}
