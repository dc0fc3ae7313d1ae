package org.qmpkit.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Timer;
import org.qmpkit.protocol.ClientSession;
import org.qmpkit.protocol.ClientSession.Phase;

/**
 * Synchronizes with an agent anew when a command was given up: an answer may be late, or the last
 * synchronization lost. On the loop.
 */
final class Fence {
  /** How long an agent has for one. Who is impatient must not put off what all others wait for. */
  private static final Duration TO_SYNCHRONIZE = Duration.ofSeconds(1);

  private final ClientSession session;
  private final QmpLoop loop;
  private final Runnable sent;
  private Deadline last = Deadline.in(TO_SYNCHRONIZE);
  private @Nullable Timer again;

  /**
   * The fence of a session with an agent, which is synchronizing.
   *
   * @param sent runs when there is something to write
   */
  Fence(ClientSession session, QmpLoop loop, Runnable sent) {
    this.session = session;
    this.loop = loop;
    this.sent = sent;
  }

  /**
   * Somebody waits no more.
   *
   * @param late whether his command was sent, so that its answer may yet come
   */
  void givenUp(boolean late) {
    if (late) {
      synchronize();
    } else if (again == null && session.phase() == Phase.FENCING) {
      again = loop.loop().schedule(Duration.ofNanos(Math.max(0, last.left())), this::repeat);
    }
  }

  private void repeat() {
    again = null;
    if (session.phase() == Phase.FENCING) {
      synchronize();
    }
  }

  private void synchronize() {
    close();
    last = Deadline.in(TO_SYNCHRONIZE);
    session.synchronize();
    sent.run();
  }

  /** Lets the last one be. Idempotent. */
  void close() {
    if (again != null) {
      again.cancel();
      again = null;
    }
  }
}
