package org.qmpkit.net;

/**
 * Who waits for a connection. Exactly one of the two is called, once, on the loop's thread, in a
 * turn after the one that asked; neither if the {@link Attempt} or the loop was closed before.
 */
public interface Connecting {

  /**
   * The connection is there, without interest, and belongs to the callee; closed if this throws.
   */
  void connected(Endpoint endpoint);

  /** There will be no connection. */
  void failed(TransportException why);
}
