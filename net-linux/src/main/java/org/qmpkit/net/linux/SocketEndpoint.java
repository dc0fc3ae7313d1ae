package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Credentials;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Ready;
import org.qmpkit.net.Source;

/** An {@link Endpoint} on a connected socket. */
class SocketEndpoint implements Endpoint, Source {
  private static final int SHUT_WR = 1;

  final EpollPoller poller;
  final Watch watch;
  private final NativeBytes.Mover mover = this::move;
  private final int family;
  private final String peer;
  private @Nullable Ready handler;
  private @Nullable String user;
  private boolean userAsked;

  private SocketEndpoint(EpollPoller poller, Watch watch, int family, String peer) {
    this.poller = poller;
    this.watch = watch;
    this.family = family;
    this.peer = peer;
  }

  /** The same socket; the other object is of no use any more. */
  SocketEndpoint(SocketEndpoint same) {
    this(same.poller, same.watch, same.family, same.peer);
  }

  /** Takes over a connected socket that is watched already, without interest. */
  static SocketEndpoint on(Watch watch, EpollPoller poller, int family, String peer) {
    SocketEndpoint endpoint = new SocketEndpoint(poller, watch, family, peer);
    watch.source = endpoint;
    return endpoint;
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
    // A stream socket's read fails only when the peer, or the way to it, is gone.
    return count <= 0 ? -1 : count;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (watch.closed) {
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
      throw failed(count);
    }
    return count;
  }

  /** What a negative result of a write means. */
  IOException failed(int result) {
    return new PeerGoneException(peer, "the peer is gone (" + Libc.text(result) + ")", null);
  }

  /** Reads or writes once, from or to memory of C's; as {@link Libc#call}. */
  int move(long at, int size, boolean out) {
    return Libc.call(out ? C.write() : C.read(), watch.descriptor, at, size);
  }

  @Override
  public final void shutdownOutput() throws IOException {
    if (watch.closed) {
      return; // closing has ended the output too
    }
    int result = Libc.call(C.shutdown(), watch.descriptor, SHUT_WR);
    if (result < 0) {
      throw new PeerGoneException(peer, "the peer is gone (" + Libc.text(result) + ")", null);
    }
  }

  @Override
  public final void onReady(Ready handler) {
    this.handler = handler;
  }

  @Override
  public final void interest(boolean read, boolean write) {
    if (handler == null && (read || write)) {
      throw new IllegalStateException("interest in " + peer + " without onReady");
    }
    poller.interest(watch, (read ? EpollPoller.IN : 0) | (write ? EpollPoller.OUT : 0));
  }

  @Override
  public final void ready(boolean readable, boolean writable) throws IOException {
    Ready current = handler;
    if (current != null) {
      current.ready(readable, writable);
    }
  }

  @Override
  public final void failed() {
    close();
  }

  @Override
  public final String peer() {
    return peer;
  }

  @Override
  public final Optional<Credentials> credentials() {
    return watch.closed || family != SocketAddresses.UNIX
        ? Optional.empty()
        : Sockets.credentials(watch.descriptor, poller.scratch());
  }

  @Override
  public final Optional<String> user() {
    if (!userAsked) {
      userAsked = true;
      user = credentials().map(who -> Users.name(who.uid())).orElse(null);
    }
    return Optional.ofNullable(user);
  }

  @Override
  public void close() {
    poller.close(watch);
  }

  @Override
  public final String toString() {
    return peer;
  }
}
