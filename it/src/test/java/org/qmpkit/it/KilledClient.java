package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A client that works until it is told to stop, and takes the end of a connection as it comes. */
final class KilledClient {
  private static final int AT_ONCE = 5;

  private final Path socket;
  private final String name;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger answers = new AtomicInteger();
  private final AtomicInteger ends = new AtomicInteger();
  private final CompletableFuture<Void> work = new CompletableFuture<>();
  private int asked;

  KilledClient(Path socket, String name) {
    this.socket = socket;
    this.name = name;
    Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(() -> {
          try {
            work();
            work.complete(null);
          } catch (RuntimeException | AssertionError e) {
            work.completeExceptionally(e);
          }
        });
  }

  int answers() {
    return answers.get();
  }

  int ends() {
    return ends.get();
  }

  /**
   * Tells it to stop; its helper is gone.
   *
   * @throws AssertionError if it waits for something that never comes, or got what it should not
   */
  void finish() throws InterruptedException {
    over.set(true);
    try {
      work.get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(name + " got neither its answer nor an end", e);
    } catch (ExecutionException e) {
      throw new AssertionError(name + ": " + e.getCause(), e);
    }
  }

  private void work() {
    while (!over.get()) {
      try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        channel.connect(UnixDomainSocketAddress.of(socket));
        try {
          converse(channel);
        } finally {
          ends.incrementAndGet();
        }
      } catch (IOException e) {
        // Nobody listens yet, or it was cut off.
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  private void converse(SocketChannel channel) throws IOException {
    BufferedReader in = new BufferedReader(Channels.newReader(channel, UTF_8));
    String greeting = in.readLine();
    if (greeting == null) {
      return;
    }
    assertTrue(greeting.startsWith("{\"QMP\""), greeting);
    send(channel, command("qmp_capabilities", "caps"));
    if (!answered(in.readLine(), "caps")) {
      return;
    }
    while (true) {
      int first = asked;
      StringBuilder commands = new StringBuilder();
      for (int i = 0; i < AT_ONCE; i++) {
        commands.append(command("query-name", name + "-" + asked++));
      }
      send(channel, commands.toString());
      for (int i = first; i < asked; i++) {
        if (!answered(in.readLine(), name + "-" + i)) {
          return;
        }
        answers.incrementAndGet();
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Whether the answer has come; half of one is the end. */
  private static boolean answered(@Nullable String line, String id) {
    if (line == null || !line.endsWith("}")) {
      return false;
    }
    assertEquals("{\"return\": {}, \"id\": \"" + id + "\"}", line);
    return true;
  }
}
