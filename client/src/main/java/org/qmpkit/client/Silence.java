package org.qmpkit.client;

import java.time.Duration;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.ClientSession.Phase;

/**
 * How far a connection came that was not ready in time.
 *
 * @param peer who was expected
 * @param connected whether somebody took it
 * @param phase how far its session came
 * @param babble whether something was said that is no message
 */
record Silence(
    Address address, Peer peer, Duration waited, boolean connected, Phase phase, boolean babble) {
  /** The exception for who waited. */
  QmpException exception() {
    String time = Deadline.text(waited);
    if (!connected) {
      return new Disconnected(
          address,
          (address.server() ? "nobody connected to " : "cannot connect to ")
              + address
              + " within "
              + time
              + "; see whether the program on the other side runs",
          false,
          null);
    }
    if (peer == Peer.AGENT) {
      return new TimedOut(
          address,
          "connected to "
              + address
              + ", but no guest agent answered within "
              + time
              + (babble
                  ? ": what came is no answer to guest-sync-delimited; see whether it is an agent's"
                      + " channel, and no monitor"
                  : ": it does not run in the guest, or another client holds its channel"),
          false);
    }
    if (phase != Phase.GREETING) {
      return new TimedOut(
          address,
          "greeted by "
              + address
              + ", but not answered within "
              + time
              + ": QEMU runs an earlier command, or is stopped; try again later",
          false);
    }
    if (babble) {
      return new ProtocolViolation(
          address,
          "connected to "
              + address
              + ", but what it says is no greeting, within "
              + time
              + "; see whether this is a QMP monitor (mode=control)",
          null);
    }
    return new TimedOut(
        address,
        "connected to "
            + address
            + ", but not greeted within "
            + time
            + ": another client probably holds the monitor, unless a helper listens there whose QEMU is"
            + " away ('qmp health "
            + address
            + "' tells); to share a monitor, let that client and you go through"
            + " 'qmp helper --listen unix:/tmp/shared.qmp --connect "
            + address
            + "'",
        false);
  }
}
