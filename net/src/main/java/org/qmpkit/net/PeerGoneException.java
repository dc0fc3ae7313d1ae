package org.qmpkit.net;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A write that nobody will read, since the peer went away or this side was closed. An event rather
 * than an error, so it has no stack trace.
 */
public final class PeerGoneException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Names the peer.
   *
   * @param peer who went away
   * @param reason how that showed
   * @param cause the system's own word, if any
   */
  public PeerGoneException(String peer, String reason, @Nullable Throwable cause) {
    super("cannot write to " + peer + ": " + reason + "; connect again", cause);
  }

  @Override
  public Throwable fillInStackTrace() {
    return this;
  }
}
