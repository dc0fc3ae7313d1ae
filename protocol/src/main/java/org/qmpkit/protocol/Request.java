package org.qmpkit.protocol;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;

/** A command of one client that is to be answered once, in its place. */
final class Request {
  /** The longest name that texts repeat, in characters; no command of QEMU's has as many. */
  private static final int LONGEST_NAME = 64;

  private final Command command;
  private final int bytes;
  private @Nullable Line answer;
  private @Nullable Consumer<Outbox> inTurn;
  private @Nullable Attachment attachment;
  private @Nullable String fdname;
  private boolean carries;

  /** Whether it is the broker's own, for which nobody waits, and no client's. */
  final boolean own;

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
    this(command, bytes, false);
  }

  private Request(Command command, int bytes, boolean own) {
    this.command = command;
    this.bytes = bytes;
    this.own = own;
  }

  /** One that the broker makes by itself. */
  static Request own(Command command, int bytes) {
    return new Request(command, bytes, true);
  }

  Command command() {
    return command;
  }

  /** Its command's name for texts, which many may be told: one of any length is cut short. */
  String name() {
    String name = command.name();
    if (name.length() <= LONGEST_NAME) {
      return name;
    }
    boolean pair = Character.isHighSurrogate(name.charAt(LONGEST_NAME - 1));
    return name.substring(0, pair ? LONGEST_NAME - 1 : LONGEST_NAME) + "…";
  }

  /** About what it takes on the way to QEMU, in bytes. */
  int bytes() {
    return bytes;
  }

  /**
   * Gives it descriptors to go with.
   *
   * @param name what QEMU is to call them; null if they get no name
   */
  void attach(Attachment descriptors, @Nullable String name) {
    attachment = descriptors;
    fdname = name;
    carries = true;
  }

  /** Whether it goes, or went, with descriptors. */
  boolean carries() {
    return carries;
  }

  /** What QEMU is to call its descriptors, or null. */
  @Nullable String fdname() {
    return fdname;
  }

  /** Its descriptors, which are the caller's from here on; null if it has none any more. */
  @Nullable Attachment detach() {
    Attachment taken = attachment;
    attachment = null;
    return taken;
  }

  /** It does not go to QEMU: its descriptors are closed. */
  void withdraw() {
    Attachment left = detach();
    if (left != null) {
      left.close();
    }
  }

  /** Whether its answer is there, if it is one in band. */
  boolean answered() {
    return answer != null || inTurn != null;
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
    return answered();
  }
}
