package org.qmpkit.protocol;

import java.util.Locale;

/**
 * How the connection to QEMU stands.
 *
 * @param reason why, in words; empty when connected
 */
public record Standing(State state, String reason) {
  /** In a word. */
  public enum State {
    /** QEMU answers. */
    CONNECTED,
    /** There is a connection, and QEMU does not answer on it for {@link Limits#silence()}. */
    BUSY,
    /** A connection is being made, or QEMU is expected to greet on one. */
    CONNECTING,
    /** There is no connection; another is tried for by and by. */
    GONE;

    /** The word as status, health and metrics have it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public String toString() {
    return reason.isEmpty() ? state.word() : state.word() + ": " + reason;
  }
}
