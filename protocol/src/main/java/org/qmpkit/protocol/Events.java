package org.qmpkit.protocol;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;

/**
 * The events of one route: each is passed on, and from the first subscription on the newest are
 * numbered and kept. Nobody has a cursor before that, so nothing is kept that nobody can ask for.
 */
final class Events {
  /** The local command that chooses events, and asks for those since a cursor. */
  static final String SUBSCRIBE = "__org.qmpkit_subscribe";

  private final Limits limits;
  private final RandomGenerator random;
  private final Backlog backlog;
  private final Audience audience;
  private @Nullable Ring ring;

  Events(Limits limits, RandomGenerator random, Backlog backlog, Audience audience) {
    this.limits = limits;
    this.random = random;
    this.backlog = backlog;
    this.audience = audience;
  }

  /** Passes an event of QEMU's on; false if it is longer than clients may be sent. */
  boolean happened(Message.Event event, long now) {
    Line plain = event.document().line();
    boolean passes = limits.passes(plain);
    if (passes) {
      audience.event(plain, ring == null ? null : ring.add(event), now);
    }
    return passes;
  }

  /** From one session with QEMU to the next, events may have been missed; subscribers hear so. */
  void interrupted(String reason, long now) {
    if (ring != null) {
      audience.event(null, ring.gap(reason), now);
    }
  }

  /** Answers a subscription. It begins when its turn to be answered has come. */
  void subscribe(Client client, Request request) {
    Command command = request.command();
    Subscription wanted =
        command.oob()
            ? Subscription.refused("The command " + SUBSCRIBE + " does not support OOB")
            : Subscription.of(command.arguments());
    if (wanted.refusal() != null) {
      client.session().answer(request, wanted.refusal().line(command.id()));
    } else {
      client.session().answerInTurn(request, outbox -> begin(client, wanted, command.id(), outbox));
    }
  }

  private void begin(Client client, Subscription wanted, @Nullable String id, Outbox outbox) {
    Ring ring = ring();
    Cursor since = wanted.since();
    if (since != null && ring.isAhead(since)) {
      outbox.add(Subscription.NO_CURSOR.line(id));
      return;
    }
    List<Kept> replayed =
        since == null
            ? List.of()
            : ring.since(since).stream().filter(wanted.filter()::takes).toList();
    long bytes = replayed.stream().mapToLong(each -> each.line().size()).sum();
    if (outbox.size() + bytes > limits.hardLimit()) {
      outbox.add(Refusal.generic(Refusal.tooMuch(bytes, outbox.size())).line(id));
      return;
    }
    client.filter = wanted.filter();
    boolean lost = replayed.stream().anyMatch(Kept::gap);
    outbox.add(
        Refusal.success(
            "{\"cursor\": \""
                + ring.newest()
                + "\", \"replayed\": "
                + replayed.size()
                + ", \"lost\": "
                + lost
                + "}",
            id));
    replayed.forEach(each -> outbox.add(each.line()));
  }

  private Ring ring() {
    Ring made = ring;
    if (made == null) {
      made = new Ring(random.nextLong(), limits.history(), limits.historyBytes(), backlog);
      ring = made;
    }
    return made;
  }

  /** Drops what is kept. */
  void end() {
    if (ring != null) {
      ring.end();
      ring = null;
    }
  }
}
