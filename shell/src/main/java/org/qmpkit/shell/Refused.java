package org.qmpkit.shell;

import org.qmpkit.client.QmpException;
import org.qmpkit.client.TimedOut;
import org.qmpkit.net.Address;

/** What is said where there is no connection, as qmp-shell begins it. */
final class Refused {
  private Refused() {}

  static String text(Address address, QmpException why) {
    String message = String.valueOf(why.getMessage());
    String known = "cannot connect to " + address + ": ";
    String reason = message.startsWith(known) ? message.substring(known.length()) : message;
    String likely =
        why instanceof TimedOut && message.contains("another client probably")
            ? Holder.likely(address)
                .map(holder -> ". By where the socket is, that client is " + holder)
                .orElse("")
            : "";
    return "ERROR: Couldn't connect to " + address + ": " + reason + likely;
  }
}
