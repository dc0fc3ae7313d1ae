package org.qmpkit.net.linux;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Outcome;
import org.qmpkit.net.SocketPoller;
import org.qmpkit.net.TransportException;

/**
 * Connecting to a port of another machine. The kernel gives up after 2 s by itself, which no
 * machine that runs needs.
 */
final class VsockConnect implements SocketPoller.Dialled {
  private final Address address;
  private final VsockAddress to;
  private final Loop loop;
  private final EpollPoller poller;
  private final Duration timeout;
  private final Outcome outcome;
  private volatile @Nullable Attempt dial;

  private VsockConnect(
      Address address,
      VsockAddress to,
      Loop loop,
      EpollPoller poller,
      Duration timeout,
      Connecting connecting) {
    this.address = address;
    this.to = to;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.outcome = new Outcome(loop, connecting, this::giveUp);
  }

  static Attempt start(
      Address address,
      VsockAddress to,
      Loop loop,
      EpollPoller poller,
      Duration timeout,
      Connecting connecting) {
    VsockConnect attempt = new VsockConnect(address, to, loop, poller, timeout, connecting);
    loop.execute(attempt::begin);
    return attempt.outcome;
  }

  private void begin() {
    if (outcome.over()) {
      return;
    }
    outcome.within(timeout, this::late);
    Attempt begun = poller.dial(to, loop, address.toString(), this);
    dial = begun;
    if (outcome.over()) {
      begun.close(); // another thread gave up, and did not see this one
    }
  }

  @Override
  public void connected(Endpoint endpoint) {
    outcome.connected(endpoint);
  }

  @Override
  public void failed(IOException why) {
    outcome.failed(VsockTransport.failure(VsockTransport.CONNECT, address, to, why));
  }

  private TransportException late() {
    return new TransportException(
        VsockTransport.CONNECT,
        address,
        "no answer within " + timeout.toMillis() + " ms",
        "see whether that machine runs and has a vsock device",
        true,
        null);
  }

  private void giveUp() {
    Attempt current = dial;
    if (current != null) {
      current.close();
    }
  }
}
