package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A client of bytes: nothing is demanded of what comes but that it comes. Bytes are shown and given
 * as characters of Latin-1, which has all of them.
 */
final class RawClient implements AutoCloseable {
  private final SocketChannel channel;
  private final Selector selector;
  private final ByteArrayOutputStream came = new ByteArrayOutputStream();

  private RawClient(SocketChannel channel, Selector selector) {
    this.channel = channel;
    this.selector = selector;
  }

  static RawClient connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.configureBlocking(false);
      Selector selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
      return new RawClient(channel, selector);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Sends bytes; the other side must take them without being read from. */
  void send(String latin1) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(latin1.getBytes(ISO_8859_1));
    Patience.until(
        "all bytes to be taken",
        () -> {
          channel.write(bytes);
          return !bytes.hasRemaining();
        });
  }

  void halfClose() throws IOException {
    channel.shutdownOutput();
  }

  /** Reads until a text has come; returns all that came since the last call. */
  String readUntil(String latin1) throws IOException {
    while (!came.toString(ISO_8859_1).contains(latin1)) {
      if (!readMore()) {
        throw new AssertionError("expected " + latin1 + "; the end came after: " + taken());
      }
    }
    return taken();
  }

  /** Reads to the end; returns all that came since the last call. */
  String readToEnd() throws IOException {
    while (readMore()) {}
    return taken();
  }

  private boolean readMore() throws IOException {
    if (selector.select(Patience.LIMIT.toMillis()) == 0) {
      throw new AssertionError("nothing comes within " + Patience.LIMIT + " after: " + taken());
    }
    selector.selectedKeys().clear();
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    int count = channel.read(buffer);
    if (count > 0) {
      came.write(buffer.array(), 0, count);
    }
    return count >= 0;
  }

  private String taken() {
    String text = came.toString(ISO_8859_1);
    came.reset();
    return text;
  }

  @Override
  public void close() throws IOException {
    channel.close();
    selector.close();
  }
}
