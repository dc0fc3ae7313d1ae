package org.qmpkit.protocol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Expiry.Pending;
import org.qmpkit.protocol.InFlight.Sent;

/**
 * The commands of all clients on their way to QEMU: which wait, which goes next, which QEMU has not
 * answered yet, and by when (sharing-rules 14 to 16).
 */
final class Traffic {
  /**
   * In-band commands QEMU takes ahead when it does oob: its queue holds 8, and a full one jams oob.
   */
  private static final int AHEAD_WITH_OOB = 7;

  /** How many bytes a command has behind its closing brace, which QEMU need not wait for. */
  private static final int LINE_END = 2;

  private final Lane inBand;
  private final Lane outOfBand;
  private final List<Lane> lanes;
  private final Expiry expiry;
  private final ArrayDeque<Unwritten> unwritten = new ArrayDeque<>();
  private long lastId;
  private long written;
  private long takenAt = Long.MIN_VALUE;

  /** A command that is not written to the end, and how many bytes of all will be written then. */
  private record Unwritten(Sent sent, long end) {}

  Traffic(int highWater, Deadlines deadlines) {
    expiry = new Expiry(deadlines);
    inBand = new Lane(highWater, client -> client.inBand);
    outOfBand = new Lane(highWater, client -> client.outOfBand);
    lanes = List.of(outOfBand, inBand);
  }

  /** Both lanes, the faster one first. */
  List<Lane> lanes() {
    return lanes;
  }

  void add(Client client, Request request, long now) {
    request.queuedAt = now;
    if (!request.own) {
      expiry.begin(client, request, now);
    }
    lane(request).add(client, request);
  }

  private Lane lane(Request request) {
    return request.command().oob() ? outOfBand : inBand;
  }

  /** Serves a client again that had too much unread. */
  void enlist(Client client) {
    lanes.forEach(lane -> lane.enlist(client));
  }

  /** Drops what a client asked and QEMU was not sent. */
  void drop(Client client) {
    for (Lane lane : lanes) {
      while (poll(client, lane) != null) {
        // Gone.
      }
      lane.drop(client);
    }
  }

  /** Takes a command out that was not sent yet, in order; null if there is none. */
  @Nullable Request poll(Client client, Lane lane) {
    Request request = lane.poll(client);
    if (request != null) {
      expiry.end(request);
      request.withdraw();
    }
    return request;
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
      session.send(sent.request().command(), sent.id(), sent.request().detach());
      sent.request().sent = true;
      unwritten.add(new Unwritten(sent, written + session.outbox().size()));
      sent = lane.next(ahead, lastId + 1, now);
    }
  }

  /** So many bytes were written to QEMU. The time of a command begins with its last. */
  void wrote(int bytes, long now) {
    written += bytes;
    takenAt = bytes > 0 ? now : takenAt;
    while (!unwritten.isEmpty() && unwritten.element().end() <= written) {
      Sent sent = unwritten.remove().sent();
      Request request = sent.request();
      request.written = true;
      request.writtenAt = now;
      if (!request.expired && !sent.client().gone) {
        expiry.begin(sent.client(), request, now);
      }
    }
  }

  /**
   * Why no QEMU answers this one now, or null if it may. What is in band it runs one after the
   * other (qmp-spec.rst, section "Out-of-band execution"), and nothing before it has read it up to
   * the closing brace.
   */
  @Nullable String fault(long id) {
    if (inBand.inFlight.overtakes(id)) {
      return "an answer in band before that to an older command";
    }
    for (Unwritten each : unwritten) {
      if (each.sent().id() == id && each.end() - LINE_END > written) {
        return "an answer to a command that was not written to it";
      }
    }
    return null;
  }

  /** Takes out what QEMU has answered, or null if it wasn't sent that or has answered before. */
  @Nullable Sent answered(long id) {
    Sent first = inBand.inFlight.remove(id);
    Sent sent = first == null ? outOfBand.inFlight.remove(id) : first;
    if (sent != null) {
      expiry.end(sent.request());
      if (!sent.request().written) {
        unwritten.removeIf(each -> each.sent().id() == id); // but for its line end
      }
    }
    return sent;
  }

  /** Since when a command that nobody waits for holds up those who wait for a lane. */
  long stuckSince(Lane lane, Sent stuck) {
    return lane.stuckSince(stuck, takenAt);
  }

  /** When the next command must have ended, or Long.MAX_VALUE. */
  long deadline() {
    return expiry.deadline();
  }

  /**
   * A command whose time is over, or null. If it was sent it keeps its place until QEMU answers;
   * else it is taken out.
   */
  @Nullable Pending expired(long now) {
    Pending expired = expiry.expired(now);
    if (expired != null) {
      expired.request().expired = true;
      takeOut(expired.client(), expired.request());
    }
    return expired;
  }

  /** Takes a command out, if it was not sent yet. */
  void withdraw(Client client, Request request) {
    expiry.end(request);
    takeOut(client, request);
  }

  private void takeOut(Client client, Request request) {
    lane(request).withdraw(client, request);
    request.withdraw();
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
    all.forEach(each -> expiry.end(each.request()));
    unwritten.clear();
    written = 0;
    return all;
  }
}
