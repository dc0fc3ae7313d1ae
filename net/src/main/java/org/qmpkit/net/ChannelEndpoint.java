package org.qmpkit.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** An {@link Endpoint} on a connected socket channel of the JDK. */
final class ChannelEndpoint implements Endpoint, Source {
  private final SocketChannel channel;
  private final SelectionKey key;
  private final Loop loop;
  private final String peer;
  private @Nullable Ready handler;
  private @Nullable String user;
  private boolean userAsked;
  private int interest;

  private ChannelEndpoint(SocketChannel channel, SelectionKey key, Loop loop, String peer) {
    this.channel = channel;
    this.key = key;
    this.loop = loop;
    this.peer = peer;
  }

  /** Takes over a connected, non-blocking channel under its key, without interest. */
  static ChannelEndpoint on(SocketChannel channel, SelectionKey key, Loop loop, String peer) {
    ChannelEndpoint endpoint = new ChannelEndpoint(channel, key, loop, peer);
    key.attach(endpoint);
    return endpoint;
  }

  @Override
  public int read(ByteBuffer into) {
    int limit = into.limit();
    clip(into);
    try {
      return channel.read(into);
    } catch (IOException e) {
      // A stream socket's read fails only when the peer, or the way to it, is gone.
      return -1;
    } finally {
      into.limit(limit);
    }
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int limit = from.limit();
    clip(from);
    try {
      return channel.write(from);
    } catch (ClosedChannelException e) {
      throw new PeerGoneException(peer, "this side has ended its output", e);
    } catch (IOException e) {
      throw new PeerGoneException(peer, "the peer is gone (" + e.getMessage() + ")", e);
    } finally {
      from.limit(limit);
    }
  }

  /** The JDK copies a heap buffer whole into a cached direct one, which is never to be large. */
  private static void clip(ByteBuffer buffer) {
    if (!buffer.isDirect() && buffer.remaining() > Loop.BUFFER_SIZE) {
      buffer.limit(buffer.position() + Loop.BUFFER_SIZE);
    }
  }

  @Override
  public void shutdownOutput() throws IOException {
    try {
      channel.shutdownOutput();
    } catch (ClosedChannelException e) {
      // Closing has ended the output too.
    } catch (IOException e) {
      throw new PeerGoneException(peer, "the peer is gone (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public void onReady(Ready handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean read, boolean write) {
    assert loop.free() : "an endpoint belongs to its loop's thread";
    int wanted = (read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0);
    if (wanted == interest) {
      return;
    }
    if (handler == null) {
      throw new IllegalStateException("interest in " + peer + " without onReady");
    }
    interest = wanted;
    try {
      key.interestOps(wanted);
    } catch (CancelledKeyException e) {
      // Closed: nothing will be ready again.
    }
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
    if (!userAsked) {
      userAsked = true;
      user = askUser();
    }
    return Optional.ofNullable(user);
  }

  private @Nullable String askUser() {
    try {
      return channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)
          ? channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName()
          : null;
    } catch (IOException e) {
      return null; // closed meanwhile
    }
  }

  @Override
  public void close() {
    Channels.close(channel);
    // A registered channel gives its descriptor back in the poll that follows.
    loop.nudge();
  }

  @Override
  public String toString() {
    return peer;
  }
}
