package org.qmpkit.shell;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Schema;

/** What is known of what a monitor can do; learned behind the first prompt. Safe for threads. */
final class Knowledge {
  /** How long a person who pressed a key waits for what has not been learned yet. */
  static final Duration PATIENCE = Duration.ofMillis(300);

  /** What is known of a monitor's commands. */
  sealed interface Known {
    /** A monitor that describes itself. */
    record Described(Schema schema) implements Known {}

    /** Whole lines, as of the human monitor or a guest agent. */
    record Lines(Set<String> lines) implements Known {}
  }

  private volatile CompletableFuture<Known> known = new CompletableFuture<>();

  /** From here on is what this will be complete with. */
  void learn(CompletableFuture<Known> source) {
    known = source;
  }

  /** What is known, or becomes known in time; null if nothing does. Blocks so long. */
  @Nullable Known within(Duration patience) {
    try {
      return known.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** The schema, as {@link #within} has it; null if there is none, or not in time. */
  @Nullable Schema schema(Duration patience) {
    return within(patience) instanceof Known.Described(Schema schema) ? schema : null;
  }
}
