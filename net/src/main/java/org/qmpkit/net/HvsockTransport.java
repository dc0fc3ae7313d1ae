package org.qmpkit.net;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code hvsock:/path:PORT}: a guest's vsock as Firecracker and Cloud Hypervisor show it on the
 * host, by UNIX sockets. No kernel module is needed.
 *
 * <p>To connect to the guest is to connect to {@code /path}, which is the hypervisor's, and to ask
 * for the port there. Guests that connect to the host's CID 2 arrive at the UNIX socket {@code
 * /path_PORT}, which a listener makes; {@code mode=} and {@code group=} are as for {@code unix:}.
 *
 * @see <a href="https://github.com/firecracker-microvm/firecracker/blob/main/docs/vsock.md">
 *     Firecracker's vsock.md</a>
 */
public final class HvsockTransport implements Transport {
  private static final int BACKLOG = 128;

  /** For the service loader. */
  public HvsockTransport() {}

  @Override
  public String scheme() {
    return "hvsock";
  }

  @Override
  public String summary() {
    return "a guest's vsock by the UNIX socket of Firecracker or Cloud Hypervisor";
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
      HvsockPlace place = HvsockPlace.of(TcpTransport.CONNECT, address, List.of());
      return HvsockConnect.start(address, place, loop, poller, timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    SocketPoller poller = TcpTransport.poller(TcpTransport.LISTEN, address, loop);
    HvsockPlace place = HvsockPlace.of(TcpTransport.LISTEN, address, List.of("mode", "group"));
    SocketFile file = null;
    Listener listener = null;
    try {
      file = SocketFile.bind(poller, address, place.listening(address), BACKLOG);
      String prefix = address.scheme() + ":" + address.target() + "#";
      listener =
          poller.listen(
              file.bound(), loop, address, (from, number) -> prefix + number, file::remove);
      return listener;
    } catch (TransportException e) {
      throw e;
    } catch (IOException e) {
      throw unusable(
          TcpTransport.LISTEN, address, String.valueOf(e.getMessage()), "choose another path", e);
    } finally {
      if (file != null && listener == null) {
        file.remove();
        file.bound().close();
      }
    }
  }

  private static TransportException unusable(
      String attempted, Address address, String reason, String remedy, @Nullable Exception e) {
    return new TransportException(attempted, address, reason, remedy, false, e);
  }
}
