package org.qmpkit.client;

import org.qmpkit.net.Address;

/** Nobody greeted, or nobody answered, in time. */
public final class TimedOut extends QmpException {
  private static final long serialVersionUID = 1;

  private final boolean outcomeUnknown;

  TimedOut(Address address, String message, boolean outcomeUnknown) {
    super(address, message, null);
    this.outcomeUnknown = outcomeUnknown;
  }

  /** True if the command was sent, or its sending begun: it may have run, or run yet. */
  public boolean outcomeUnknown() {
    return outcomeUnknown;
  }
}
