package org.qmpkit.net;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;

/** A {@link Poller} on the JDK's own selector; serves UNIX and TCP sockets. */
public final class SelectorPoller implements Poller {
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

  /** The poller of a loop that must be one of this kind. */
  static SelectorPoller of(Loop loop, String attempted, Address address) throws TransportException {
    if (loop.poller() instanceof SelectorPoller poller) {
      return poller;
    }
    throw new TransportException(
        attempted,
        address,
        "this transport needs a loop on the JDK's selector, this one is on "
            + loop.poller().getClass().getSimpleName(),
        "use a loop of its own for it",
        false,
        null);
  }

  /** Watches a non-blocking channel, without interest and for nobody until a source is attached. */
  SelectionKey register(SelectableChannel channel) throws ClosedChannelException {
    return channel.register(selector, 0);
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
