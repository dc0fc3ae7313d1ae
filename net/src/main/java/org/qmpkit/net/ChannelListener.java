package org.qmpkit.net;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** A {@link Listener} on a server channel of the JDK. */
final class ChannelListener implements Listener, Source {
  private final ServerSocketChannel channel;
  private final SelectionKey key;
  private final Loop loop;
  private final SelectorPoller poller;
  private final Address address;
  private final SocketPoller.PeerName names;
  private final Runnable afterwards;
  private final AcceptInterest interest;
  private long count;

  private ChannelListener(
      ServerSocketChannel channel,
      SelectionKey key,
      Loop loop,
      SelectorPoller poller,
      Address address,
      SocketPoller.PeerName names,
      Runnable afterwards) {
    this.channel = channel;
    this.key = key;
    this.loop = loop;
    this.poller = poller;
    this.address = address;
    this.names = names;
    this.afterwards = afterwards;
    this.interest = new AcceptInterest(loop, address, this::watch);
  }

  /**
   * Takes over a channel that is bound and non-blocking.
   *
   * @param address where it listens
   * @param names what to call each peer
   * @param afterwards what to do once when it closes; must bear being called twice
   * @throws IOException if it cannot be registered
   */
  static ChannelListener on(
      ServerSocketChannel channel,
      Loop loop,
      SelectorPoller poller,
      Address address,
      SocketPoller.PeerName names,
      Runnable afterwards)
      throws IOException {
    SelectionKey key = poller.register(channel);
    ChannelListener listener =
        new ChannelListener(channel, key, loop, poller, address, names, afterwards);
    key.attach(listener);
    return listener;
  }

  @Override
  public void onWaiting(Runnable handler) {
    interest.handler(handler);
  }

  @Override
  public void interest(boolean waiting) {
    interest.set(waiting);
  }

  private void watch(boolean peers) {
    int ops = peers ? SelectionKey.OP_ACCEPT : 0;
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
      interest.rest();
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
      ChannelDial.setOptions(peer);
      String name = names.of(peer.getRemoteAddress(), ++count);
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
    interest.call();
  }

  @Override
  public void failed() {
    interest.rest();
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
