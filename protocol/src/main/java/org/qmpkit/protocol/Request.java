package org.qmpkit.protocol;

import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;

/** A command of one client that is to be answered once, in its place. */
final class Request {
  private final Command command;
  private final int bytes;
  private byte @Nullable [] answer;

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

  byte @Nullable [] answer() {
    return answer;
  }

  void answer(byte[] line) {
    answer = line;
  }
}
