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
    CONNECTED,
    BUSY,
    CONNECTING,
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
