package org.qmpkit.testkit;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A connected UNIX stream socket on which every wait has a deadline. One thread may write while
 * another reads.
 */
final class Wire implements AutoCloseable {
  private final SocketChannel channel;
  private final Excerpt excerpt = new Excerpt();
  // One selector a direction, made when first needed: most writes never wait.
  private @Nullable Selector readable;
  private @Nullable Selector writable;

  private Wire(SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * Connects without waiting, as a program with a non-blocking socket does.
   *
   * @throws IOException if nobody listens there, or if the listener's backlog is full (EAGAIN)
   */
  static Wire connectNow(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.configureBlocking(false);
      if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
        throw new ConnectException("connection to " + socket + " did not come about at once");
      }
      return new Wire(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Connects, and waits while the listener's backlog is full, as a program with a blocking socket
   * does.
   *
   * @throws IOException if nobody listens there, or if the backlog is still full at the deadline
   */
  static Wire connect(Path socket, Deadline deadline) throws IOException {
    while (true) {
      try {
        return connectNow(socket);
      } catch (ConnectException e) {
        throw e;
      } catch (SocketException e) {
        // A full backlog has no exception class of its own; neither has a missing file.
        if (!Files.exists(socket) || !deadline.pause()) {
          throw new IOException("cannot connect to " + socket + ": " + e.getMessage(), e);
        }
      }
    }
  }

  /**
   * Waits for bytes and reads what is there, up to what {@code into} holds.
   *
   * @return their number; 0 if the deadline passed first; -1 at the end of the stream
   * @throws IOException if the connection was reset, or was closed here
   */
  int read(ByteBuffer into, Deadline deadline) throws IOException {
    int start = into.position();
    while (true) {
      int count = channel.read(into);
      if (count > 0) {
        excerpt.add(into.array(), into.arrayOffset() + start, count);
      }
      if (count != 0 || deadline.passed()) {
        return count;
      }
      if (readable == null) {
        readable = selector(SelectionKey.OP_READ);
      }
      await(readable, deadline);
    }
  }

  /**
   * Writes all of {@code from}.
   *
   * @return false if the deadline passed first, with what is left in {@code from}
   * @throws IOException if the other side is gone, or the connection was closed here
   */
  boolean write(ByteBuffer from, Deadline deadline) throws IOException {
    while (true) {
      channel.write(from);
      if (!from.hasRemaining()) {
        return true;
      }
      if (deadline.passed()) {
        return false;
      }
      if (writable == null) {
        writable = selector(SelectionKey.OP_WRITE);
      }
      await(writable, deadline);
    }
  }

  void endOutput() throws IOException {
    channel.shutdownOutput();
  }

  /** The last bytes read. */
  Excerpt excerpt() {
    return excerpt;
  }

  private Selector selector(int interest) throws IOException {
    Selector selector = Selector.open();
    try {
      channel.register(selector, interest);
      return selector;
    } catch (IOException | RuntimeException e) {
      selector.close();
      throw e;
    }
  }

  private static void await(Selector selector, Deadline deadline) throws IOException {
    selector.select(deadline.millis());
    selector.selectedKeys().clear();
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while waiting for a socket");
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    // A channel that is registered keeps its descriptor until its selectors have let go of it.
    if (readable != null) {
      readable.close();
    }
    if (writable != null) {
      writable.close();
    }
  }
}
