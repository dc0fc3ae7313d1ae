package org.qmpkit.net.linux;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.AcceptInterest;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Source;
import org.qmpkit.net.TransportException;

/**
 * A {@link Listener} on a stream device. All its connections share one ring: one that does not read
 * for long holds up the others.
 */
final class ArgoStreamListener implements Listener, Source {
  private final Address address;
  private final ArgoRing ring;
  private final Loop loop;
  private final EpollPoller poller;
  private final AcceptInterest interest;
  private final Watch watch;
  private long count;

  private ArgoStreamListener(Address address, ArgoRing ring, Loop loop, EpollPoller poller) {
    this.address = address;
    this.ring = ring;
    this.loop = loop;
    this.poller = poller;
    this.interest = new AcceptInterest(loop, address, this::watch);
    this.watch = poller.watch(ring.descriptor, this, ring::close);
  }

  /**
   * Makes the ring, and listens.
   *
   * @throws TransportException if that cannot be
   */
  static Listener open(Address address, ArgoPlace place, Loop loop, EpollPoller poller)
      throws TransportException {
    try {
      ArgoRing ring = ArgoRing.bind(place, poller.argo());
      int result = ring.listen();
      if (result < 0) {
        ring.close();
        throw new ArgoRefused(ArgoRefused.Step.LISTEN, -result);
      }
      return new ArgoStreamListener(address, ring, loop, poller);
    } catch (ArgoRefused e) {
      throw e.toTransport(RingTransport.LISTEN, address, place);
    }
  }

  private void watch(boolean peers) {
    poller.interest(watch, peers ? EpollPoller.IN : 0);
  }

  @Override
  public void onWaiting(Runnable handler) {
    interest.handler(handler);
  }

  @Override
  public void interest(boolean waiting) {
    interest.set(waiting);
  }

  @Override
  public @Nullable Endpoint accept() throws IOException {
    if (watch.closed) {
      return null;
    }
    int taken = ring.accept();
    if (taken == -Errno.EAGAIN || taken == -Errno.EINTR) {
      return null;
    }
    if (taken < 0) {
      interest.rest();
      throw new TransportException(
          "accept a peer on",
          address,
          Libc.text(taken),
          "raise the limit on open files if that is what it says",
          true,
          Errno.exception(-taken));
    }
    ArgoRing child = new ArgoRing(ring.place, taken, poller.argo());
    Watch own = poller.watch(taken, Watch.NOBODY, child::close);
    return ArgoEndpoint.on(poller, loop, own, child, address + "#" + ++count);
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
    poller.close(watch);
  }

  @Override
  public String toString() {
    return peer();
  }
}
