package org.qmpkit.net;

import java.io.IOException;

/** What an {@link Endpoint}'s owner does when bytes can move. */
@FunctionalInterface
public interface Ready {

  /**
   * Called on the loop's thread, again and again while the state lasts (level-triggered), and only
   * for the directions the owner is interested in. Must not block.
   *
   * @param readable bytes, the end of input, or the peer's loss can be read
   * @param writable bytes can be written, or the write fails at once
   * @throws IOException what a read or write threw; the loop reports it and closes the endpoint
   */
  void ready(boolean readable, boolean writable) throws IOException;
}
