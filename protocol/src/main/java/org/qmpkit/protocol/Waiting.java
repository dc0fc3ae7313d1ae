package org.qmpkit.protocol;

import java.util.ArrayDeque;

/** The commands of one client that wait for their turn on one {@link Lane}. */
final class Waiting {
  final Client client;
  final ArrayDeque<Request> requests = new ArrayDeque<>();

  /** The bytes it may still send in this turn. */
  long credit;

  /** Whether it stands in the round of its lane. */
  boolean listed;

  Waiting(Client client) {
    this.client = client;
  }
}
