package org.qmpkit.net.linux;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SocketPoller;
import org.qmpkit.net.Timer;
import org.qmpkit.net.TransportException;

/**
 * Connecting to a port of another machine. The kernel gives up after 2 s by itself, which no
 * machine that runs needs.
 */
final class VsockConnect implements Attempt, SocketPoller.Dialled {
  private final Address address;
  private final VsockAddress to;
  private final Loop loop;
  private final EpollPoller poller;
  private final Duration timeout;
  private final Connecting connecting;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable Attempt dial;
  private @Nullable Timer patience;

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
    this.connecting = connecting;
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
    return attempt;
  }

  private void begin() {
    if (over.get()) {
      return;
    }
    patience = loop.schedule(timeout, () -> end(late()));
    Attempt begun = poller.dial(to, loop, address.toString(), this);
    dial = begun;
    if (over.get()) {
      begun.close(); // another thread gave up, and did not see this one
    }
  }

  @Override
  public void connected(Endpoint endpoint) {
    stopWaiting();
    if (over.compareAndSet(false, true)) {
      connecting.connected(endpoint);
    } else {
      endpoint.close();
    }
  }

  @Override
  public void failed(IOException why) {
    end(VsockTransport.failure(VsockTransport.CONNECT, address, to, why));
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

  private void end(TransportException why) {
    stopWaiting();
    giveUp();
    if (over.compareAndSet(false, true)) {
      connecting.failed(why);
    }
  }

  private void stopWaiting() {
    if (patience != null) {
      patience.cancel();
    }
  }

  private void giveUp() {
    Attempt current = dial;
    if (current != null) {
      current.close();
    }
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      giveUp();
      try {
        loop.execute(this::stopWaiting);
      } catch (RejectedExecutionException e) {
        // A closed loop has no timers.
      }
    }
  }
}
