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

  static Refusal generic(String desc) {
    return new Refusal("GenericError", desc);
  }

  static Refusal notFound(String desc) {
    return new Refusal("CommandNotFound", desc);
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
