package org.qmpkit.protocol;

import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The account of what every monitor on one loop holds. For all clients: what waits in their
 * outboxes, commands that wait, half messages; when it is overdrawn, the client with the most is
 * cut first. Of all QEMUs: half messages; the session of the longest ends first. Of all routes:
 * kept events; the oldest of the route with the most go first.
 */
public final class Backlog {
  private final long limit;
  private final long halfLimit;
  private final long historyLimit;
  private final Set<Client> clients = new LinkedHashSet<>();
  private final Set<Ring> rings = new LinkedHashSet<>();
  private final Map<Broker, Integer> halves = new LinkedHashMap<>();
  private long used;
  private long half;
  private long history;

  /**
   * An empty account.
   *
   * @param limit the most bytes that may be held for all clients, positive
   * @param halfLimit the most bytes that half messages of all QEMUs may have, positive
   * @param historyLimit the most bytes that kept events of all routes may take, positive
   */
  public Backlog(long limit, long halfLimit, long historyLimit) {
    if (limit <= 0 || halfLimit <= 0 || historyLimit <= 0) {
      throw new IllegalArgumentException(
          "limit ("
              + limit
              + "), halfLimit ("
              + halfLimit
              + ") and historyLimit ("
              + historyLimit
              + ") must be positive, in bytes");
    }
    this.limit = limit;
    this.halfLimit = halfLimit;
    this.historyLimit = historyLimit;
  }

  /** An account of clients without a limit for QEMUs and events. */
  Backlog(long limit) {
    this(limit, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /** How many bytes are held for all clients. */
  public long used() {
    return used;
  }

  void add(long bytes) {
    used += bytes;
  }

  void join(Client client) {
    clients.add(client);
  }

  void leave(Client client) {
    clients.remove(client);
  }

  /** Cuts the clients that hold the most until the account is even. */
  void settle() {
    while (used > limit) {
      Client heaviest = heaviest();
      if (heaviest == null) {
        return;
      }
      heaviest
          .broker()
          .cut(
              heaviest,
              "all clients together hold too much, and it the most: " + heaviest.weight());
    }
  }

  /** What a monitor holds of a message of its QEMU that is not complete. */
  void half(Broker broker, int bytes) {
    Integer before = bytes == 0 ? halves.remove(broker) : halves.put(broker, bytes);
    half += bytes - (before == null ? 0 : before);
    while (half > halfLimit) {
      Map.Entry<Broker, Integer> most =
          Collections.max(halves.entrySet(), Map.Entry.comparingByValue());
      half -= most.getValue();
      halves.remove(most.getKey());
      most.getKey().breakOff("half messages of all QEMUs together take too much, and its the most");
    }
  }

  /** How many bytes half messages of all QEMUs have. */
  public long half() {
    return half;
  }

  void join(Ring ring) {
    rings.add(ring);
  }

  void leave(Ring ring) {
    rings.remove(ring);
  }

  /** So many bytes more of events are kept; tell {@link #settleRings} when that is even. */
  void keep(long bytes) {
    history += bytes;
  }

  /** Drops the oldest events of the routes that keep the most, until the account is even. */
  void settleRings() {
    while (history > historyLimit) {
      Collections.max(rings, Comparator.comparingLong(Ring::bytes)).shrink();
    }
  }

  /** How many bytes the kept events of all routes take. */
  public long history() {
    return history;
  }

  private @Nullable Client heaviest() {
    Client heaviest = null;
    for (Client client : clients) {
      if (heaviest == null || client.weight() > heaviest.weight()) {
        heaviest = client;
      }
    }
    return heaviest == null || heaviest.weight() == 0 ? null : heaviest;
  }
}
