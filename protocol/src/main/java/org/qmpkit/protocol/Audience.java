package org.qmpkit.protocol;

import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Message.Greeting;
import org.qmpkit.protocol.ServerSession.Phase;

/** The clients of one monitor: who is here, who falls behind, whom to look at. */
final class Audience {
  private final Limits limits;
  private final Backlog backlog;
  private final Journal journal;
  private final Runnable attention;
  private final Traffic traffic;

  private final Set<Client> clients = new LinkedHashSet<>();
  private @Nullable List<Client> snapshot;
  private final Set<Client> behind = new LinkedHashSet<>();
  private final ArrayDeque<Client> changed = new ArrayDeque<>();

  Audience(Limits limits, Backlog backlog, Journal journal, Runnable attention, Traffic traffic) {
    this.limits = limits;
    this.backlog = backlog;
    this.journal = journal;
    this.attention = attention;
    this.traffic = traffic;
  }

  void add(Client client, long now) {
    client.progressAt = now;
    clients.add(client);
    snapshot = null;
    backlog.join(client);
  }

  /** All who are here now; it stays the same list whoever is cut meanwhile. */
  List<Client> all() {
    // Asked for with every event, while clients seldom come or go.
    if (snapshot == null) {
      snapshot = List.copyOf(clients);
    }
    return snapshot;
  }

  int size() {
    return clients.size();
  }

  /** Whether nothing waits to be written to anybody. */
  boolean hasAll() {
    return clients.stream().allMatch(each -> each.outbox().isEmpty());
  }

  void remove(Client client) {
    client.gone = true;
    client.forget();
    client.charge(backlog);
    traffic.drop(client);
    client.outbox().clear();
    clients.remove(client);
    snapshot = null;
    behind.remove(client);
    backlog.leave(client);
  }

  void cut(Client client, String reason, long now) {
    if (client.gone) {
      return;
    }
    client.cut(reason);
    remove(client);
    journal.note(Severity.WARNING, client.name(), "cut: " + reason);
    look(client, now);
    attention.run();
  }

  /** Greets a client; of those who never negotiate there may not be too many. */
  void greet(Client client, Greeting greeting, long now) {
    client.session().greet(greeting);
    client.greetedAt = now;
    List<Client> strangers =
        clients.stream().filter(each -> each.session().phase() == Phase.NEGOTIATING).toList();
    int tooMany = Math.max(0, strangers.size() - limits.unnegotiated());
    for (Client oldest : strangers.subList(0, tooMany)) {
      if (now - oldest.greetedAt >= Limits.TO_NEGOTIATE.toNanos()) {
        cut(oldest, "the oldest of too many clients that did not negotiate", now);
      }
    }
  }

  /**
   * Passes an event on to all who have negotiated.
   *
   * @param plain how those get it who have not subscribed; null if they don't
   * @param kept how subscribers get it; there is none where this is null
   */
  void event(@Nullable Line plain, @Nullable Kept kept, long now) {
    for (Client client : all()) {
      boolean ready = client.session().phase() == Phase.READY && !client.samples;
      Line line = client.filter == null ? plain : client.filter.lineOf(kept);
      if (line == null || !ready || client.gone || client.ending()) {
        continue;
      }
      if (client.outbox().size() + line.size() > limits.hardLimit()) {
        cut(client, "it does not read its events: " + client.outbox().size() + " bytes wait", now);
      } else {
        client.session().event(line);
        look(client, now);
      }
    }
  }

  /**
   * Puts a client on the list of those to look at, and notes what is held for it and whether it is
   * behind.
   */
  void look(Client client, long now) {
    client.charge(backlog);
    boolean owed = client.outbox().size() >= limits.highWater() || client.ending();
    if (!owed || client.gone || client.outbox().isEmpty()) {
      recovered(client, now);
    } else if (behind.add(client)) {
      client.progressAt = now;
      client.behindAt = now;
      note(client, Severity.DEBUG, "slow: " + client.outbox().size() + " bytes wait");
    }
    if (!client.changed) {
      client.changed = true;
      changed.add(client);
    }
  }

  private void recovered(Client client, long now) {
    if (behind.remove(client) && !client.gone) {
      String after = UpstreamState.seconds(now - client.behindAt) + " s";
      note(client, client.stalled ? Severity.INFO : Severity.DEBUG, "recovered after " + after);
      client.stalled = false;
    }
  }

  private void note(Client client, Severity severity, String text) {
    journal.note(severity, client.name(), text);
  }

  /** A client to look at, or null when all were seen. */
  @Nullable Client changed() {
    Client client = changed.poll();
    if (client != null) {
      client.changed = false;
    }
    return client;
  }

  /** When the first who is behind will be noted or cut, or Long.MAX_VALUE. */
  long deadline() {
    long due = Long.MAX_VALUE;
    for (Client client : behind) {
      due = Math.min(due, client.progressAt + (client.stalled ? stall() : stall() / 4));
    }
    return due;
  }

  private long stall() {
    return limits.stall().toNanos();
  }

  /** Notes those who are behind and take nothing, and cuts them in the end. */
  void cutStalled(long now) {
    for (Client client : List.copyOf(behind)) {
      long idle = now - client.progressAt;
      String waits = UpstreamState.seconds(idle) + " s: " + client.outbox().size() + " bytes wait";
      if (idle >= stall()) {
        cut(client, "it made no progress for " + waits, now);
      } else if (idle >= stall() / 4 && !client.stalled) {
        client.stalled = true;
        note(client, Severity.WARNING, "stalled: it took nothing for " + waits);
      }
    }
  }

  /** How many are behind; stalled ones, or the others. */
  int behind(boolean stalled) {
    return (int) behind.stream().filter(each -> each.stalled == stalled).count();
  }

  /** Who is behind and how far, each as a canonical JSON object. */
  List<String> behind(long now) {
    return behind.stream()
        .map(each ->
            "{\"client\": "
                + JsonString.quote(each.name())
                + ", \"state\": "
                + (each.stalled ? "\"stalled\"" : "\"slow\"")
                + ", \"bytes\": "
                + each.outbox().size()
                + ", \"seconds\": "
                + UpstreamState.seconds(now - each.behindAt)
                + "}")
        .toList();
  }
}
