package org.qmpkit.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.util.function.Consumer;

/** A {@link SocketPoller} on the JDK's own selector and channels. */
public final class SelectorPoller implements SocketPoller {

  /** A listening channel that nobody accepts from yet. */
  private record BoundChannel(ServerSocketChannel channel) implements Bound {
    @Override
    public SocketAddress address() throws IOException {
      return channel.getLocalAddress();
    }

    @Override
    public void close() {
      Channels.close(channel);
    }
  }

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int READABLE = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;
  private static final int WRITABLE = SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT;

  private final Selector selector;
  private final Consumer<SelectionKey> action = this::dispatch;
  private Dispatch dispatch = (source, readable, writable) -> {};

  /**
   * A poller that watches nothing yet.
   *
   * @throws IOException if the process has no descriptors left
   */
  public SelectorPoller() throws IOException {
    selector = Selector.open();
  }

  /** Watches a non-blocking channel, without interest and for nobody until a source is attached. */
  SelectionKey register(SelectableChannel channel) throws ClosedChannelException {
    return channel.register(selector, 0);
  }

  @Override
  public Attempt dial(SocketAddress to, Loop loop, String peer, Dialled dialled) {
    return ChannelDial.start(to, loop, this, peer, dialled);
  }

  @Override
  public Bound bind(SocketAddress at, int backlog) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(ChannelDial.family(at));
    try {
      channel.configureBlocking(false);
      if (at instanceof InetSocketAddress) {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      channel.bind(at, backlog);
      return new BoundChannel(channel);
    } catch (IOException | RuntimeException e) {
      Channels.close(channel);
      throw e;
    }
  }

  @Override
  public Listener listen(
      Bound bound, Loop loop, Address address, PeerName names, Runnable afterwards)
      throws IOException {
    if (!(bound instanceof BoundChannel(ServerSocketChannel channel))) {
      throw new IllegalArgumentException("this socket was bound by another poller");
    }
    return ChannelListener.on(channel, loop, this, address, names, afterwards);
  }

  @Override
  public int poll(long nanos, Dispatch dispatch) throws IOException {
    this.dispatch = dispatch;
    if (nanos <= 0) {
      return selector.selectNow(action);
    }
    if (nanos > Long.MAX_VALUE - NANOS_PER_MILLI) {
      return selector.select(action);
    }
    // Rounded up: rounded down, the last millisecond before a timer would be spent spinning.
    return selector.select(action, (nanos + NANOS_PER_MILLI - 1) / NANOS_PER_MILLI);
  }

  private void dispatch(SelectionKey key) {
    if (!key.isValid() || !(key.attachment() instanceof Source source)) {
      return;
    }
    int ready;
    try {
      ready = key.readyOps();
    } catch (CancelledKeyException e) {
      return; // closed by another thread just now
    }
    dispatch.ready(source, (ready & READABLE) != 0, (ready & WRITABLE) != 0);
  }

  @Override
  public void wakeup() {
    selector.wakeup();
  }

  @Override
  public void close() {
    if (!selector.isOpen()) {
      return;
    }
    for (SelectionKey key : selector.keys().toArray(SelectionKey[]::new)) {
      if (key.attachment() instanceof Source source) {
        source.close();
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      // Its descriptors are gone either way, and nobody could do better.
    }
  }
}
