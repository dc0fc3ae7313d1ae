package org.qmpkit.net;

import java.io.IOException;

/** The system does not pass a batch of descriptors along: too many are on their way, or nested. */
public final class DescriptorsRefusedException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * Says what failed.
   *
   * @param peer who was to be passed them
   * @param reason the system's own text
   */
  public DescriptorsRefusedException(String peer, String reason) {
    super("cannot pass descriptors to " + peer + ": " + reason);
  }
}
