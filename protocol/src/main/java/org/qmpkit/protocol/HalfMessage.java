package org.qmpkit.protocol;

import java.time.Duration;

/** What is held of a message of QEMU that is not complete, and since when it is a long one. */
final class HalfMessage {
  /** From how many bytes on one may not be under way for longer than so. */
  private static final int LONG = 1 << 20;

  private static final long LONG_NANOS = Duration.ofSeconds(30).toNanos();

  private final Broker whose;
  private final Backlog backlog;
  private long since = Long.MAX_VALUE;

  HalfMessage(Broker whose, Backlog backlog) {
    this.whose = whose;
    this.backlog = backlog;
  }

  /**
   * So much is held now.
   *
   * @param bytes what it takes, room that is made for what may follow included
   * @param length how long the message is so far
   * @param another whether that is another message than before
   */
  void holds(int bytes, int length, boolean another, long now) {
    if (length < LONG) {
      since = Long.MAX_VALUE;
    } else if (another || since == Long.MAX_VALUE) {
      since = now;
    }
    backlog.half(whose, bytes);
  }

  /** Nothing is held. */
  void gone() {
    since = Long.MAX_VALUE;
    backlog.half(whose, 0);
  }

  /** When it has been under way for too long; Long.MAX_VALUE if it is not long. */
  long deadline() {
    return since == Long.MAX_VALUE ? since : since + LONG_NANOS;
  }
}
