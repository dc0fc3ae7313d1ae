package org.qmpkit.shell;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Lines that are to be said on a screen that may not be there yet. From any thread. */
final class Notes {
  /** As many wait for the screen; the oldest goes first. */
  private static final int WAITING = 100;

  private final ArrayDeque<String> waiting = new ArrayDeque<>();
  private @Nullable Consumer<String> to;

  synchronized void add(String line) {
    if (to != null) {
      to.accept(line);
      return;
    }
    if (waiting.size() == WAITING) {
      waiting.remove();
    }
    waiting.add(line);
  }

  /** From here on lines go there, those first that wait. */
  synchronized void flow(Consumer<String> there) {
    to = there;
    waiting.forEach(there);
    waiting.clear();
  }
}
