package org.qmpkit.client;

import org.qmpkit.net.Address;

/** More commands wait to be sent than {@link QmpOptions#queueLimit}: this one was not sent. */
public final class QueueFull extends QmpException {
  private static final long serialVersionUID = 1;

  QueueFull(Address address, String command, int limit) {
    super(
        address,
        "cannot execute '"
            + command
            + "' at "
            + address
            + ": "
            + limit
            + " commands wait to be sent already, the limit; await some answers first, or raise"
            + " QmpOptions.queueLimit",
        null);
  }
}
