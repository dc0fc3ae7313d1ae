package org.qmpkit.protocol;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;

/** A command of one client that is to be answered once, in its place. */
final class Request {
  private final Command command;
  private final int bytes;
  private @Nullable Line answer;
  private @Nullable Consumer<Outbox> inTurn;

  /** By when it must have ended, while there is such a time. */
  Expiry.@Nullable Pending pending;

  /** When it was read, and when its last byte was written to QEMU; nanoseconds. */
  long queuedAt;

  long writtenAt;

  /** Whether its turn has come, and whether it is written to QEMU to the end. */
  boolean sent;

  boolean written;

  /** Whether its time was over before QEMU answered; its client was told so. */
  boolean expired;

  Request(Command command, int bytes) {
    this.command = command;
    this.bytes = bytes;
  }

  Command command() {
    return command;
  }

  /** About what it takes on the way to QEMU, in bytes. */
  int bytes() {
    return bytes;
  }

  void answer(Line line) {
    answer = line;
  }

  /** To be answered when its turn has come, with what is so then. */
  void answerInTurn(Consumer<Outbox> writer) {
    inTurn = writer;
  }

  /** Writes its answer, if there is one. */
  boolean writeAnswer(Outbox outbox) {
    if (answer != null) {
      outbox.add(answer);
    } else if (inTurn != null) {
      inTurn.accept(outbox);
    }
    return answer != null || inTurn != null;
  }
}
