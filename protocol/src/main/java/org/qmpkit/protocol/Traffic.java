package org.qmpkit.protocol;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.InFlight.Sent;

/**
 * The commands of all clients on their way to QEMU: which wait, which goes next, which QEMU has not
 * answered yet (sharing-rules 14 to 16).
 */
final class Traffic {
  /**
   * In-band commands QEMU takes ahead when it does oob: its queue holds 8, and a full one jams oob.
   */
  private static final int AHEAD_WITH_OOB = 7;

  private final Lane inBand;
  private final Lane outOfBand;
  private final List<Lane> lanes;
  private long lastId;

  Traffic(int highWater) {
    inBand = new Lane(highWater, client -> client.inBand);
    outOfBand = new Lane(highWater, client -> client.outOfBand);
    lanes = List.of(outOfBand, inBand);
  }

  /** Both lanes, the faster one first. */
  List<Lane> lanes() {
    return lanes;
  }

  void add(Client client, Request request) {
    (request.command().oob() ? outOfBand : inBand).add(client, request);
  }

  /** Serves a client again that had too much unread. */
  void enlist(Client client) {
    lanes.forEach(lane -> lane.enlist(client));
  }

  /** Drops what a client asked and QEMU was not sent. */
  void drop(Client client) {
    lanes.forEach(lane -> lane.drop(client));
  }

  int queued(Client client) {
    return inBand.queued(client) + outOfBand.queued(client);
  }

  /** Sends what may be sent. */
  void forward(ClientSession session, boolean oob, long now) {
    forward(outOfBand, 1, session, now);
    forward(inBand, oob ? AHEAD_WITH_OOB : 1, session, now);
  }

  private void forward(Lane lane, int ahead, ClientSession session, long now) {
    Sent sent = lane.next(ahead, lastId + 1, now);
    while (sent != null) {
      lastId = sent.id();
      session.send(sent.request().command(), sent.id());
      sent = lane.next(ahead, lastId + 1, now);
    }
  }

  /** Takes out what QEMU has answered, or null if it wasn't sent that or has answered before. */
  @Nullable Sent answered(long id) {
    Sent sent = inBand.inFlight.remove(id);
    return sent == null ? outOfBand.inFlight.remove(id) : sent;
  }

  /** What QEMU has not answered, oldest first. */
  List<Sent> inFlight() {
    List<Sent> all = new ArrayList<>();
    lanes.forEach(lane -> all.addAll(lane.inFlight.all()));
    all.sort(Comparator.comparingLong(Sent::id));
    return all;
  }

  /** Takes out what QEMU will not answer any more, oldest first. */
  List<Sent> removeAll() {
    List<Sent> all = inFlight();
    lanes.forEach(lane -> lane.inFlight.clear());
    return all;
  }
}
