package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Ready;
import org.qmpkit.net.Source;

/**
 * An {@link Endpoint} on a libxenvchan channel: two rings that are shared with another domain.
 *
 * <p>Its descriptor says only that something happened, so it asks the rings themselves. What they
 * hold is written by the other domain; the library bounds each read by what was asked for.
 *
 * <p>A channel has no half-close: an end of output is not told to the peer.
 *
 * <p>Where clients send markers, it is one session on the channel, which goes on without it when
 * the next client's marker has come.
 */
final class VchanEndpoint implements Endpoint, Source {
  private final Xenvchan library = Xenvchan.library();
  private final NativeBytes.Mover mover = this::move;
  private final EpollPoller poller;
  private final Loop loop;
  private final long channel;
  private final Watch watch;
  private final String peer;
  private final @Nullable Sessions sessions;
  private final Runnable left;
  private final AtomicBoolean hasLeft = new AtomicBoolean();
  private Runnable forgetDomain = () -> {};
  private @Nullable Ready handler;
  private boolean wantsRead;
  private boolean wantsWrite;
  private boolean outputEnded;

  /** The domain is no more, which no ring tells. */
  private boolean gone;

  /** The next client's marker has come. */
  private volatile boolean over;

  private VchanEndpoint(
      EpollPoller poller,
      Loop loop,
      Watch watch,
      long channel,
      String peer,
      @Nullable Sessions sessions,
      Runnable left) {
    this.poller = poller;
    this.loop = loop;
    this.watch = watch;
    this.channel = channel;
    this.peer = peer;
    this.sessions = sessions;
    this.left = left;
    watch.source = this;
    // Whatever the owner wants: what happened must be taken in, or the peer waits.
    poller.interest(watch, EpollPoller.IN);
  }

  /** Takes over a channel to a domain, without interest. */
  static VchanEndpoint on(EpollPoller poller, Loop loop, long channel, int domid, String peer) {
    Xenvchan library = Xenvchan.library();
    int descriptor = Libc.call(library.fdForSelect(), channel);
    Watch watch = poller.watch(descriptor, Watch.NOBODY, () -> Libc.call(library.close(), channel));
    return on(poller, loop, watch, channel, domid, peer, null, () -> {});
  }

  /**
   * Takes over a channel that is watched already.
   *
   * @param sessions what splits its input; null if the channel is for one client
   * @param left run on the loop's thread when this is closed, and the channel is the next client's
   */
  static VchanEndpoint on(
      EpollPoller poller,
      Loop loop,
      Watch watch,
      long channel,
      int domid,
      String peer,
      @Nullable Sessions sessions,
      Runnable left) {
    VchanEndpoint endpoint = new VchanEndpoint(poller, loop, watch, channel, peer, sessions, left);
    endpoint.forgetDomain = ReleasedDomain.watch(poller, loop, watch, domid, endpoint::domainEnded);
    return endpoint;
  }

  private boolean open() {
    return !gone && Libc.call(library.isOpen(), channel) != 0;
  }

  /** The other domain has ended: reads end, and writes fail. */
  private void domainEnded() {
    gone = true;
    look();
  }

  /**
   * Takes in what came, as far as there is room, whatever the owner wants: the next client's marker
   * must be seen before anything more is written.
   */
  private void takeIn(Sessions split) {
    while (!over && !gone && split.room().hasRemaining()) {
      if (NativeBytes.move(split.room(), false, poller.scratch(), mover) <= 0) {
        return;
      }
      over = split.look();
    }
  }

  private boolean closed() {
    return watch.closed || hasLeft.get();
  }

  @Override
  public int read(ByteBuffer into) {
    if (closed() || gone || over) {
      return -1;
    }
    Sessions split = sessions;
    if (split != null) {
      takeIn(split);
      int count = over ? -1 : split.read(into);
      return count == 0 && split.isEmpty() && !open() ? -1 : count;
    }
    int count = into.hasRemaining() ? NativeBytes.move(into, false, poller.scratch(), mover) : 0;
    return count < 0 || (count == 0 && !open()) ? -1 : count;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (closed() || outputEnded) {
      throw new PeerGoneException(peer, "this side has ended its output", null);
    }
    if (sessions != null) {
      takeIn(sessions);
    }
    if (over) {
      throw new PeerGoneException(peer, "the peer has left, and another has come", null);
    }
    if (!open()) {
      throw new PeerGoneException(peer, "the peer is gone", null);
    }
    if (!from.hasRemaining()) {
      return 0;
    }
    int count = NativeBytes.move(from, true, poller.scratch(), mover);
    if (count < 0) {
      throw new PeerGoneException(peer, "the peer is gone", null);
    }
    return count;
  }

  private int move(long at, int size, boolean out) {
    return Libc.call(out ? library.write() : library.read(), channel, at, size);
  }

  @Override
  public void shutdownOutput() {
    outputEnded = true;
  }

  @Override
  public void onReady(Ready handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean read, boolean write) {
    if (handler == null && (read || write)) {
      throw new IllegalStateException("interest in " + peer + " without onReady");
    }
    wantsRead = read;
    wantsWrite = write;
    look();
  }

  private boolean readable() {
    // Asking also tells the peer to notify us of what comes later.
    boolean held = over || (sessions != null && !sessions.isEmpty());
    return wantsRead && (gone || held || Libc.call(library.dataReady(), channel) > 0 || !open());
  }

  private boolean writable() {
    return wantsWrite && (gone || over || Libc.call(library.bufferSpace(), channel) > 0 || !open());
  }

  /** Asks to be called, if there is something to be done. */
  private void look() {
    if (!closed() && (readable() || writable())) {
      poller.call(watch);
    }
  }

  @Override
  public void ready(boolean happened, boolean unused) throws IOException {
    if (happened) {
      Libc.call(library.waitFor(), channel);
    }
    if (closed()) {
      return;
    }
    if (sessions != null) {
      takeIn(sessions);
    }
    Ready current = handler;
    boolean readable = readable();
    boolean writable = writable();
    if (current != null && (readable || writable)) {
      current.ready(readable, writable);
    }
    look();
  }

  @Override
  public void failed() {
    close();
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public Optional<String> user() {
    return Optional.empty();
  }

  @Override
  public void close() {
    if (!over) {
      poller.close(watch);
    } else if (hasLeft.compareAndSet(false, true)) {
      try {
        loop.execute(this::leave);
      } catch (RejectedExecutionException e) {
        poller.close(watch);
      }
    }
  }

  private void leave() {
    forgetDomain.run();
    left.run();
  }

  @Override
  public String toString() {
    return peer;
  }
}
