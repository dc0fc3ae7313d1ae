package org.qmpkit.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A socket channel of the JDK on its way to a peer. */
final class ChannelDial implements Attempt, Source {
  private final SocketAddress to;
  private final Loop loop;
  private final SelectorPoller poller;
  private final String peer;
  private final SocketPoller.Dialled dialled;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile @Nullable SocketChannel channel;
  private @Nullable SelectionKey key;

  private ChannelDial(
      SocketAddress to,
      Loop loop,
      SelectorPoller poller,
      String peer,
      SocketPoller.Dialled dialled) {
    this.to = to;
    this.loop = loop;
    this.poller = poller;
    this.peer = peer;
    this.dialled = dialled;
  }

  static Attempt start(
      SocketAddress to,
      Loop loop,
      SelectorPoller poller,
      String peer,
      SocketPoller.Dialled dialled) {
    ChannelDial dial = new ChannelDial(to, loop, poller, peer, dialled);
    dial.begin();
    return dial;
  }

  /** The family of an address; of a literal's own, else 0.0.0.0 would take in IPv6 as well. */
  static ProtocolFamily family(SocketAddress address) {
    if (address instanceof InetSocketAddress inet) {
      return inet.getAddress() instanceof Inet4Address
          ? StandardProtocolFamily.INET
          : StandardProtocolFamily.INET6;
    }
    return StandardProtocolFamily.UNIX;
  }

  /** The options of every connection, whichever side began it. */
  static void setOptions(SocketChannel channel) throws IOException {
    if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    }
  }

  private void begin() {
    try {
      SocketChannel opened = SocketChannel.open(family(to));
      channel = opened;
      opened.configureBlocking(false);
      setOptions(opened);
      SelectionKey registered = poller.register(opened);
      registered.attach(this);
      key = registered;
      if (opened.connect(to)) {
        loop.execute(this::arrived);
      } else if (family(to) == StandardProtocolFamily.UNIX) {
        // EAGAIN, which finishConnect() would take for a connection.
        throw new BacklogFullException();
      } else {
        registered.interestOps(SelectionKey.OP_CONNECT);
      }
    } catch (IOException | UnsupportedOperationException e) {
      IOException why = e instanceof IOException io ? io : new IOException(e.getMessage(), e);
      loop.execute(() -> end(isFull(why) ? new BacklogFullException() : why));
    }
  }

  /**
   * True if this is how the JDK reports EAGAIN. It has no exception of its own for it; in another
   * language than English the connection just fails with the system's text.
   */
  static boolean isFull(IOException e) {
    return e.getClass() == SocketException.class
        && "Resource temporarily unavailable".equals(e.getMessage());
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    SocketChannel current = channel;
    if (over.get() || current == null) {
      return;
    }
    try {
      if (current.finishConnect()) {
        arrived();
      }
    } catch (IOException e) {
      end(e);
    }
  }

  private void arrived() {
    SocketChannel current = channel;
    SelectionKey registered = key;
    if (current == null || registered == null || over.get()) {
      drop();
      return;
    }
    Endpoint endpoint;
    try {
      // Retried on an ephemeral port, TCP may connect a socket to itself.
      if (to instanceof InetSocketAddress
          && current.getLocalAddress().equals(current.getRemoteAddress())) {
        throw new ConnectException("Connection refused");
      }
      registered.interestOps(0);
      if (!over.compareAndSet(false, true)) {
        drop();
        return;
      }
      channel = null;
      endpoint = ChannelEndpoint.on(current, registered, loop, peer);
    } catch (IOException e) {
      end(e);
      return;
    }
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
    SocketChannel current = channel;
    if (current != null) {
      channel = null;
      Channels.close(current);
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
      loop.nudge();
    }
  }
}
