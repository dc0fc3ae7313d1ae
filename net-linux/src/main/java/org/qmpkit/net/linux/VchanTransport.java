package org.qmpkit.net.linux;

import java.time.Duration;
import java.util.Optional;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/**
 * {@code vchan:DOMID:/xenstore/path[,mode=client|server][,reconnect-marker=on]}: rings shared with
 * another domain of a Xen host, by libxenvchan.
 *
 * <p>Where this host has a xenstored, the end of the other domain is noticed through it; the rings
 * don't tell.
 */
public final class VchanTransport implements Transport {
  static final String CONNECT = "connect to";
  static final String LISTEN = "listen on";

  /** For the service loader. */
  public VchanTransport() {}

  @Override
  public String scheme() {
    return "vchan";
  }

  @Override
  public String summary() {
    return "rings shared with another domain of a Xen host";
  }

  @Override
  public Class<? extends Poller> poller() {
    return EpollPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Xenvchan.unavailable();
  }

  @Override
  public void check(Address address) throws TransportException {
    VchanPlace.of("use", address);
  }

  @Override
  public Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting) {
    try {
      VchanPlace place = VchanPlace.of(CONNECT, address);
      if (place.server()) {
        throw unusable(CONNECT, address, "mode=server listens", "leave it out to connect");
      }
      return VchanConnect.start(
          address, place, loop, (EpollPoller) loop.poller(), timeout, connecting);
    } catch (TransportException e) {
      return Attempt.refused(loop, connecting, e);
    }
  }

  @Override
  public Listener listen(Address address, Loop loop) throws TransportException {
    return VchanListener.open(
        address, VchanPlace.of(LISTEN, address), loop, (EpollPoller) loop.poller());
  }

  static TransportException unusable(
      String attempted, Address address, String reason, String remedy) {
    return new TransportException(attempted, address, reason, remedy, false, null);
  }
}
