package org.qmpkit.net.linux;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.NativePoller;
import org.qmpkit.net.OnceListener;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/**
 * {@code fd:N} and {@code fd:NAME}: stream sockets that this process was started with, by number or
 * by the name that socket activation gave them. One that listens is listened on; one that is
 * connected can be either end, once. {@code fds=on} as for UNIX sockets.
 */
public final class InheritedTransport implements Transport {
  private static final String CONNECT = "connect to";
  private static final String LISTEN = "listen on";

  private final Inherited inherited;

  /** For the service loader. */
  public InheritedTransport() {
    this(Inherited.OWN);
  }

  InheritedTransport(Inherited inherited) {
    this.inherited = inherited;
  }

  @Override
  public String scheme() {
    return "fd";
  }

  @Override
  public String summary() {
    return "sockets this process was started with";
  }

  @Override
  public Class<? extends Poller> poller() {
    return NativePoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Libc.unavailable();
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    AtomicBoolean over = new AtomicBoolean();
    loop.execute(() -> {
      if (over.compareAndSet(false, true)) {
        connect(address, loop, connecting);
      }
    });
    return () -> over.set(true);
  }

  private void connect(Address address, Loop loop, Connecting connecting) {
    Endpoint endpoint;
    try {
      EpollPoller poller = poller(CONNECT, address, loop);
      Inherited.Socket socket = inherited.find(CONNECT, address, poller.scratch());
      if (socket.listens()) {
        throw Inherited.unusable(
            CONNECT, address, "it listens", "write " + address + ",server=on to take calls there");
      }
      endpoint = endpoint(poller, inherited.take(CONNECT, address, socket), address);
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

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    EpollPoller poller = poller(LISTEN, address, loop);
    Inherited.Socket socket =
        inherited.take(LISTEN, address, inherited.find(LISTEN, address, poller.scratch()));
    if (!socket.listens()) {
      // Its peer has been there from the beginning.
      Endpoint peer = endpoint(poller, socket, address);
      return new OnceListener(loop, address, () -> peer, peer::close);
    }
    String prefix = address.scheme() + ":" + address.target() + "#";
    BoundSocket bound = BoundSocket.inherited(socket.descriptor(), socket.family());
    return poller.listen(bound, loop, address, (from, number) -> prefix + number, () -> {});
  }

  private static Endpoint endpoint(EpollPoller poller, Inherited.Socket socket, Address address) {
    SocketEndpoint endpoint =
        poller.adopt(socket.descriptor(), socket.family(), address.toString());
    return address.flag("fds", false) ? poller.withDescriptors(endpoint) : endpoint;
  }

  private static EpollPoller poller(String attempted, Address address, Loop loop)
      throws TransportException {
    try {
      address.checkOptions(List.of("fds"));
      address.flag("fds", false);
    } catch (AddressException e) {
      throw Inherited.unusable(attempted, address, String.valueOf(e.getMessage()), "correct it");
    }
    if (loop.poller() instanceof EpollPoller own) {
      return own;
    }
    throw Inherited.unusable(
        attempted, address, "it works on a loop with epoll", "use a loop of its own for it");
  }
}
