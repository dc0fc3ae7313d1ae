package org.qmpkit.protocol;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The account of all that is held for all clients, of every monitor on one loop: what waits in
 * their outboxes, commands that wait, half messages. When it is overdrawn, the client with the most
 * is cut first.
 */
public final class Backlog {
  private final long limit;
  private final Set<Client> clients = new LinkedHashSet<>();
  private long used;

  /**
   * An empty account.
   *
   * @param limit the most bytes that may be held in all, positive
   */
  public Backlog(long limit) {
    if (limit <= 0) {
      throw new IllegalArgumentException("limit (" + limit + ") must be positive, in bytes");
    }
    this.limit = limit;
  }

  /** How many bytes are held in all. */
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
