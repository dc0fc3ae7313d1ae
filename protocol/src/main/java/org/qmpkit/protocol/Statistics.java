package org.qmpkit.protocol;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.InFlight.Sent;
import org.qmpkit.protocol.Message.Answer;
import org.qmpkit.protocol.Message.Command;

/**
 * The counters of QEMU's disks for those who only sample them, as libxenstat (xentop) does on a
 * socket of its own: answered at once from what QEMU said less than a second ago (sharing-rules
 * 20).
 *
 * <p>libxenstat takes all that comes until 10 ms of silence for one answer. So both queries go to
 * QEMU when such a client connects; and however many ask, QEMU is asked once a second each.
 */
final class Statistics {
  /** From when QEMU was asked until it is asked again, and as long is its answer good; nanos. */
  static final long FRESH = Duration.ofSeconds(1).toNanos();

  /** How long a query waits for an answer that is not there yet; nanoseconds. */
  static final long PATIENCE = Duration.ofSeconds(2).toNanos();

  /** The longest answer that is kept and passed on, in bytes; that of 500 disks is shorter. */
  static final int LONGEST = 256 * 1024;

  private static final String ONLY =
      Refusal.REFUSED
          + "this socket is for disk statistics: query-blockstats and query-block,"
          + " without arguments and in band; use the monitor's own socket for anything else";

  /** A query that waits for QEMU. */
  private record Query(Client client, Request request, long since) {}

  /**
   * What QEMU has said.
   *
   * @param bytes how long that is without an id
   * @param document the whole of it; null if it is too long for everybody
   */
  private record Said(int bytes, @Nullable Document document) {
    static Said of(Document document) {
      int bytes = document.sizeWithId(null);
      return new Said(bytes, bytes <= LONGEST ? document : null);
    }
  }

  /** What is known of one of the two commands. */
  private static final class Sample {
    final String command;
    final ArrayDeque<Query> waiting = new ArrayDeque<>();

    /** Whether QEMU should be asked. */
    boolean wanted;

    /** Our own query that is with QEMU, or on the way. */
    @Nullable Request fetch;

    /** The answer to it, while it is good. */
    @Nullable Said kept;

    /** Until when that is, and from when on QEMU may be asked again. */
    long due = Long.MIN_VALUE;

    Sample(String command) {
      this.command = command;
    }

    /** Has QEMU asked, unless its answer is on the way. */
    void want() {
      wanted |= fetch == null;
    }
  }

  private final Limits limits;
  private final Traffic traffic;
  private final Client asker;
  private final Consumer<Client> served;
  private final List<Sample> samples =
      List.of(new Sample("query-blockstats"), new Sample("query-block"));

  /**
   * Nobody has asked.
   *
   * @param asker in whose name QEMU is asked; one that no connection belongs to
   * @param served hears of each client that was given an answer it waited for
   */
  Statistics(Limits limits, Traffic traffic, Client asker, Consumer<Client> served) {
    this.limits = limits;
    this.traffic = traffic;
    this.asker = asker;
    this.served = served;
  }

  /** A client has come and is going to ask. */
  void expect() {
    samples.forEach(Sample::want);
  }

  /** Answers a request of such a client: now, or when QEMU has said more. */
  void take(Client client, Request request, long now) {
    Sample sample = sample(request.command());
    if (sample == null) {
      give(client, request, Refusal.generic(ONLY));
    } else if (sample.kept != null && now < sample.due) {
      client.session().answer(request, line(sample.kept, request));
    } else {
      sample.waiting.add(new Query(client, request, now));
      sample.want();
    }
  }

  private @Nullable Sample sample(Command command) {
    boolean plain = command.arguments() == null || command.arguments().equals("{}");
    return samples.stream()
        .filter(each -> plain && !command.oob() && each.command.equals(command.name()))
        .findFirst()
        .orElse(null);
  }

  /** Asks QEMU what it should be asked and may be by now. It must be ready. */
  void ask(long now) {
    for (Sample sample : samples) {
      if (sample.wanted && now >= sample.due) {
        Request fetch = Request.own(new Command(sample.command, false, null, null), 0);
        sample.wanted = false;
        sample.fetch = fetch;
        sample.kept = null;
        sample.due = now + FRESH;
        traffic.add(asker, fetch, now);
      }
    }
  }

  /** QEMU has answered a command; false if it is none of ours. */
  boolean answered(Sent sent, Answer answer, long now) {
    for (Sample sample : samples) {
      if (sent.request().equals(sample.fetch)) {
        sample.fetch = null;
        Said said = Said.of(answer.document());
        sample.kept = now < sample.due ? said : null;
        while (!sample.waiting.isEmpty()) {
          Query query = sample.waiting.remove();
          query.client().session().answer(query.request(), line(said, query.request()));
          served.accept(query.client());
        }
        return true;
      }
    }
    return false;
  }

  private Line line(Said said, Request request) {
    String id = request.command().id();
    Document whole = said.document();
    int bytes = whole == null ? said.bytes() : whole.sizeWithId(id);
    int most = limits.reply() == 0 ? LONGEST : Math.min(LONGEST, limits.reply());
    return whole != null && bytes <= most
        ? whole.lineWithId(id)
        : Refusal.generic(Refusal.tooLong(request.name(), bytes, most)).line(id);
  }

  private static void give(Client client, Request request, Refusal refusal) {
    client.session().answer(request, refusal.line(request.command().id()));
  }

  /** Tells who has waited longest that there is no answer. */
  private void refuseFirst(Sample sample, String desc) {
    Query query = sample.waiting.remove();
    give(query.client(), query.request(), Refusal.generic(desc));
    served.accept(query.client());
  }

  /** A client is gone; nobody waits for what it asked. */
  void left(Client client) {
    samples.forEach(sample -> sample.waiting.removeIf(each -> each.client().equals(client)));
  }

  /** What QEMU was asked it will not answer, and what it has said may be another's. */
  void lost(String reason) {
    traffic.drop(asker);
    for (Sample sample : samples) {
      sample.kept = null;
      sample.fetch = null;
      sample.wanted = false;
      while (!sample.waiting.isEmpty()) {
        refuseFirst(sample, Refusal.GONE + reason);
      }
    }
  }

  /** When {@link #tick} is due, or Long.MAX_VALUE. */
  long deadline(boolean ready) {
    long due = Long.MAX_VALUE;
    for (Sample sample : samples) {
      if (!sample.waiting.isEmpty()) {
        due = Math.min(due, sample.waiting.element().since() + PATIENCE);
      }
      if (sample.kept != null || (sample.wanted && ready)) {
        due = Math.min(due, sample.due);
      }
    }
    return due;
  }

  /** Drops what is old, and tells those who have waited long enough. */
  void tick(long now) {
    for (Sample sample : samples) {
      if (now >= sample.due) {
        sample.kept = null;
      }
      while (!sample.waiting.isEmpty() && now >= sample.waiting.element().since() + PATIENCE) {
        String desc = Refusal.TIMED_OUT + "QEMU did not answer " + sample.command + " within 2 s";
        refuseFirst(sample, desc);
      }
    }
  }
}
