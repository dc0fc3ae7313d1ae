package org.qmpkit.net;

/**
 * Open descriptors of this process that a peer passed along with bytes, in one batch (unix(7),
 * SCM_RIGHTS). Whoever has it closes it; to write it passes copies on, and it stays open here.
 */
public interface Descriptors extends AutoCloseable {
  /** The most that one batch may have. */
  int MOST = 8;

  /** How many there are. */
  int count();

  /**
   * Whether these are all that the peer passed. Of more than {@link #MOST}, or more than this
   * process can take, none is kept: then the count is 0.
   */
  boolean whole();

  /**
   * Gives them back, on a thread of their own where that may block: what a stranger has opened may
   * be a file system of theirs. Idempotent, from any thread.
   */
  @Override
  void close();
}
