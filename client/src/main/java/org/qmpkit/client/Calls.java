package org.qmpkit.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Call.Outcome;
import org.qmpkit.protocol.ClientSession;
import org.qmpkit.protocol.Message.Answer;

/**
 * The commands of one connection that have no answer yet: those that wait to be sent, and those
 * QEMU has. Safe for use by several threads; nothing is settled under its lock.
 */
final class Calls {
  /** In band QEMU's queue holds 8, and a full one jams out-of-band commands (sharing-rules 14). */
  private static final int AHEAD_WITH_OOB = 7;

  /** One of the two ways to QEMU, which don't hold each other up. */
  private static final class Lane {
    final ArrayDeque<Call> queue = new ArrayDeque<>();
    int ahead = 1;
    int inFlight;
  }

  /** A command that goes to QEMU now, under an id of ours. */
  record Sent(long id, Call call) {}

  /** What {@link #add} did. */
  sealed interface Added {
    record Queued() implements Added {}

    record Full() implements Added {}

    record Over(Ending ending) implements Added {}
  }

  private final int limit;
  private final Lane inBand = new Lane();
  private final Lane outOfBand = new Lane();
  private final Map<Long, Call> inFlight = new HashMap<>();
  private long lastId;
  private @Nullable Ending ending;

  Calls(int limit) {
    this.limit = limit;
  }

  synchronized void offersOob() {
    inBand.ahead = AHEAD_WITH_OOB;
  }

  synchronized Added add(Call call) {
    if (ending != null) {
      return new Added.Over(ending);
    }
    Lane lane = lane(call);
    if (lane.queue.size() >= limit) {
      return new Added.Full();
    }
    lane.queue.add(call);
    return new Added.Queued();
  }

  /** Takes the command that is to be sent now, or null if there is none. */
  synchronized @Nullable Sent next() {
    Lane lane = sendable(outOfBand) ? outOfBand : inBand;
    if (!sendable(lane)) {
      return null;
    }
    Call call = lane.queue.remove();
    lane.inFlight++;
    inFlight.put(++lastId, call);
    return new Sent(lastId, call);
  }

  private static boolean sendable(Lane lane) {
    return !lane.queue.isEmpty() && lane.inFlight < lane.ahead;
  }

  /** Settles the command that QEMU has answered; nothing if it was sent none such. */
  void answered(long id, Answer answer) {
    Call call;
    synchronized (this) {
      call = inFlight.remove(id == ClientSession.WITHOUT_ID ? lastId : id);
      if (call != null) {
        lane(call).inFlight--;
      }
    }
    if (call != null) {
      call.settle(new Outcome.Answered(answer));
    }
  }

  /**
   * Nobody waits for a command any more. One that was sent keeps its place until it is answered.
   *
   * @return whether it was sent
   */
  synchronized boolean abandon(Call call) {
    return !lane(call).queue.remove(call);
  }

  /**
   * A command that was sent gives its place up: no answer to it will be heard.
   *
   * @return whether it had one
   */
  synchronized boolean forget(Call call) {
    boolean had = inFlight.values().remove(call);
    lane(call).inFlight -= had ? 1 : 0;
    return had;
  }

  /** Settles everything; nothing can be added from here on. */
  void end(Ending why) {
    List<Call> unsent = new ArrayList<>();
    List<Call> sent = new ArrayList<>();
    synchronized (this) {
      if (ending != null) {
        return;
      }
      ending = why;
      sent.addAll(inFlight.values());
      inFlight.clear();
      for (Lane lane : List.of(inBand, outOfBand)) {
        unsent.addAll(lane.queue);
        lane.queue.clear();
      }
    }
    sent.forEach(each -> each.settle(new Outcome.Lost(why, true)));
    unsent.forEach(each -> each.settle(new Outcome.Lost(why, false)));
  }

  synchronized @Nullable Ending ending() {
    return ending;
  }

  private Lane lane(Call call) {
    return call.command.oob() ? outOfBand : inBand;
  }
}
