package org.qmpkit.protocol;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The account of what every monitor on one loop holds. For all clients: what waits in their
 * outboxes, commands that wait, half messages; when it is overdrawn, the client with the most is
 * cut first. Of all QEMUs: half messages; the session of the longest ends first.
 */
public final class Backlog {
  private final long limit;
  private final long halfLimit;
  private final Set<Client> clients = new LinkedHashSet<>();
  private final Map<Broker, Integer> halves = new LinkedHashMap<>();
  private long used;
  private long half;

  /**
   * An empty account.
   *
   * @param limit the most bytes that may be held for all clients, positive
   * @param halfLimit the most bytes that half messages of all QEMUs may have, positive
   */
  public Backlog(long limit, long halfLimit) {
    if (limit <= 0 || halfLimit <= 0) {
      throw new IllegalArgumentException(
          "limit (" + limit + ") and halfLimit (" + halfLimit + ") must be positive, in bytes");
    }
    this.limit = limit;
    this.halfLimit = halfLimit;
  }

  /** An account of clients without a limit for QEMUs. */
  Backlog(long limit) {
    this(limit, Long.MAX_VALUE);
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
