package org.qmpkit.net;

import java.io.IOException;
import java.util.Optional;

/**
 * A kind of {@link Poller} beside the JDK's selector, found by {@link java.util.ServiceLoader};
 * {@link Transports#poller} chooses.
 */
public interface PollerKind {

  /** What {@link #open} makes. */
  Class<? extends Poller> type();

  /** Why there is none on this host; empty if there is. */
  Optional<String> unavailable();

  /**
   * A new one, which watches nothing yet.
   *
   * @throws IOException if the process has no descriptors left
   */
  Poller open() throws IOException;
}
