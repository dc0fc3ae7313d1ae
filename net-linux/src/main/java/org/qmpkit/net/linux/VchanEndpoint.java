package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
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
 */
final class VchanEndpoint implements Endpoint, Source {
  private final Xenvchan library = Xenvchan.library();
  private final NativeBytes.Mover mover = this::move;
  private final EpollPoller poller;
  private final long channel;
  private final Watch watch;
  private final String peer;
  private @Nullable Ready handler;
  private boolean wantsRead;
  private boolean wantsWrite;
  private boolean outputEnded;

  /** The domain is no more, which no ring tells. */
  private boolean gone;

  private VchanEndpoint(EpollPoller poller, Watch watch, long channel, String peer) {
    this.poller = poller;
    this.watch = watch;
    this.channel = channel;
    this.peer = peer;
    watch.source = this;
    // Whatever the owner wants: what happened must be taken in, or the peer waits.
    poller.interest(watch, EpollPoller.IN);
  }

  /** Takes over a channel to a domain, without interest. */
  static VchanEndpoint on(EpollPoller poller, Loop loop, long channel, int domid, String peer) {
    Xenvchan library = Xenvchan.library();
    int descriptor = Libc.call(library.fdForSelect(), channel);
    Watch watch = poller.watch(descriptor, Watch.NOBODY, () -> Libc.call(library.close(), channel));
    return on(poller, loop, watch, channel, domid, peer);
  }

  /** Takes over a channel that is watched already. */
  static VchanEndpoint on(
      EpollPoller poller, Loop loop, Watch watch, long channel, int domid, String peer) {
    VchanEndpoint endpoint = new VchanEndpoint(poller, watch, channel, peer);
    ReleasedDomain.watch(poller, loop, watch, domid, endpoint::domainEnded);
    return endpoint;
  }

  /** Has something done, on the loop's thread, when the channel has been given back. */
  void afterwards(Runnable task) {
    watch.afterwards.add(task);
  }

  private boolean open() {
    return !gone && Libc.call(library.isOpen(), channel) != 0;
  }

  /** The other domain has ended: reads end, and writes fail. */
  private void domainEnded() {
    gone = true;
    look();
  }

  @Override
  public int read(ByteBuffer into) {
    if (watch.closed || gone) {
      return -1;
    }
    int count = into.hasRemaining() ? NativeBytes.move(into, false, poller.scratch(), mover) : 0;
    return count < 0 || (count == 0 && !open()) ? -1 : count;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (watch.closed || outputEnded) {
      throw new PeerGoneException(peer, "this side has ended its output", null);
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
    return wantsRead && (gone || Libc.call(library.dataReady(), channel) > 0 || !open());
  }

  private boolean writable() {
    return wantsWrite && (gone || Libc.call(library.bufferSpace(), channel) > 0 || !open());
  }

  /** Asks to be called, if there is something to be done. */
  private void look() {
    if (!watch.closed && (readable() || writable())) {
      poller.call(watch);
    }
  }

  @Override
  public void ready(boolean happened, boolean unused) throws IOException {
    if (happened) {
      Libc.call(library.waitFor(), channel);
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
    poller.close(watch);
  }

  @Override
  public String toString() {
    return peer;
  }
}
