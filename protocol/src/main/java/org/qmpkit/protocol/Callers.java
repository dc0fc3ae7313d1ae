package org.qmpkit.protocol;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Expiry.Pending;
import org.qmpkit.protocol.InFlight.Sent;
import org.qmpkit.protocol.Message.Answer;
import org.qmpkit.protocol.Meter.Outcome;

/** Those who wait for an answer of QEMU: each gets it, or hears why there is none. */
final class Callers {
  private final Limits limits;
  private final Traffic traffic;
  private final Audience audience;
  private final MonitorFds fds;
  private final Statistics statistics;
  private final Consumer<Client> served;
  private Meter meter = Meter.NONE;

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

  /** Has what becomes of commands counted from here on. */
  void countBy(Meter meter) {
    this.meter = meter;
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
    boolean passes = limits.passes(line);
    Outcome outcome = answer instanceof Message.Error ? Outcome.ERROR : Outcome.OK;
    if (!sent.request().own) {
      long waited = sent.at() - sent.request().queuedAt;
      meter.answered(sent.name(), passes ? outcome : Outcome.REFUSED, waited, now - sent.at());
    }
    if (passes) {
      give(sent.client(), sent.request(), line);
    } else {
      String desc = Refusal.tooLong(sent.name(), line.size(), limits.reply());
      give(sent.client(), sent.request(), refusal(sent.request(), desc));
    }
    return true;
  }

  /** The connection to QEMU is lost: nothing that was sent will be answered. */
  void fail(String reason) {
    for (Sent sent : traffic.removeAll()) {
      if (!sent.request().expired) {
        String what = "; whether '" + sent.name() + "' was done is not known";
        refuse(sent.client(), sent.request(), Outcome.GONE, Refusal.GONE + reason + what);
      }
    }
  }

  /** Refuses all that waits for its turn, and what comes after it and was read already. */
  void refuseQueued(Client client, String desc) {
    traffic.lanes().forEach(lane -> refuse(client, lane, Outcome.GONE, desc));
  }

  /** When commands nobody waits for let nothing pass, new callers hear which. */
  void refuseStuck(long now) {
    for (Lane lane : traffic.lanes()) {
      Sent stuck = lane.stuck();
      if (stuck != null && now >= due(lane, stuck)) {
        String since = UpstreamState.seconds(now - stuck.at()) + " s";
        for (Client client : audience.all()) {
          refuse(client, lane, Outcome.BUSY, Refusal.BUSY + stuck.name() + " since " + since);
        }
      }
    }
  }

  /** Tells those whose command takes too long. */
  void expire(long now) {
    for (Pending late = traffic.expired(now); late != null; late = traffic.expired(now)) {
      String desc = Refusal.timedOut(late.request(), now);
      refuse(late.client(), late.request(), Outcome.TIMEOUT, desc);
    }
  }

  /** When the next one is to be refused while QEMU is ready, or Long.MAX_VALUE. */
  long deadline() {
    long due = Long.MAX_VALUE;
    for (Lane lane : traffic.lanes()) {
      Sent stuck = lane.stuck();
      due = stuck == null ? due : Math.min(due, due(lane, stuck));
    }
    return due;
  }

  private long due(Lane lane, Sent stuck) {
    return traffic.stuckSince(lane, stuck) + limits.silence().toNanos();
  }

  private void refuse(Client client, Lane lane, Outcome outcome, String desc) {
    @Nullable Request next = traffic.poll(client, lane);
    while (next != null) {
      refuse(client, next, outcome, desc);
      next = traffic.poll(client, lane);
    }
  }

  private void refuse(Client client, Request request, Outcome outcome, String desc) {
    if (!request.own) {
      meter.unanswered(request.name(), outcome);
    }
    give(client, request, refusal(request, desc));
  }

  private static Line refusal(Request request, String desc) {
    return Refusal.generic(desc).line(request.command().id());
  }

  private void give(Client client, Request request, Line line) {
    if (!client.gone) {
      client.session().answer(request, line);
      served.accept(client);
    }
  }
}
