package org.qmpkit.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A plain client of the demo, which shows each line it sends and gets. Reads in a thread of its
 * own.
 */
final class DemoClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String END = "";

  private final String name;
  private final DemoScreen screen;
  private final SocketChannel channel;
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(1024);

  private DemoClient(String name, DemoScreen screen, SocketChannel channel) {
    this.name = name;
    this.screen = screen;
    this.channel = channel;
  }

  /** Connects to a UNIX socket. */
  static DemoClient connect(String name, Path socket, DemoScreen screen) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    DemoClient client = new DemoClient(name, screen, channel);
    Thread.ofVirtual().name("demo client " + name).start(client::read);
    return client;
  }

  private void read() {
    try (BufferedReader in =
        new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.put(line);
      }
      lines.put(END);
    } catch (IOException e) {
      lines.offer(END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void send(String text) throws IOException {
    screen.sent(name, text);
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * The next line, shown; blocks.
   *
   * @throws DemoException if none comes in 10 s, or it is not what must come
   */
  String expect(String part) throws DemoException {
    String line = next();
    screen.got(name, line);
    if (!line.contains(part)) {
      throw new DemoException(name + " should have got " + part + ", and got " + line);
    }
    return line;
  }

  private String next() throws DemoException {
    try {
      String line = lines.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (line == null || line.isEmpty()) {
        throw new DemoException(name + (line == null ? " heard nothing for 10 s" : " was closed"));
      }
      return line;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted");
    }
  }

  /** Whether nothing waits that was not expected. */
  boolean isSilent() {
    return lines.isEmpty();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
