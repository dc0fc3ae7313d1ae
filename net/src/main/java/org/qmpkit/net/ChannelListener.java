package org.qmpkit.net;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A {@link Listener} on a server channel of the JDK. */
final class ChannelListener implements Listener, Source {

  /** What a scheme does with a channel just accepted. */
  @FunctionalInterface
  interface Accepted {
    /**
     * Sets the channel's options.
     *
     * @param number the number of the peer, counted from 1
     * @return the peer's name, for logs
     */
    String prepare(SocketChannel channel, long number) throws IOException;
  }

  private static final Duration REST = Duration.ofMillis(100);

  private final ServerSocketChannel channel;
  private final SelectionKey key;
  private final Loop loop;
  private final SelectorPoller poller;
  private final Address address;
  private final Accepted accepted;
  private final Runnable afterwards;
  private @Nullable Runnable handler;
  private @Nullable Timer resting;
  private boolean wanted;
  private long count;

  private ChannelListener(
      ServerSocketChannel channel,
      SelectionKey key,
      Loop loop,
      SelectorPoller poller,
      Address address,
      Accepted accepted,
      Runnable afterwards) {
    this.channel = channel;
    this.key = key;
    this.loop = loop;
    this.poller = poller;
    this.address = address;
    this.accepted = accepted;
    this.afterwards = afterwards;
  }

  /**
   * Takes over a channel that is bound and non-blocking.
   *
   * @param address where it listens
   * @param accepted what to do with each peer's channel
   * @param afterwards what to do once when it closes; must bear being called twice
   * @throws IOException if it cannot be registered
   */
  static ChannelListener on(
      ServerSocketChannel channel,
      Loop loop,
      SelectorPoller poller,
      Address address,
      Accepted accepted,
      Runnable afterwards)
      throws IOException {
    SelectionKey key = poller.register(channel);
    ChannelListener listener =
        new ChannelListener(channel, key, loop, poller, address, accepted, afterwards);
    key.attach(listener);
    return listener;
  }

  @Override
  public void onWaiting(Runnable handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean waiting) {
    assert loop.free() : "a listener belongs to its loop's thread";
    if (waiting && handler == null) {
      throw new IllegalStateException("interest in " + address + " without onWaiting");
    }
    wanted = waiting;
    watch();
  }

  private void watch() {
    int ops = wanted && resting == null ? SelectionKey.OP_ACCEPT : 0;
    try {
      if (key.interestOps() != ops) {
        key.interestOps(ops);
      }
    } catch (CancelledKeyException e) {
      // Closed: nobody will wait again.
    }
  }

  @Override
  public @Nullable Endpoint accept() throws IOException {
    SocketChannel peer;
    try {
      peer = channel.accept();
    } catch (ClosedChannelException e) {
      return null;
    } catch (IOException e) {
      rest();
      throw new TransportException(
          "accept a peer on",
          address,
          String.valueOf(e.getMessage()),
          "raise the limit on open files if that is what it says",
          true,
          e);
    }
    if (peer == null) {
      return null;
    }
    try {
      peer.configureBlocking(false);
      String name = accepted.prepare(peer, ++count);
      return ChannelEndpoint.on(peer, poller.register(peer), loop, name);
    } catch (IOException | RuntimeException e) {
      Channels.close(peer);
      throw e;
    }
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    Runnable current = handler;
    if (current != null) {
      current.run();
    }
  }

  @Override
  public void failed() {
    rest();
  }

  private void rest() {
    if (resting == null && channel.isOpen()) {
      resting =
          loop.schedule(
              REST,
              () -> {
                resting = null;
                watch();
              });
      watch();
    }
  }

  @Override
  public String peer() {
    return address.toString();
  }

  @Override
  public void close() {
    // The name goes first: whoever finds it gone knows that nobody listens.
    if (channel.isOpen()) {
      afterwards.run();
    }
    Channels.close(channel);
    loop.nudge();
  }

  @Override
  public String toString() {
    return peer();
  }
}
