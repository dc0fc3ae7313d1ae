package org.qmpkit.helper;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.qmpkit.net.Address;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.Backlog;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Limits;

/**
 * What all routes of one loop share.
 *
 * @param limits what each new route keeps to
 * @param bounds how long new routes wait; the amounts in them are those of the start
 * @param backlog the account of what all shared routes hold
 * @param admission the count of all clients
 * @param random where fences come from; one that QEMU can't guess
 * @param garbage what keeps the heap small
 * @param cleansUp whether new shared routes have QEMU close what clients that left gave it
 */
record House(
    Loop loop,
    Transports transports,
    Log log,
    Limits limits,
    Bounds bounds,
    Backlog backlog,
    Admission admission,
    RandomGenerator random,
    Garbage garbage,
    boolean cleansUp) {
  /** Who is turned away before it is a client; the line itself has its address. */
  private static final String A_PEER = "a peer";

  /**
   * Starts the way to a route's QEMU and listens for its clients; neither is left if one fails.
   *
   * @param journal the route's own
   * @param waiting called while a client waits
   * @throws TransportException if it can't listen, or there is no way to such an address
   */
  Listener open(RouteSpec spec, Upstream upstream, Journal journal, Runnable waiting)
      throws TransportException {
    upstream.start();
    try {
      return listen(spec.listen(), journal, waiting);
    } catch (TransportException e) {
      upstream.close();
      throw e;
    }
  }

  /**
   * Listens for clients of a route.
   *
   * @param journal the route's own: whoever reaches the place can be turned away
   * @throws TransportException if it can't
   */
  Listener listen(Address place, Journal journal, Runnable waiting) throws TransportException {
    Listener listener = transports.listen(place, loop);
    listener.onWaiting(waiting);
    listener.onTurnedAway(
        why -> journal.note(Severity.WARNING, A_PEER, String.valueOf(why.getMessage())));
    listener.interest(true);
    return listener;
  }

  /** The same with another longest pause between attempts to reach QEMU. */
  House withRetry(Duration pause) {
    return new House(
        loop,
        transports,
        log,
        limits,
        bounds.withRetry(pause),
        backlog,
        admission,
        random,
        garbage,
        cleansUp);
  }

  /** The same with what other settings say of new routes. */
  House with(Settings settings) {
    return new House(
        loop,
        transports,
        log,
        settings.limits(),
        settings.bounds(),
        backlog,
        admission,
        random,
        garbage,
        settings.cleansUp());
  }
}
