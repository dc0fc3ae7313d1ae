package org.qmpkit.protocol;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Expiry.Pending;
import org.qmpkit.protocol.InFlight.Sent;
import org.qmpkit.protocol.Message.Answer;

/** Those who wait for an answer of QEMU: each gets it, or hears why there is none. */
final class Callers {
  private final Limits limits;
  private final Traffic traffic;
  private final Audience audience;
  private final MonitorFds fds;
  private final Statistics statistics;
  private final Consumer<Client> served;

  /**
   * The callers of one monitor.
   *
   * @param served hears of each client that was given an answer
   */
  Callers(
      Limits limits,
      Traffic traffic,
      Audience audience,
      MonitorFds fds,
      Statistics statistics,
      Consumer<Client> served) {
    this.limits = limits;
    this.traffic = traffic;
    this.audience = audience;
    this.fds = fds;
    this.statistics = statistics;
    this.served = served;
  }

  /** Passes an answer of QEMU on; false if nobody waits for it (any more). */
  boolean answered(long id, Answer answer, long now) {
    Sent sent = traffic.answered(id);
    if (sent != null) {
      fds.answered(sent, answer, now);
      if (statistics.answered(sent, answer, now)) {
        return true;
      }
    }
    if (sent == null || sent.request().expired) {
      return false;
    }
    Line line = answer.document().lineWithId(sent.request().command().id());
    if (limits.passes(line)) {
      give(sent.client(), sent.request(), line);
    } else {
      refuse(sent.client(), sent.request(), Refusal.tooLong(sent.name(), line, limits.reply()));
    }
    return true;
  }

  /** The connection to QEMU is lost: nothing that was sent will be answered. */
  void fail(String reason) {
    for (Sent sent : traffic.removeAll()) {
      if (!sent.request().expired) {
        String what = "; whether '" + sent.name() + "' was done is not known";
        refuse(sent.client(), sent.request(), Refusal.GONE + reason + what);
      }
    }
  }

  /** Refuses all that waits for its turn, and what comes after it and was read already. */
  void refuseQueued(Client client, String desc) {
    traffic.lanes().forEach(lane -> refuse(client, lane, desc));
  }

  /** When every place is held by a command nobody waits for, new callers hear which. */
  void refuseStuck(long now) {
    for (Lane lane : traffic.lanes()) {
      Sent stuck = lane.stuck();
      if (stuck != null && now - stuck.at() >= limits.silence().toNanos()) {
        String since = UpstreamState.seconds(now - stuck.at()) + " s";
        for (Client client : audience.all()) {
          refuse(client, lane, Refusal.BUSY + stuck.name() + " since " + since);
        }
      }
    }
  }

  /** Tells those whose command takes too long. */
  void expire(long now) {
    for (Pending late = traffic.expired(now); late != null; late = traffic.expired(now)) {
      refuse(late.client(), late.request(), Refusal.timedOut(late.request(), now));
    }
  }

  /** When the next one is to be refused while QEMU is ready, or Long.MAX_VALUE. */
  long deadline() {
    long due = Long.MAX_VALUE;
    for (Lane lane : traffic.lanes()) {
      Sent stuck = lane.stuck();
      due = stuck == null ? due : Math.min(due, stuck.at() + limits.silence().toNanos());
    }
    return due;
  }

  private void refuse(Client client, Lane lane, String desc) {
    @Nullable Request next = traffic.poll(client, lane);
    while (next != null) {
      refuse(client, next, desc);
      next = traffic.poll(client, lane);
    }
  }

  private void refuse(Client client, Request request, String desc) {
    give(client, request, Refusal.generic(desc).line(request.command().id()));
  }

  private void give(Client client, Request request, Line line) {
    if (!client.gone) {
      client.session().answer(request, line);
      served.accept(client);
    }
  }
}
