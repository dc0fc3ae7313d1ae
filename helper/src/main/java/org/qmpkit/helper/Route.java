package org.qmpkit.helper;

import org.qmpkit.net.TransportException;

/**
 * One way from clients to a monitor, with its lifetime: it listens, connects, and ends both. Lives
 * on one loop's thread; nothing blocks.
 */
sealed interface Route extends AutoCloseable permits SharedRoute, RelayRoute {
  /** What it is. */
  RouteSpec spec();

  /**
   * Listens, and begins to serve.
   *
   * @throws TransportException if it can't listen; nothing is left behind then
   */
  void start() throws TransportException;

  /** Takes no more clients and no more input; what is under way goes on. */
  void drain();

  /** Whether nothing is under way any more, so that a drained route may be closed without loss. */
  boolean drained();

  /** Ends everything at once; the socket goes if it is still ours. Idempotent. */
  @Override
  void close();
}
