package org.qmpkit.protocol;

import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whose command goes to QEMU next: one a turn, round-robin, and by bytes as well (deficit round
 * robin), because QEMU reads about 100 KB/s and a request of 1 MiB takes ten seconds of everybody.
 */
final class Turns {
  /** What a client may send in one turn, in bytes; a longer request saves up for several. */
  static final int QUANTUM = 8 * 1024;

  private final ArrayDeque<Waiting> ring = new ArrayDeque<>();

  /** Those whose next command has descriptors, while another's are with QEMU. */
  private final ArrayDeque<Waiting> held = new ArrayDeque<>();

  private final int highWater;
  private final BooleanSupplier carrying;

  /**
   * Nobody waits.
   *
   * @param carrying whether a command with descriptors is with QEMU, which keeps the last that came
   */
  Turns(int highWater, BooleanSupplier carrying) {
    this.highWater = highWater;
    this.carrying = carrying;
  }

  /** Gives turns to a client that has commands queued. */
  void enlist(Waiting waiting) {
    if (!waiting.listed && eligible(waiting)) {
      waiting.listed = true;
      ring.add(waiting);
    }
  }

  private boolean eligible(Waiting waiting) {
    return !waiting.requests.isEmpty() && waiting.client.outbox().size() < highWater;
  }

  /** Whose turn it is; stays so until {@link #take}. */
  @Nullable Waiting next() {
    if (!held.isEmpty() && !carrying.getAsBoolean()) {
      ring.addAll(held);
      held.clear();
    }
    while (!ring.isEmpty()) {
      Waiting waiting = ring.element();
      if (!eligible(waiting)) {
        leave(ring.remove());
        continue;
      }
      Request request = waiting.requests.element();
      if (request.carries() && carrying.getAsBoolean()) {
        held.add(ring.remove());
        continue;
      }
      int bytes = request.bytes();
      if (waiting.credit < bytes) {
        waiting.credit += QUANTUM;
      }
      if (waiting.credit >= bytes) {
        return waiting;
      }
      ring.add(ring.remove());
    }
    return null;
  }

  /** Takes the command of the client whose turn it is. */
  Request take() {
    Waiting waiting = ring.remove();
    Request request = waiting.requests.remove();
    waiting.credit -= request.bytes();
    if (eligible(waiting)) {
      ring.add(waiting);
    } else {
      leave(waiting);
    }
    return request;
  }

  /** Drops all that waits. */
  void drop(Waiting waiting) {
    waiting.requests.clear();
    if (waiting.listed) {
      ring.remove(waiting);
      held.remove(waiting);
      leave(waiting);
    }
  }

  private static void leave(Waiting waiting) {
    waiting.listed = false;
    waiting.credit = 0;
  }

  /** Whether nobody waits for a turn; what is asked for those who have left is nobody's. */
  boolean isEmpty() {
    return Stream.concat(ring.stream(), held.stream())
        .noneMatch(each -> eligible(each) && !each.client.gone);
  }
}
