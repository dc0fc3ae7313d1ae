package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Credentials;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Ready;
import org.qmpkit.net.Source;

/** An {@link Endpoint} on a connected socket. */
final class SocketEndpoint implements Endpoint, Source {
  private static final int SHUT_WR = 1;

  private final EpollPoller poller;
  private final int family;
  private final Watch watch;
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
    int count = move(C.read(), into, false);
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
    int count = move(C.write(), from, true);
    if (count == -Errno.EAGAIN || count == -Errno.EINTR) {
      return 0;
    }
    if (count < 0) {
      throw new PeerGoneException(peer, "the peer is gone (" + Libc.text(count) + ")", null);
    }
    return count;
  }

  /** Reads or writes once, where C can reach the bytes. */
  private int move(MethodHandle how, ByteBuffer bytes, boolean out) {
    int size = bytes.remaining();
    if (bytes.isDirect()) {
      int count = Libc.call(how, watch.descriptor, MemorySegment.ofBuffer(bytes).address(), size);
      if (count > 0) {
        bytes.position(bytes.position() + count);
      }
      return count;
    }
    MemorySegment scratch = poller.scratch();
    MemorySegment heap = MemorySegment.ofBuffer(bytes);
    size = (int) Math.min(size, scratch.byteSize());
    if (out) {
      MemorySegment.copy(heap, JAVA_BYTE, 0, scratch, JAVA_BYTE, 0, size);
    }
    int count = Libc.call(how, watch.descriptor, scratch.address(), size);
    if (count > 0) {
      if (!out) {
        MemorySegment.copy(scratch, JAVA_BYTE, 0, heap, JAVA_BYTE, 0, count);
      }
      bytes.position(bytes.position() + count);
    }
    return count;
  }

  @Override
  public void shutdownOutput() throws IOException {
    if (watch.closed) {
      return; // closing has ended the output too
    }
    int result = Libc.call(C.shutdown(), watch.descriptor, SHUT_WR);
    if (result < 0) {
      throw new PeerGoneException(peer, "the peer is gone (" + Libc.text(result) + ")", null);
    }
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
  public Optional<Credentials> credentials() {
    return watch.closed || family != SocketAddresses.UNIX
        ? Optional.empty()
        : Sockets.credentials(watch.descriptor, poller.scratch());
  }

  @Override
  public Optional<String> user() {
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
  public String toString() {
    return peer;
  }
}
