package org.qmpkit.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Connecting by TCP: the host's addresses one after another, each with its share of the time left.
 *
 * <p>A name is looked up on a thread of its own: the lookup is native code that blocks, and would
 * hold a virtual thread's carrier for as long.
 */
final class TcpConnect implements Attempt, SocketPoller.Dialled {
  private final Address address;
  private final Loop loop;
  private final SocketPoller poller;
  private final Duration timeout;
  private final Connecting connecting;
  private final long began;
  private final ArrayDeque<InetAddress> left = new ArrayDeque<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable Attempt dial;
  private @Nullable Timer patience;
  private @Nullable IOException last;

  private TcpConnect(
      Address address, Loop loop, SocketPoller poller, Duration timeout, Connecting connecting) {
    this.address = address;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.connecting = connecting;
    this.began = loop.time();
  }

  static Attempt start(
      Address address, Loop loop, SocketPoller poller, Duration timeout, Connecting connecting) {
    TcpConnect attempt = new TcpConnect(address, loop, poller, timeout, connecting);
    loop.execute(attempt::resolve);
    return attempt;
  }

  private void resolve() {
    String host = address.host();
    InetAddress literal = TcpTransport.literal(host);
    if (literal != null) {
      resolved(List.of(literal));
    } else if (host.isEmpty()) {
      resolved(TcpTransport.loopback());
    } else if (!over.get()) {
      patience = loop.schedule(timeout, () -> end(late("no answer from the name service")));
      Thread.ofPlatform().daemon().name("resolve " + host).start(() -> lookUp(host));
    }
  }

  private void lookUp(String host) {
    try {
      List<InetAddress> found = List.of(InetAddress.getAllByName(host));
      loop.offer(() -> resolved(found));
    } catch (UnknownHostException e) {
      loop.offer(
          () -> end(failure("host '" + host + "' is not known", "check its spelling, and DNS", e)));
    }
  }

  private void resolved(List<InetAddress> found) {
    if (!over.get()) {
      left.addAll(found);
      next();
    }
  }

  /** Goes on to the next address, or to the end. */
  private void next() {
    drop();
    InetAddress host = left.poll();
    if (host == null) {
      end(outcome());
      return;
    }
    long remaining = Math.max(0, Loop.nanos(timeout) - (loop.time() - began));
    patience = loop.schedule(Duration.ofNanos(remaining / (left.size() + 1)), () -> passOver(host));
    dial = poller.dial(new InetSocketAddress(host, address.port()), loop, address.toString(), this);
    if (over.get()) {
      drop(); // another thread gave up, and did not see this one
    }
  }

  @Override
  public void connected(Endpoint endpoint) {
    dial = null;
    drop();
    if (over.compareAndSet(false, true)) {
      connecting.connected(endpoint);
    } else {
      endpoint.close();
    }
  }

  private void passOver(InetAddress host) {
    last = null;
    if (!over.get() && left.isEmpty()) {
      end(late("no answer from " + host.getHostAddress()));
    } else if (!over.get()) {
      next();
    }
  }

  @Override
  public void failed(IOException why) {
    if (!over.get()) {
      last = why;
      next();
    }
  }

  private TransportException outcome() {
    IOException why = last;
    String reason = why == null ? "no answer" : String.valueOf(why.getMessage());
    return failure(
        reason.equals("Connection refused") ? "nobody listens there" : reason,
        "start the program that should listen there, or check host, port and firewall",
        why);
  }

  private TransportException late(String what) {
    return failure(
        what + " within " + timeout.toMillis() + " ms",
        "check that it is up and not cut off",
        null);
  }

  private TransportException failure(String reason, String remedy, @Nullable IOException cause) {
    return new TransportException(TcpTransport.CONNECT, address, reason, remedy, true, cause);
  }

  private void end(TransportException why) {
    drop();
    if (over.compareAndSet(false, true)) {
      connecting.failed(why);
    }
  }

  /** Lets go of the timer, and of a socket that came to nothing. */
  private void drop() {
    Timer timer = patience;
    if (timer != null) {
      timer.cancel();
      patience = null;
    }
    Attempt current = dial;
    if (current != null) {
      dial = null;
      current.close();
    }
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      Attempt current = dial;
      if (current != null) {
        current.close();
      }
      loop.offer(this::drop);
    }
  }
}
