package org.qmpkit.protocol;

import org.jspecify.annotations.Nullable;

/**
 * An error answer of our own (spec, "Error").
 *
 * @param errorClass {@code GenericError} or {@code CommandNotFound}, of QAPI's QapiErrorClass
 * @param desc a sentence for people; any characters
 */
record Refusal(String errorClass, String desc) {
  static final String BUSY = "qmpkit: busy: ";
  static final String GONE = "qmpkit: gone: ";
  static final String REFUSED = "qmpkit: refused: ";
  static final String TIMED_OUT = "qmpkit: timed out: ";

  static Refusal generic(String desc) {
    return new Refusal("GenericError", desc);
  }

  static Refusal notFound(String desc) {
    return new Refusal("CommandNotFound", desc);
  }

  /** Why an answer is not passed on that is longer than its client can take. */
  static String tooLong(String command, int bytes, int most) {
    return REFUSED
        + "the answer to '"
        + command
        + "' has "
        + bytes
        + " bytes, and clients of this socket are passed at most "
        + most;
  }

  /** Why events since a cursor are not replayed to one who has too much to read as it is. */
  static String tooMuch(long bytes, long unread) {
    return REFUSED
        + "the events since then have "
        + bytes
        + " bytes, and "
        + unread
        + " wait to be read; read those first";
  }

  /** Why a command has no answer by now: QEMU works on it, has not taken it, or is not its turn. */
  static String timedOut(Request late, long now) {
    String name = late.name();
    if (late.written) {
      return TIMED_OUT
          + name
          + " has no answer for "
          + UpstreamState.seconds(now - late.writtenAt)
          + " s, after "
          + UpstreamState.seconds(late.writtenAt - late.queuedAt)
          + " s in the queue; whether it was done is not known";
    }
    String waited = UpstreamState.seconds(now - late.queuedAt) + " s";
    return TIMED_OUT
        + name
        + (late.sent
            ? " was not taken by QEMU for " + waited + "; whether it will be done is not known"
            : " waited " + waited + " for its turn and was not sent");
  }

  /** The answer on a line of its own, in QEMU's order of members. */
  Line line(@Nullable String id) {
    return Line.of(
        "{"
            + (id == null ? "" : "\"id\": " + id + ", ")
            + "\"error\": {\"class\": \""
            + errorClass
            + "\", \"desc\": "
            + JsonString.quote(desc)
            + "}}\r\n");
  }

  /** A success of our own on a line of its own, in QEMU's order of members. */
  static Line success(String value, @Nullable String id) {
    return Line.of("{\"return\": " + value + (id == null ? "" : ", \"id\": " + id) + "}\r\n");
  }
}
