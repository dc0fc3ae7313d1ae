package org.qmpkit.testkit;

/**
 * A misbehaviour that {@link FakeQemu} shows on demand.
 *
 * <p>Faults of the greeting show at the start of a connection. Faults of a reply show once, at the
 * next request other than {@code qmp_capabilities}. Faults of the format last for the connection.
 */
public enum Fault {
  /** Answers, but does not greet, like a guest agent. */
  NO_GREETING(When.GREETING),
  /**
   * Greeting and replies are held until {@link FakeQemu#release}, as while another client has the
   * monitor.
   */
  LATE_GREETING(When.GREETING),
  /** The tail of an old reply and three control bytes come before the greeting. */
  GARBAGE_BEFORE_GREETING(When.GREETING),
  /** The reply to a command of an earlier session comes right after the greeting. */
  STALE_REPLY(When.GREETING),

  /** The reply comes twice. */
  REPLY_TWICE(When.REPLY),
  /** The reply carries the id {@code "nobody"}. */
  UNKNOWN_ID(When.REPLY),
  /** An error without an id comes in place of the reply, as after a parse error. */
  ERROR_WITHOUT_ID(When.REPLY),
  /** A second greeting comes before the reply: the far side has reconnected unseen. */
  SECOND_GREETING(When.REPLY),
  /** A thousand events come before the reply, and a thousand after it. */
  EVENT_STORM(When.REPLY),
  /** The reply is a string that goes on until the client leaves. */
  ENDLESS_STRING(When.REPLY),
  /** Half the reply comes, then the end of the connection. */
  EOF_IN_REPLY(When.REPLY),
  /**
   * Nothing more is read, not even the end, and nothing answered, until {@link FakeQemu#release}.
   */
  STOP_READING(When.REPLY),

  /** Messages are spread over many lines, each ended by CR LF, as with QEMU's pretty=on. */
  PRETTY(When.ALWAYS),
  /** Greeting, events and default returns carry text beyond ASCII in raw UTF-8. */
  RAW_UTF8(When.ALWAYS),
  /** Lines end in a bare line feed. */
  BARE_NEWLINE(When.ALWAYS),
  /** Output is written slowly, one byte at a time. */
  BYTE_BY_BYTE(When.ALWAYS);

  final When when;

  Fault(When when) {
    this.when = when;
  }

  enum When {
    GREETING,
    REPLY,
    ALWAYS
  }
}
