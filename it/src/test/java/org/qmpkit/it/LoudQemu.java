package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qmpkit.testkit.FakeQemu;

/**
 * A QEMU that answers at once and can make a million events, which the real one can't. It has one
 * client in its life: the helper.
 */
final class LoudQemu implements AutoCloseable {
  private static final Pattern ID = Pattern.compile("\"id\": ?(\"[^\"]*\"|\\d+)");

  private final ServerSocketChannel server;
  private final CompletableFuture<SocketChannel> connection = new CompletableFuture<>();
  private final Object writing = new Object();
  private long events;

  LoudQemu(Path socket) throws IOException {
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofPlatform().daemon().name("LoudQemu at " + socket).start(this::serve);
  }

  private void serve() {
    try (SocketChannel channel = server.accept()) {
      write(channel, FakeQemu.GREETING + "\r\n");
      BufferedReader in = new BufferedReader(Channels.newReader(channel, UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Matcher id = ID.matcher(line);
        if (id.find()) {
          write(channel, "{\"return\": {}, \"id\": " + id.group(1) + "}\r\n");
        }
        connection.complete(channel);
      }
    } catch (IOException e) {
      // The helper is gone.
    }
  }

  private void write(SocketChannel channel, String text) throws IOException {
    write(channel, ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private void write(SocketChannel channel, ByteBuffer bytes) throws IOException {
    synchronized (writing) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /** Makes so many events, each of which has the next number; blocks until they are written. */
  void storm(int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append("{\"timestamp\": {\"seconds\": 1401385907, \"microseconds\": 422329},")
          .append(" \"event\": \"RTC_CHANGE\", \"data\": {\"offset\": ")
          .append(events++)
          .append(", \"qom-path\": \"/machine/unattached/device[7]/rtc\"}}\r\n");
    }
    try {
      write(connection.join(), text.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("the helper does not take events", e);
    }
  }

  long events() {
    return events;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
