package org.qmpkit.net.linux;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.AcceptInterest;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SocketPoller;
import org.qmpkit.net.Source;
import org.qmpkit.net.TransportException;

/** A {@link Listener} on a listening socket. */
final class SocketListener implements Listener, Source {
  private final int socket;
  private final int family;
  private final EpollPoller poller;
  private final Address address;
  private final SocketPoller.PeerName names;
  private final Runnable afterwards;
  private final AcceptInterest interest;
  private final Watch watch;
  private final boolean fds;
  private final AtomicBoolean closed = new AtomicBoolean();
  private long count;

  /** Takes over a bound socket, without interest. */
  SocketListener(
      BoundSocket bound,
      Loop loop,
      EpollPoller poller,
      Address address,
      SocketPoller.PeerName names,
      Runnable afterwards) {
    this.family = bound.family();
    this.socket = bound.take();
    this.poller = poller;
    this.address = address;
    this.names = names;
    this.afterwards = afterwards;
    this.fds = family == SocketAddresses.UNIX && address.flag("fds", false);
    this.interest = new AcceptInterest(loop, address, this::watch);
    this.watch = poller.watch(socket, this);
  }

  @Override
  public void onWaiting(Runnable handler) {
    interest.handler(handler);
  }

  @Override
  public void interest(boolean waiting) {
    interest.set(waiting);
  }

  private void watch(boolean peers) {
    poller.interest(watch, peers ? EpollPoller.IN : 0);
  }

  @Override
  public @Nullable Endpoint accept() throws IOException {
    if (watch.closed) {
      return null;
    }
    int peer = Sockets.accept(socket);
    if (peer == -Errno.EAGAIN || peer == -Errno.ECONNABORTED || peer == -Errno.EINTR) {
      return null;
    }
    if (peer < 0) {
      interest.rest();
      throw new TransportException(
          "accept a peer on",
          address,
          Libc.text(peer),
          "raise the limit on open files if that is what it says",
          true,
          Errno.exception(-peer));
    }
    Sockets.setConnectionOptions(peer, family, poller.scratch());
    SocketAddress from = Sockets.remote(peer, poller.scratch());
    String name = names.of(from, ++count);
    SocketEndpoint endpoint = SocketEndpoint.on(poller.watch(peer, this), poller, family, name);
    return fds ? poller.withDescriptors(endpoint) : endpoint;
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    interest.call();
  }

  @Override
  public void failed() {
    interest.rest();
  }

  @Override
  public String peer() {
    return address.toString();
  }

  @Override
  public void close() {
    // The name goes first: whoever finds it gone knows that nobody listens.
    if (closed.compareAndSet(false, true)) {
      afterwards.run();
      poller.close(watch);
    }
  }

  @Override
  public String toString() {
    return peer();
  }
}
