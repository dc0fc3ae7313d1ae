package org.qmpkit.net;

import java.time.Duration;
import java.util.Optional;

/**
 * One way to move bytes, for the addresses of one scheme. Found by {@link java.util.ServiceLoader};
 * {@link Transports} chooses. Stateless, and safe for use by several threads.
 */
public interface Transport {

  /** The scheme it serves, one of {@link Address#SCHEMES}. */
  String scheme();

  /** What it is, in a few words, for a list. */
  String summary();

  /** The kind of poller its loop must have. */
  Class<? extends Poller> poller();

  /** The kind of poller that an address needs, where that is more than {@link #poller()}. */
  default Class<? extends Poller> poller(Address address) {
    return poller();
  }

  /**
   * Looks at what an address of this scheme says, without using it; also where the transport can't
   * be used on this host.
   *
   * @throws TransportException if it could never be connected to
   */
  default void check(Address address) throws TransportException {}

  /** Why it cannot be used on this host and what to do about it; empty if it can. */
  Optional<String> unavailable();

  /**
   * Connects without blocking.
   *
   * @param address an address of this scheme; a wrong option fails the attempt
   * @param timeout how long the whole may take, more than 0
   * @param connecting who hears of the outcome, in a later turn of the loop
   * @return closing it gives up
   */
  Attempt connect(Address address, Loop loop, Duration timeout, Connecting connecting);

  /**
   * Listens, from here on.
   *
   * @param address an address of this scheme
   * @throws TransportException if that cannot be: a wrong option, no permission, something in the
   *     way
   */
  Listener listen(Address address, Loop loop) throws TransportException;
}
