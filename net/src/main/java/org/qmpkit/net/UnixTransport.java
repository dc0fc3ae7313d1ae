package org.qmpkit.net;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code unix:/path}: UNIX stream sockets on the JDK's own channels.
 *
 * <p>When listening, {@code mode=} is the socket's mode in octal, 0600 if not given, and {@code
 * group=} its group by name or number. Abstract names and descriptors sent along need native code.
 */
public final class UnixTransport implements Transport {
  static final String CONNECT = "connect to";
  private static final String LISTEN = "listen on";
  private static final String DEFAULT_MODE = "0600";
  private static final Pattern MODE = Pattern.compile("0?([0-7])([0-7])([0-7])");
  private static final List<String> LISTEN_OPTIONS = List.of("mode", "group");

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
      Path path = path(CONNECT, address, List.of());
      return UnixConnect.start(address, path, loop, poller, timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    SelectorPoller poller = SelectorPoller.of(loop, LISTEN, address);
    Path path = path(LISTEN, address, LISTEN_OPTIONS);
    Set<PosixFilePermission> mode = mode(address);
    GroupPrincipal group = group(address, path);
    ServerSocketChannel channel = null;
    SocketFile file = null;
    Listener listener = null;
    try {
      channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.configureBlocking(false);
      file = SocketFile.bind(channel, address, path, mode, group);
      listener =
          ChannelListener.on(
              channel,
              loop,
              poller,
              address,
              (peer, number) -> address.scheme() + ":" + path + "#" + number,
              file::remove);
      return listener;
    } catch (TransportException e) {
      throw e;
    } catch (IOException e) {
      throw new TransportException(LISTEN, address, String.valueOf(e.getMessage()), "", true, e);
    } finally {
      if (listener == null) {
        if (file != null) {
          file.remove();
        }
        if (channel != null) {
          Channels.close(channel);
        }
      }
    }
  }

  private static Path path(String attempted, Address address, List<String> options)
      throws TransportException {
    String target = address.target();
    if (target.startsWith("@")) {
      throw unusable(
          attempted,
          address,
          "abstract names need the module net-linux, which is not in this build",
          "use a path",
          null);
    }
    Path path;
    try {
      address.checkOptions(options);
      path = Path.of(target);
    } catch (AddressException | InvalidPathException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it", e);
    }
    int length = ShortPath.length(path);
    if (length > ShortPath.SYSTEM_LIMIT) {
      throw unusable(
          attempted,
          address,
          "the path has " + length + " bytes, a socket's may have " + ShortPath.SYSTEM_LIMIT,
          "use a shorter one",
          null);
    }
    return path;
  }

  private static Set<PosixFilePermission> mode(Address address) throws TransportException {
    String mode = address.option("mode").orElse(DEFAULT_MODE);
    var digits = MODE.matcher(mode);
    if (!digits.matches()) {
      throw unusable(
          LISTEN,
          address,
          "mode '" + mode + "' is not three octal digits, as in 0660",
          "correct it",
          null);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= 3; i++) {
      int bits = Integer.parseInt(digits.group(i));
      text.append((bits & 4) != 0 ? 'r' : '-')
          .append((bits & 2) != 0 ? 'w' : '-')
          .append((bits & 1) != 0 ? 'x' : '-');
    }
    return PosixFilePermissions.fromString(text.toString());
  }

  private static @Nullable GroupPrincipal group(Address address, Path path)
      throws TransportException {
    String group = address.option("group").orElse("");
    if (group.isEmpty()) {
      return null;
    }
    try {
      return path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
    } catch (IOException e) {
      throw unusable(
          LISTEN,
          address,
          "there is no group '" + group + "' on this host",
          "create it: groupadd --system " + group,
          e);
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Exception e) {
    return new TransportException(attempted, address, reason, remedy, false, e);
  }
}
