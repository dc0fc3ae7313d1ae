package org.qmpkit.client;

import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/** The far side said what no QEMU says, or too much of it. */
public final class ProtocolViolation extends QmpException {
  private static final long serialVersionUID = 1;

  ProtocolViolation(Address address, String message, @Nullable Throwable cause) {
    super(address, message, cause);
  }
}
