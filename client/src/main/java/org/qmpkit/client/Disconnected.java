package org.qmpkit.client;

import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/** There is no connection: it could not be made, was lost, or was closed on this side. */
public final class Disconnected extends QmpException {
  private static final long serialVersionUID = 1;

  private final boolean outcomeUnknown;

  Disconnected(Address address, String message, boolean outcomeUnknown, @Nullable Throwable cause) {
    super(address, message, cause);
    this.outcomeUnknown = outcomeUnknown;
  }

  /** True if the command was sent, or its sending begun: it may have run, or run yet. */
  public boolean outcomeUnknown() {
    return outcomeUnknown;
  }
}
