package org.qmpkit.net.linux;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.SocketPoller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/**
 * {@code vsock:CID:PORT}: sockets between a host and its guests, vsock(7). To listen, {@code any}
 * is every CID of this machine, and port 0 one that the system chooses.
 *
 * <p>A listener whose backlog is full refuses, so a connection fails as if nobody listened. Nobody
 * says who is on the other end; peers are called by CID and port.
 */
public final class VsockTransport implements Transport {
  static final String CONNECT = "connect to";
  static final String LISTEN = "listen on";
  private static final int BACKLOG = 128;
  private static final String MODULES =
      "modprobe vhost_vsock on a host, vmw_vsock_virtio_transport in a guest, vsock_loopback for"
          + " CID 1";

  /** For the service loader. */
  public VsockTransport() {}

  @Override
  public String scheme() {
    return "vsock";
  }

  @Override
  public String summary() {
    return "sockets between a host and its guests";
  }

  @Override
  public Class<? extends Poller> poller() {
    return EpollPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    Optional<String> why = Libc.unavailable();
    if (why.isPresent()) {
      return why;
    }
    try {
      Libc.call(Libc.C.close(), Sockets.open(SocketAddresses.VSOCK));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("this kernel has no vsock (" + e.getMessage() + "); " + MODULES);
    }
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      VsockAddress to = VsockAddress.toConnect(address);
      return VsockConnect.start(
          address, to, loop, (EpollPoller) loop.poller(), timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    VsockAddress at = VsockAddress.toListen(address);
    EpollPoller poller = (EpollPoller) loop.poller();
    SocketPoller.Bound bound = null;
    Listener listener = null;
    try {
      bound = poller.bind(at, BACKLOG);
      Address real = new Address(address.scheme(), bound.address().toString(), address.options());
      listener =
          poller.listen(
              bound, loop, real, (from, number) -> address.scheme() + ":" + from, () -> {});
      return listener;
    } catch (IOException e) {
      throw failure(LISTEN, address, at, e);
    } finally {
      if (bound != null && listener == null) {
        bound.close();
      }
    }
  }

  /** What the system's word means for a socket of this kind. */
  static TransportException failure(
      String attempted, Address address, VsockAddress place, IOException e) {
    String cid = Integer.toUnsignedString(place.cid());
    String port = Integer.toUnsignedString(place.port());
    return switch (Errno.of(e)) {
      case Errno.EAFNOSUPPORT ->
          failure(attempted, address, "this kernel has no vsock", MODULES, false, e);
      case Errno.ENODEV, Errno.ENETUNREACH, Errno.EHOSTUNREACH ->
          failure(attempted, address, "there is no way to CID " + cid, MODULES, true, e);
      case Errno.ECONNRESET, Errno.ECONNREFUSED ->
          failure(
              attempted,
              address,
              "nobody listens there, or too many wait there already",
              "start the program that should listen on port " + port,
              true,
              e);
      case Errno.ETIMEDOUT ->
          failure(
              attempted,
              address,
              "CID " + cid + " does not answer",
              "see whether that machine runs and has a vsock device",
              true,
              e);
      case Errno.EADDRNOTAVAIL ->
          failure(
              attempted,
              address,
              place.cid() == VsockAddress.ANY
                  ? "there is no free port"
                  : "CID " + cid + " is not this machine's",
              "listen on vsock:any:PORT",
              false,
              e);
      case Errno.EADDRINUSE ->
          failure(
              attempted,
              address,
              "another program listens on port " + port,
              "choose another port; 'ss --vsock -lp' shows who listens",
              true,
              e);
      case Errno.EACCES, Errno.EPERM ->
          failure(
              attempted,
              address,
              "permission denied",
              "choose a port from 1024 on; those below are root's",
              false,
              e);
      default -> failure(attempted, address, String.valueOf(e.getMessage()), MODULES, true, e);
    };
  }

  private static TransportException failure(
      String attempted,
      Address address,
      String reason,
      String remedy,
      boolean retryable,
      IOException e) {
    return new TransportException(attempted, address, reason, remedy, retryable, e);
  }
}
