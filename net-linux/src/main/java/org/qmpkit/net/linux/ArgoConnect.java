package org.qmpkit.net.linux;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Outcome;
import org.qmpkit.net.Source;
import org.qmpkit.net.TransportException;

/**
 * Connecting to a port of another domain: by datagrams, a ring of our own and the words that open
 * QEMU's side; by a stream, the kernel's handshake.
 */
final class ArgoConnect implements Source {
  private final Address address;
  private final ArgoPlace place;
  private final Loop loop;
  private final EpollPoller poller;
  private final Duration timeout;
  private final Outcome outcome;
  private final Opening opening;
  private final Pace pace = new Pace();
  private @Nullable ArgoRing ring;
  private volatile @Nullable Watch watch;

  private ArgoConnect(
      Address address,
      ArgoPlace place,
      Loop loop,
      EpollPoller poller,
      Duration timeout,
      Connecting connecting) {
    this.address = address;
    this.place = place;
    this.loop = loop;
    this.poller = poller;
    this.timeout = timeout;
    this.outcome = new Outcome(loop, connecting, this::release);
    this.opening = new Opening(place.spoken());
  }

  static Attempt start(
      Address address,
      ArgoPlace place,
      Loop loop,
      EpollPoller poller,
      Duration timeout,
      Connecting connecting) {
    ArgoConnect attempt = new ArgoConnect(address, place, loop, poller, timeout, connecting);
    loop.execute(attempt::begin);
    return attempt.outcome;
  }

  private void begin() {
    if (outcome.over()) {
      return;
    }
    outcome.within(timeout, this::late);
    ArgoRing made;
    try {
      made = ArgoRing.bind(place, poller.argo());
    } catch (ArgoRefused e) {
      fail(e);
      return;
    }
    ring = made;
    watch = poller.watch(made.descriptor, this, made::close);
    if (outcome.over()) {
      release(); // another thread gave up, and did not see the watch
    } else if (place.stream()) {
      dial(made);
    } else {
      open(made);
    }
  }

  // ---- datagrams

  /** Says what is to be said, as far as it is time for it and the other ring has room. */
  private void open(ArgoRing made) {
    if (outcome.over()) {
      return;
    }
    long now = loop.now();
    String word = opening.due(now);
    while (word != null) {
      if (word.equals(FarWords.LIVE)) {
        made.discard(); // that was meant for somebody before us
      }
      int result = made.send(word);
      if (result == -Errno.EAGAIN || result == -Errno.EBUSY || result == -Errno.ENOMEM) {
        pace.refused(now);
        again(made, pace.left(now));
        return;
      }
      if (result < 0) {
        fail(new ArgoRefused(ArgoRefused.Step.SEND, -result));
        return;
      }
      pace.taken();
      opening.said(now);
      word = opening.due(now);
    }
    if (opening.done()) {
      made.farewell(place.spoken() ? FarWords.DEAD : null);
      connected(made);
    } else {
      again(made, opening.pause(now));
    }
  }

  private void again(ArgoRing made, long nanos) {
    loop.schedule(Duration.ofNanos(nanos), () -> open(made));
  }

  // ---- streams

  private void dial(ArgoRing made) {
    int result = made.connect();
    if (result >= 0) {
      connected(made);
    } else if (result == -Errno.EINPROGRESS || result == -Errno.EAGAIN) {
      poller.interest(Objects.requireNonNull(watch), EpollPoller.OUT);
    } else {
      fail(new ArgoRefused(ArgoRefused.Step.CONNECT, -result));
    }
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    ArgoRing made = ring;
    Watch current = watch;
    if (made == null || current == null || outcome.over() || !writable) {
      return;
    }
    int result = made.connected();
    if (result == 0) {
      // A stream that connects has another queue to wait on than one that is connected, and epoll
      // looks for the queue when it is added, only.
      Watch fresh = poller.watch(made.descriptor, this, made::close);
      watch = fresh;
      current.keep();
      poller.close(current);
      connected(made);
    } else {
      fail(new ArgoRefused(ArgoRefused.Step.CONNECT, Math.abs(result)));
    }
  }

  // ---- outcomes

  private void connected(ArgoRing made) {
    Watch current = watch;
    if (current == null || outcome.over()) {
      return;
    }
    ArgoEndpoint endpoint = ArgoEndpoint.on(poller, loop, current, made, address.toString());
    if (!place.stream() && !place.spoken()) {
      endpoint
          .expect(); // a QEMU of generation 1 greets when it comes, and once: the ring must stay
    }
    outcome.connected(endpoint);
  }

  private TransportException late() {
    String reason =
        "domain " + place.domid() + " took nothing within " + timeout.toMillis() + " ms";
    return new TransportException(
        RingTransport.CONNECT,
        address,
        reason,
        "see whether it is paused, and whether QEMU runs there",
        true,
        null);
  }

  private void fail(ArgoRefused why) {
    outcome.failed(why.toTransport(RingTransport.CONNECT, address, place));
  }

  private void release() {
    Watch current = watch;
    if (current != null) {
      poller.close(current);
    }
  }

  @Override
  public void failed() {
    release();
  }

  @Override
  public String peer() {
    return address.toString();
  }

  @Override
  public void close() {
    outcome.close();
  }
}
