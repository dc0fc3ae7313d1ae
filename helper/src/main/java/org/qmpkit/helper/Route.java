package org.qmpkit.helper;

import java.util.Optional;
import org.qmpkit.net.TransportException;
import org.qmpkit.protocol.Standing;

/**
 * One way from clients to a monitor, with its lifetime: it listens, connects, and ends both. Lives
 * on one loop's thread; nothing blocks.
 */
sealed interface Route extends AutoCloseable permits SharedRoute, RelayRoute {
  /** What it is. */
  RouteSpec spec();

  /** How its QEMU is, if it knows: a relay does not. */
  Optional<Standing> standing();

  /** What it has carried. */
  RouteMeter meter();

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
