package org.qmpkit.protocol;

import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The commands of one monitor that must end by a certain time, the next one first. */
final class Expiry {
  private final Deadlines deadlines;
  private final TreeSet<Pending> pending = new TreeSet<>(Expiry::compare);
  private long order;

  /** One of them, and when; on a clock that does not overflow. */
  record Pending(long due, long order, Client client, Request request) {}

  Expiry(Deadlines deadlines) {
    this.deadlines = deadlines;
  }

  // Not by Comparator's own methods: their lambdas are made anew at each start.
  private static int compare(Pending a, Pending b) {
    int byTime = Long.compare(a.due(), b.due());
    return byTime == 0 ? Long.compare(a.order(), b.order()) : byTime;
  }

  /** From now on a command has the time of its kind, if there is a limit; not any earlier one. */
  void begin(Client client, Request request, long now) {
    end(request);
    var time = deadlines.of(request.command().name());
    if (time != null) {
      Pending each = new Pending(now + time.toNanos(), order++, client, request);
      request.pending = each;
      pending.add(each);
    }
  }

  /** A command has ended, or nobody waits for it. */
  void end(Request request) {
    Pending each = request.pending;
    if (each != null) {
      pending.remove(each);
      request.pending = null;
    }
  }

  /** When the next one is due, or Long.MAX_VALUE. */
  long deadline() {
    return pending.isEmpty() ? Long.MAX_VALUE : pending.first().due();
  }

  /** Takes out one whose time is over, or null. */
  @Nullable Pending expired(long now) {
    if (pending.isEmpty() || pending.first().due() > now) {
      return null;
    }
    Pending first = pending.first();
    end(first.request());
    return first;
  }
}
