package org.qmpkit.client;

import java.time.Duration;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.ClientSession.Phase;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * How far a connection came that was not ready in time.
 *
 * @param peer who was expected
 * @param connected whether somebody took it
 * @param phase how far its session came
 * @param babble whether something was said that is no message
 * @param status what a helper told in place of a greeting, as JSON; else empty
 */
record Silence(
    Address address,
    Peer peer,
    Duration waited,
    boolean connected,
    Phase phase,
    boolean babble,
    String status) {
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
    JsonNode told = told();
    String state = told.path("state").asString("");
    String helper =
        ": a helper listens there; its QEMU is " + state + ": " + told.path("reason").asString("");
    if (state.equals("gone")) {
      return new Disconnected(address, "cannot connect to " + address + helper, false, null);
    }
    String silent = "connected to " + address + ", but not greeted within " + time;
    if (!state.isEmpty()) {
      return new TimedOut(address, silent + helper + "; try again later", false);
    }
    return new TimedOut(
        address,
        silent
            + ": another client probably holds the monitor, or QEMU stands still ('qmp health "
            + address
            + "' tells more); to share a monitor, let that client and you go through"
            + " 'qmp helper --listen unix:/tmp/shared.qmp --connect "
            + address
            + "'",
        false);
  }

  private JsonNode told() {
    try {
      return status.isEmpty() ? MissingNode.getInstance() : Json.tree(status);
    } catch (JacksonException e) {
      return MissingNode.getInstance();
    }
  }
}
