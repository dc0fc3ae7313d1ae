package org.qmpkit.net;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A place where peers connect to us. Nothing here blocks.
 *
 * <p>It belongs to one {@link Loop} and is used on its thread only; {@link #close} alone may be
 * called from any thread. It starts without interest: peers wait in the system's backlog.
 */
public interface Listener extends AutoCloseable {

  /**
   * Sets what to do while at least one peer waits (level-triggered); replaces what was set before.
   * If the handler throws, the loop reports it and the listener rests for 100 ms.
   */
  void onWaiting(Runnable handler);

  /**
   * Says whether to watch for peers; off at first.
   *
   * @throws IllegalStateException if there is no handler to call
   */
  void interest(boolean waiting);

  /**
   * Takes the peer that has waited longest.
   *
   * @return an endpoint without interest; null if nobody waits, or the listener is closed
   * @throws IOException if the system has no descriptor or memory for it; the peer waits on and the
   *     listener rests for 100 ms, so a loop does not spin on it
   */
  @Nullable Endpoint accept() throws IOException;

  /**
   * Sets what hears, on the loop's thread, of each peer that was turned away before it could be
   * accepted, once and why; nobody at first. Only transports that ask who is there turn peers away.
   */
  default void onTurnedAway(Consumer<TransportException> handler) {}

  /** Where it listens, with the real port if port 0 was asked for. */
  Address address();

  /**
   * Stops listening. A socket file is removed at once if it is still the one this listener made;
   * peers that wait, and a TCP port's new ones, are turned away by the end of the loop's next poll.
   * Idempotent, from any thread.
   */
  @Override
  void close();
}
