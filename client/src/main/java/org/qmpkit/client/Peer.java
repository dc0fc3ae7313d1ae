package org.qmpkit.client;

import java.io.IOException;
import java.util.List;
import org.qmpkit.net.Address;
import org.qmpkit.net.Entropy;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.ClientSession;

/** Who is on the other side of a connection. */
enum Peer {
  /** Who greets and negotiates. */
  MONITOR,
  /** Who does not. */
  NOT_GREETING,
  /** Who is synchronized with, at first and whenever an answer is given up. */
  AGENT;

  ClientSession session(int limit) {
    return switch (this) {
      case MONITOR -> new ClientSession(limit, new Entropy());
      case NOT_GREETING -> ClientSession.withoutNegotiation(limit);
      case AGENT -> ClientSession.withAgent(limit, new Entropy());
    };
  }

  /** What says more where no answer came, as the end of a sentence; empty if nothing does. */
  String ifSilent(Address address) {
    return this == AGENT ? "" : "; 'qmp health " + address + "' says what is the matter";
  }

  /** What may be wrong where something else was said than such a peer says. */
  String ifBroken() {
    return this == AGENT
        ? "; see whether this is an agent's channel, and no monitor"
        : "; see whether this is a QMP monitor (mode=control)";
  }

  /** What says more where an answer is of another shape; empty if nothing does. */
  String ifMismatched() {
    return this == AGENT ? "" : "; Schema.check tells what else does not fit this QEMU";
  }

  /**
   * A connection to such a peer, which is ready; blocks.
   *
   * @throws QmpException if that does not come about in time
   */
  Connection connect(Address address, QmpOptions options)
      throws QmpException, InterruptedException {
    QmpLoop shared = options.loop();
    Transports transports = Transports.load();
    QmpLoop loop;
    try {
      loop =
          shared == null
              ? QmpLoop.start("qmp " + address, transports.poller(List.of(address)))
              : shared;
    } catch (TransportException e) {
      throw new Disconnected(address, String.valueOf(e.getMessage()), false, e);
    } catch (IOException e) {
      String why = "cannot connect to " + address + ": the system gives no poller: ";
      throw new Disconnected(address, why + e.getMessage() + "; close files", false, e);
    }
    boolean done = false;
    try {
      Connection connection = new Connection(address, options, this, loop, shared == null);
      connection.refuseOnLoop("connect");
      connection.open(transports);
      done = true;
      return connection;
    } finally {
      if (!done && shared == null) {
        loop.close();
      }
    }
  }
}
