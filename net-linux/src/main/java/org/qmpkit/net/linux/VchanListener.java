package org.qmpkit.net.linux;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;

/**
 * A vchan server: one client at a time, each on rings of its own, so that none gets what was meant
 * for the one before. The next one finds rings when the one before has gone.
 *
 * <p>Where clients send markers, one that comes before the one before was seen to go is the next
 * session on the same rings: it waits from when the endpoint of the one before is closed.
 */
final class VchanListener extends WatchedListener {
  /** What {@code libxenvchan_is_open} says of a server with a client. */
  private static final int WITH_CLIENT = 1;

  /** The pause before rings are offered again where they could not be. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final Xenvchan library = Xenvchan.library();
  private final VchanPlace place;
  private long channel;
  private @Nullable Watch watch;
  private @Nullable Sessions sessions;
  private long count;
  private volatile boolean closed;

  private VchanListener(Address address, VchanPlace place, Loop loop, EpollPoller poller) {
    super(address, loop, poller);
    this.place = place;
  }

  /** Offers rings; waits for xenstored. */
  static Listener open(Address address, VchanPlace place, Loop loop, EpollPoller poller)
      throws TransportException {
    VchanListener listener = new VchanListener(address, place, loop, poller);
    listener.offer();
    return listener;
  }

  private void offer() throws TransportException {
    try {
      channel = Xenvchan.serve(place.domid(), place.path());
    } catch (IOException e) {
      throw new TransportException(
          VchanTransport.LISTEN,
          address,
          "no rings can be offered to domain " + place.domid() + " (" + e.getMessage() + ")",
          "see whether the domain exists, xenstored runs, and xen-gntalloc is loaded",
          true,
          e);
    }
    long made = channel;
    int descriptor = Libc.call(library.fdForSelect(), made);
    Watch watched = poller.watch(descriptor, this, () -> Libc.call(library.close(), made));
    watched.afterwards.add(this::next);
    watch = watched;
    sessions = place.marker() ? new Sessions() : null;
    poller.interest(watched, EpollPoller.IN);
    look();
  }

  @Override
  @Nullable Watch watched() {
    return watch;
  }

  @Override
  boolean waiting() {
    return watch != null && Libc.call(library.isOpen(), channel) == WITH_CLIENT;
  }

  @Override
  public @Nullable Endpoint accept() {
    Watch current = watch;
    if (closed || current == null || !waiting()) {
      return null;
    }
    watch = null;
    return VchanEndpoint.on(
        poller,
        loop,
        current,
        channel,
        place.domid(),
        address + "#" + ++count,
        sessions,
        () -> follow(current));
  }

  /** The client before has left, and the next one on these rings waits. */
  private void follow(Watch used) {
    if (closed) {
      poller.close(used);
      return;
    }
    used.source = this;
    watch = used;
    if (sessions != null && sessions.idle()) {
      // Nothing but markers: no reason to ask QEMU for as many sessions.
      interest.rest();
    }
    look();
  }

  /** The one before has gone, and its rings with it. */
  private void next() {
    if (closed) {
      return;
    }
    try {
      offer();
    } catch (TransportException e) {
      loop.schedule(AGAIN, this::next);
    }
  }

  @Override
  public void ready(boolean happened, boolean unused) {
    if (happened) {
      Libc.call(library.waitFor(), channel);
    }
    tell();
  }

  @Override
  public void close() {
    closed = true;
    Watch current = watch;
    if (current != null) {
      poller.close(current);
    }
  }
}
