package org.qmpkit.protocol;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.InFlight.Sent;

/** One of the two ways to QEMU, in band or out of band, which don't hold each other up. */
final class Lane {
  /** Bytes in flight past which nothing is added, lest a small command waits behind a big one. */
  private static final int WINDOW = 64 * 1024;

  private final Turns turns;
  private final Function<Client, Waiting> place;
  final InFlight inFlight = new InFlight();
  private int places = 1;

  /**
   * An empty lane.
   *
   * @param place where the commands of a client wait for this lane
   */
  Lane(int highWater, Function<Client, Waiting> place) {
    this.turns = new Turns(highWater, inFlight::carries);
    this.place = place;
  }

  void add(Client client, Request request) {
    waiting(client).requests.add(request);
    enlist(client);
  }

  /** Serves a client again that had too much unread. */
  void enlist(Client client) {
    turns.enlist(waiting(client));
  }

  void drop(Client client) {
    turns.drop(waiting(client));
  }

  /** Takes a command out that was not sent yet, in order; null if there is none. */
  @Nullable Request poll(Client client) {
    return waiting(client).requests.poll();
  }

  /** Takes one out, if it was not sent yet. */
  void withdraw(Client client, Request request) {
    waiting(client).requests.remove(request);
  }

  int queued(Client client) {
    return waiting(client).requests.size();
  }

  private Waiting waiting(Client client) {
    return place.apply(client);
  }

  /** Takes the command that is to be sent now and counts it as sent, or null if there is none. */
  @Nullable Sent next(int ahead, long id, long now) {
    places = ahead;
    Waiting next = inFlight.size() < ahead ? turns.next() : null;
    if (next == null || !fits(next.requests.element())) {
      return null;
    }
    Sent sent = new Sent(id, next.client, turns.take(), now);
    inFlight.add(sent);
    return sent;
  }

  private boolean fits(Request request) {
    return inFlight.isEmpty() || inFlight.bytes() + request.bytes() <= WINDOW;
  }

  /** The command nobody waits for that holds up those who wait, or null. */
  @Nullable Sent stuck() {
    Sent orphan = inFlight.orphan();
    return orphan == null || turns.isEmpty() ? null : orphan;
  }

  /**
   * Since when a command that is {@link #stuck} holds up those who wait: not while QEMU still takes
   * its bytes. Where there are places, it is the bytes or descriptors of any such command that do.
   *
   * @param takenAt when QEMU last took any bytes
   */
  long stuckSince(Sent stuck, long takenAt) {
    boolean full = inFlight.size() >= places;
    return Math.max(stuck.at(), full ? stuck.takenAt(takenAt) : inFlight.takenAt(takenAt));
  }
}
