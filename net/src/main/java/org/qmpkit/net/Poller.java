package org.qmpkit.net;

import java.io.IOException;

/**
 * What a {@link Loop} waits on. Transports register with the kind of poller they know, which they
 * take from {@link Loop#poller()}.
 */
public interface Poller extends AutoCloseable {

  /** Where the ready sources of a poll go, one call each. */
  @FunctionalInterface
  interface Dispatch {
    /** Called within {@link #poll}; throws nothing but errors and may close any source. */
    void ready(Source source, boolean readable, boolean writable);
  }

  /**
   * Waits until a source is ready, {@link #wakeup} is called, or the time is up, and dispatches the
   * sources that are ready; a source closed meanwhile is left out.
   *
   * @param nanos the longest wait in nanoseconds: 0 for none, {@link Long#MAX_VALUE} for no limit;
   *     it may end up to 1 ms late
   * @return how many sources were dispatched
   * @throws IOException if the system's poll failed
   */
  int poll(long nanos, Dispatch dispatch) throws IOException;

  /** Ends the poll under way, or else the next one, at once. From any thread. */
  void wakeup();

  /** Closes every source that is still registered, then itself. Idempotent; not during a poll. */
  @Override
  void close();
}
