package org.qmpkit.net.linux;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;

/**
 * A {@link Listener} on a stream device. Who connects is connected only when taken, so peers are
 * taken as they come, a few in advance. All connections share one ring: one that does not read for
 * long holds up the others.
 */
final class ArgoStreamListener extends WatchedListener {
  private static final Duration REST = Duration.ofMillis(100);

  /** So many are taken before somebody asks for them. */
  private static final int BACKLOG = 16;

  private final ArrayDeque<ArgoEndpoint> backlog = new ArrayDeque<>();
  private final ArgoRing ring;
  private final Watch watch;
  private boolean resting;
  private @Nullable TransportException failure;
  private long count;

  private ArgoStreamListener(Address address, ArgoRing ring, Loop loop, EpollPoller poller) {
    super(address, loop, poller);
    this.ring = ring;
    this.watch = poller.watch(ring.descriptor, this, this::release);
    poller.interest(watch, EpollPoller.IN);
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

  private void release() {
    backlog.forEach(ArgoEndpoint::close);
    ring.close();
  }

  @Override
  Watch watched() {
    return watch;
  }

  @Override
  boolean waiting() {
    return !backlog.isEmpty() || failure != null;
  }

  @Override
  void look() {
    if (!watch.closed) {
      poller.interest(watch, backlog.size() < BACKLOG && !resting ? EpollPoller.IN : 0);
      super.look();
    }
  }

  @Override
  public @Nullable Endpoint accept() throws IOException {
    TransportException why = failure;
    if (why != null) {
      failure = null;
      interest.rest();
      throw why;
    }
    ArgoEndpoint first = watch.closed ? null : backlog.poll();
    look();
    return first;
  }

  /** Takes who waits; what hinders that is told to whoever accepts next. */
  private void take() {
    while (backlog.size() < BACKLOG) {
      int taken = ring.accept();
      if (taken == -Errno.EAGAIN || taken == -Errno.EINTR) {
        return;
      }
      if (taken < 0) {
        failure =
            new TransportException(
                "accept a peer on",
                address,
                Libc.text(taken),
                "raise the limit on open files if that is what it says",
                true,
                Errno.exception(-taken));
        rest();
        return;
      }
      ArgoRing child = new ArgoRing(ring.place, taken, poller.argo());
      Watch own = poller.watch(taken, Watch.NOBODY, child::close);
      backlog.add(ArgoEndpoint.on(poller, loop, own, child, address + "#" + ++count));
    }
  }

  private void rest() {
    resting = true;
    loop.schedule(
        REST,
        () -> {
          resting = false;
          look();
        });
  }

  @Override
  public void ready(boolean happened, boolean unused) {
    if (happened) {
      take();
    }
    tell();
  }

  @Override
  public void close() {
    poller.close(watch);
  }
}
