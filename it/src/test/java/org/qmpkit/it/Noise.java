package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.qmpkit.testkit.LineClient;

/**
 * A noisy neighbour: clients that come and go without end, send garbage, ask for schemas and don't
 * wait for them, and, if told to, make events.
 */
final class Noise implements AutoCloseable {
  private static final byte[] GARBAGE =
      "}{ nonsense [1,,2] \"\377\" {\"execute\": 1} \001".getBytes(ISO_8859_1);

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger rounds = new AtomicInteger();
  private final CompletableFuture<Void> neighbour;

  Noise(Path socket, boolean events) {
    neighbour =
        CompletableFuture.runAsync(() -> {
          try {
            while (!over.get()) {
              round(socket, events);
              rounds.incrementAndGet();
            }
          } catch (IOException e) {
            throw new AssertionError("the noisy neighbour was disturbed itself", e);
          }
        });
  }

  private static void round(Path socket, boolean events) throws IOException {
    try (LineClient client = SharedQemu.negotiated(socket)) {
      client.sendBytes(GARBAGE);
      client.send("{\"execute\": \"query-qmp-schema\", \"id\": 1}");
      if (events) {
        client.send("{\"execute\": \"cont\", \"id\": 2}{\"execute\": \"stop\", \"id\": 3}");
      }
      // It leaves with most of it unread.
      client.reply();
    }
    try (LineClient client = SharedQemu.negotiated(socket)) {
      client.send("{\"execute\": \"query-name\"}".repeat(20));
      for (int i = 0; i < 20; i++) {
        client.reply();
      }
    }
  }

  /** Waits until it has made so much noise. */
  void awaitRounds(int count) {
    Patience.until(
        count + " rounds of noise",
        () -> {
          if (neighbour.isCompletedExceptionally()) {
            neighbour.join();
          }
          return rounds.get() >= count;
        });
  }

  /** Ends it; fails if it was disturbed. */
  @Override
  public void close() {
    over.set(true);
    neighbour.join();
  }
}
