package org.qmpkit.protocol;

import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;

/** A command of one client that is to be answered once, in its place. */
final class Request {
  private final Command command;
  private final int bytes;
  private @Nullable Line answer;

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

  @Nullable Line answer() {
    return answer;
  }

  void answer(Line line) {
    answer = line;
  }
}
