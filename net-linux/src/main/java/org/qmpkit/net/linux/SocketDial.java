package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SocketPoller;
import org.qmpkit.net.Source;

/** A socket on its way to a peer. */
final class SocketDial implements Attempt, Source {
  private final SocketAddress to;
  private final int family;
  private final Loop loop;
  private final EpollPoller poller;
  private final String peer;
  private final SocketPoller.Dialled dialled;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable Watch watch;

  private SocketDial(
      SocketAddress to, Loop loop, EpollPoller poller, String peer, SocketPoller.Dialled dialled) {
    this.to = to;
    this.family = SocketAddresses.family(to);
    this.loop = loop;
    this.poller = poller;
    this.peer = peer;
    this.dialled = dialled;
  }

  static Attempt start(
      SocketAddress to, Loop loop, EpollPoller poller, String peer, SocketPoller.Dialled dialled) {
    SocketDial dial = new SocketDial(to, loop, poller, peer, dialled);
    dial.begin();
    return dial;
  }

  private void begin() {
    MemorySegment scratch = poller.scratch();
    try {
      int socket = Sockets.open(family);
      Watch opened = poller.watch(socket, this);
      watch = opened;
      Sockets.setConnectionOptions(socket, family, scratch);
      int length = SocketAddresses.write(to, scratch);
      int result = Libc.call(C.connect(), socket, scratch.address(), length);
      if (result == -Errno.EINPROGRESS) {
        poller.interest(opened, EpollPoller.OUT);
      } else {
        Libc.checked(result);
        loop.execute(this::arrived);
      }
    } catch (IOException e) {
      loop.execute(() -> end(e));
    }
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    Watch current = watch;
    if (current == null || over.get()) {
      return;
    }
    int error = Sockets.get(current.descriptor, Sockets.SO_ERROR, poller.scratch());
    if (error == 0) {
      arrived();
    } else {
      end(Errno.exception(Math.abs(error)));
    }
  }

  private void arrived() {
    Watch current = watch;
    if (current == null || current.closed) {
      return;
    }
    MemorySegment scratch = poller.scratch();
    // Retried on an ephemeral port, TCP may connect a socket to itself.
    if (SocketAddresses.isIp(family)
        && Sockets.local(current.descriptor, scratch)
            .equals(Sockets.remote(current.descriptor, scratch))) {
      end(new ConnectException("Connection refused"));
      return;
    }
    if (!over.compareAndSet(false, true)) {
      return; // whoever gave up has closed it
    }
    watch = null;
    poller.interest(current, 0);
    Endpoint endpoint = SocketEndpoint.on(current, poller, family, peer);
    try {
      dialled.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  private void end(IOException why) {
    drop();
    if (over.compareAndSet(false, true)) {
      dialled.failed(why);
    }
  }

  private void drop() {
    Watch current = watch;
    if (current != null) {
      watch = null;
      poller.close(current);
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
  public void close() {
    if (over.compareAndSet(false, true)) {
      drop();
    }
  }
}
