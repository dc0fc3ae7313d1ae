package org.qmpkit.client;

import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/**
 * Why a connection is over.
 *
 * @param why a clause for people
 */
record Ending(Kind kind, String why, @Nullable Throwable cause) {
  /** Whose doing it was. */
  enum Kind {
    /** Ours. */
    CLOSED,
    /** The far side left, or the way to it is gone. */
    LOST,
    /** The far side said what is no QMP. */
    BROKE
  }

  /**
   * The exception for one whom it hit.
   *
   * @param attempted what could not be done, as "execute 'stop'"
   * @param sent whether a command was sent, so that nobody knows whether it ran
   */
  QmpException exception(Peer peer, Address address, String attempted, boolean sent) {
    String text =
        "cannot "
            + attempted
            + " at "
            + address
            + ": "
            + why
            + (sent ? "; whether the command ran is unknown" : "")
            + switch (kind) {
              case CLOSED, LOST -> "; connect again";
              case BROKE -> peer.ifBroken();
            };
    return switch (kind) {
      case CLOSED, LOST -> new Disconnected(address, text, sent, cause);
      case BROKE -> new ProtocolViolation(address, text, cause);
    };
  }
}
