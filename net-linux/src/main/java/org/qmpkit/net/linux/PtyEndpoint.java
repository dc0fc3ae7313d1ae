package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Ready;
import org.qmpkit.net.Source;

/**
 * An {@link Endpoint} on a terminal, or another device of characters. It has no half-close: after
 * {@link #shutdownOutput} nothing more is written, and the other side is told nothing.
 */
final class PtyEndpoint implements Endpoint, Source {
  private final EpollPoller poller;
  private final NativeBytes.Mover mover = this::move;
  private final Watch watch;
  private final String peer;
  private @Nullable Ready handler;
  private boolean outputEnded;

  private PtyEndpoint(EpollPoller poller, Watch watch, String peer) {
    this.poller = poller;
    this.watch = watch;
    this.peer = peer;
  }

  /** Takes over a device that is watched already, without interest. */
  static PtyEndpoint on(Watch watch, EpollPoller poller, String peer) {
    PtyEndpoint endpoint = new PtyEndpoint(poller, watch, peer);
    watch.source = endpoint;
    return endpoint;
  }

  private int move(long at, int size, boolean out) {
    return Libc.call(out ? C.write() : C.read(), watch.descriptor, at, size);
  }

  @Override
  public int read(ByteBuffer into) {
    if (watch.closed) {
      return -1;
    }
    if (!into.hasRemaining()) {
      return 0;
    }
    int count = NativeBytes.move(into, false, poller.scratch(), mover);
    if (count == -Errno.EAGAIN || count == -Errno.EINTR) {
      return 0;
    }
    // A terminal whose other end is closed says EIO, one that hung up reads as empty.
    return count <= 0 ? -1 : count;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (watch.closed || outputEnded) {
      throw new PeerGoneException(peer, "this side has ended its output", null);
    }
    if (!from.hasRemaining()) {
      return 0;
    }
    int count = NativeBytes.move(from, true, poller.scratch(), mover);
    if (count == -Errno.EAGAIN || count == -Errno.EINTR) {
      return 0;
    }
    if (count < 0) {
      throw new PeerGoneException(peer, "the peer is gone (" + Libc.text(count) + ")", null);
    }
    return count;
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
    poller.interest(watch, (read ? EpollPoller.IN : 0) | (write ? EpollPoller.OUT : 0));
  }

  @Override
  public void ready(boolean readable, boolean writable) throws IOException {
    Ready current = handler;
    if (current != null) {
      current.ready(readable, writable);
    }
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
