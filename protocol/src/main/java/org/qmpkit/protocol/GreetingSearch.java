package org.qmpkit.protocol;

import java.nio.ByteBuffer;

/**
 * Looks for the beginning of a greeting, <code>{"QMP"</code> with or without white space, in a
 * stream that may start in the middle of a message: where rings outlive a client (the reconnect
 * marker of vchan servers), the rest of what it was sent lies before the greeting, and may have a
 * string or a bracket open. Each byte is looked at once. One thread at a time.
 */
final class GreetingSearch {
  private static final byte[] BEGINNING = Ascii.bytes("{\"QMP\"");

  private int matched;
  private int ahead;
  private boolean found;

  /** What was found, in canonical bytes. */
  static ByteBuffer beginning() {
    return ByteBuffer.wrap(BEGINNING);
  }

  /**
   * Where the bytes to come are to be cut.
   *
   * @param in the bytes that come next; it is not changed
   * @return an index: just behind the next beginning, or the limit if there is none
   */
  int limit(ByteBuffer in) {
    int at = in.position() + ahead;
    while (!found && at < in.limit()) {
      found = completes(in.get(at++));
    }
    ahead = at - in.position();
    return at;
  }

  /**
   * Goes on behind bytes that were taken, no further than {@link #limit}.
   *
   * @return whether a beginning ends with the last of these
   */
  boolean took(int count) {
    ahead -= count;
    boolean reached = found && ahead == 0;
    found &= !reached;
    return reached;
  }

  private boolean completes(byte b) {
    boolean blank = b == ' ' || b == '\t' || b == '\r' || b == '\n';
    if (blank && matched == 1) {
      return false;
    }
    matched = b == BEGINNING[matched] ? matched + 1 : b == '{' ? 1 : 0;
    if (matched < BEGINNING.length) {
      return false;
    }
    matched = 0;
    return true;
  }
}
