package org.qmpkit.net;

import java.io.IOException;

/** What a {@link Poller} watches: an endpoint, a listener, a connection under way. */
public interface Source {

  /**
   * Called on the loop's thread when the source is ready for something it is interested in.
   *
   * @throws IOException what the owner's handler threw
   */
  void ready(boolean readable, boolean writable) throws IOException;

  /**
   * Called on the loop's thread after {@link #ready} threw and the failure was reported, so that it
   * does not come again at once: an endpoint closes, a listener rests.
   */
  void failed();

  /** Who it is, for logs. */
  String peer();

  /** Gives the descriptor back. Idempotent, from any thread. */
  void close();
}
