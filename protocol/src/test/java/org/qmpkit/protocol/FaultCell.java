package org.qmpkit.protocol;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One fault, on one side, at one step of the conversation. */
record FaultCell(Side side, Fault fault, Step step) {
  /** Whose connection, or who at its other end, goes wrong. */
  enum Side {
    QEMU,
    CLIENT
  }

  /** What goes wrong. */
  enum Fault {
    EOF,
    RST,
    HALF_CLOSE,
    SILENCE,
    ONE_BYTE_PER_100_MS,
    SHORT_WRITE,
    NEVER_WRITABLE,
    GARBAGE,
    BYTE_FF,
    BYTE_01,
    TRUNCATED_UTF8,
    FOREIGN_ID,
    NO_ID,
    DUPLICATE_REPLY,
    REPLY_TO_NOTHING,
    SECOND_GREETING,
    WRONG_GREETING,
    EVENT_STORM,
    EVENT_BEFORE_CAPS_REPLY,
    OVERSIZE_LINE,
    DEEP_NEST,
    SIGSTOP,
    SIGKILL,
    OUR_SIGTERM
  }

  /** How far the conversation is. */
  enum Step {
    /** QEMU is dialled; clients are here already. */
    CONNECTING,
    /** Connected, and not a byte has moved. */
    ACCEPTED,
    /** Half the greeting was written. */
    GREETING,
    /** Half the negotiation was written: QEMU's answer to ours, or the client's. */
    CAPS,
    IDLE,
    /** Half a request has come from the client. */
    REQUEST_HALF_READ,
    /** The client's request waits behind those of others. */
    QUEUED,
    /** Half the request was written to QEMU. */
    HALF_WRITTEN,
    /** QEMU has the request. */
    AWAITING,
    /** Half the reply has come from QEMU. */
    REPLY_HALF_READ,
    /** Half the reply was written to the client. */
    REPLY_HALF_WRITTEN,
    /** Half an event was written to the client. */
    EVENT_HALF_WRITTEN,
    /** Descriptors came with the request. */
    FD_ATTACHED,
    /** QEMU has a request to be run out of band. */
    OOB_IN_FLIGHT,
    /** We have had a SIGTERM, and QEMU has the request. */
    DRAINING,
    /**
     * QEMU has answered {@code quit} and is about to end; or has ended, and its client's last lines
     * wait.
     */
    CLOSING
  }

  /** Faults that are nothing but bytes of QEMU, or of a connection that is there. */
  private static final Set<Fault> NEED_A_CONNECTION =
      EnumSet.complementOf(
          EnumSet.of(
              Fault.EOF,
              Fault.RST,
              Fault.SILENCE,
              Fault.SIGSTOP,
              Fault.SIGKILL,
              Fault.OUR_SIGTERM));

  /** What QEMU may do without anybody's being worse off, if it comes between its messages. */
  private static final Set<Fault> HARMLESS_MESSAGES =
      EnumSet.of(Fault.DUPLICATE_REPLY, Fault.REPLY_TO_NOTHING, Fault.EVENT_STORM);

  private static final Set<Fault> DELAYS =
      EnumSet.of(
          Fault.SILENCE,
          Fault.ONE_BYTE_PER_100_MS,
          Fault.SHORT_WRITE,
          Fault.NEVER_WRITABLE,
          Fault.SIGSTOP);

  static List<FaultCell> all() {
    List<FaultCell> cells = new ArrayList<>();
    for (Side side : Side.values()) {
      for (Step step : Step.values()) {
        for (Fault fault : Fault.values()) {
          cells.add(new FaultCell(side, fault, step));
        }
      }
    }
    return cells;
  }

  /** Why this cannot happen, or null if it can: the whole table of what is not run. */
  @Nullable String impossible() {
    if (step == Step.FD_ATTACHED) {
      return "the broker carries no descriptors: no transport of this tree passes any";
    }
    if (side == Side.QEMU && step == Step.CONNECTING && NEED_A_CONNECTION.contains(fault)) {
      return "there is no connection to QEMU yet that could carry or do it";
    }
    return null;
  }

  /**
   * Whether nobody may be worse off for it, once the delay is over: all requests are answered, and
   * no connection of a client ends.
   *
   * @param midMessage whether QEMU was in the middle of a message
   */
  boolean harmless(boolean midMessage) {
    if (fault == Fault.OUR_SIGTERM || step == Step.DRAINING || step == Step.CLOSING) {
      return false;
    }
    return side == Side.CLIENT
        || DELAYS.contains(fault)
        || (HARMLESS_MESSAGES.contains(fault) && !midMessage);
  }

  @Override
  public String toString() {
    return side + "/" + fault + "/" + step;
  }

  String words() {
    String text = "towards " + side + ": " + fault + " while " + step;
    return text.replace('_', ' ').toLowerCase(Locale.ROOT);
  }
}
