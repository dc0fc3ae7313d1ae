package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/**
 * {@code pty:/dev/...}: a terminal, a serial line or another device of characters.
 *
 * <p>A terminal is put in raw mode and gets its modes back at the close; its speed stays as it is.
 * Closing a serial line that is still sending waits for that in the kernel. To listen is to make a
 * terminal that {@code /...} is a symbolic link to.
 */
public final class PtyTransport implements Transport {
  static final String CONNECT = "connect to";
  static final String LISTEN = "listen on";

  /** For the service loader. */
  public PtyTransport() {}

  @Override
  public String scheme() {
    return "pty";
  }

  @Override
  public String summary() {
    return "a terminal or serial line; to listen, a terminal of our own";
  }

  @Override
  public Class<? extends Poller> poller() {
    return EpollPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Libc.unavailable();
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    Path path;
    try {
      path = path(CONNECT, address);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
    AtomicBoolean over = new AtomicBoolean();
    loop.execute(() -> {
      if (over.compareAndSet(false, true)) {
        open(address, path, loop, connecting);
      }
    });
    return () -> over.set(true);
  }

  private static void open(Address address, Path path, Loop loop, Connecting connecting) {
    PtyEndpoint endpoint;
    try {
      endpoint = endpoint(address, path, (EpollPoller) loop.poller());
    } catch (TransportException e) {
      connecting.failed(e);
      return;
    }
    try {
      connecting.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  private static PtyEndpoint endpoint(Address address, Path path, EpollPoller poller)
      throws TransportException {
    // The kernel watches no files.
    if (Files.isRegularFile(path) || Files.isDirectory(path)) {
      throw unusable(CONNECT, address, "it is no device", "name a terminal or serial line", null);
    }
    int descriptor = -1;
    boolean watched = false;
    try {
      descriptor = Terminals.open(path.toString());
      int opened = descriptor;
      byte[] before = Terminals.makeRaw(opened);
      Watch watch =
          poller.watch(
              opened,
              Watch.NOBODY,
              () -> {
                Terminals.restore(opened, before);
                Libc.call(C.close(), opened);
              });
      watched = true;
      return PtyEndpoint.on(watch, poller, address.toString());
    } catch (IOException e) {
      throw refused(address, e);
    } finally {
      if (descriptor >= 0 && !watched) {
        Libc.call(C.close(), descriptor);
      }
    }
  }

  private static TransportException refused(Address address, IOException e) {
    boolean forbidden = Errno.of(e) == Errno.EACCES;
    return new TransportException(
        CONNECT,
        address,
        String.valueOf(e.getMessage()),
        forbidden
            ? "run as its owner, or join its group; 'ls -lL' shows both"
            : "start what makes that device, or name another",
        !forbidden,
        e);
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    Path path = path(LISTEN, address);
    if (path.startsWith("/dev/pts")) {
      throw unusable(
          LISTEN, address, "the system names terminals itself", "name a link to make", null);
    }
    return PtyListener.open(address, new PtyLink(address, path), loop, (EpollPoller) loop.poller());
  }

  private static Path path(String attempted, Address address) throws TransportException {
    try {
      address.checkOptions(List.of());
      return Path.of(address.target()).toAbsolutePath();
    } catch (AddressException | InvalidPathException e) {
      throw unusable(attempted, address, String.valueOf(e.getMessage()), "correct it", e);
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Exception e) {
    return new TransportException(attempted, address, reason, remedy, false, e);
  }
}
