package org.qmpkit.net.linux;

import org.qmpkit.net.Source;

/**
 * One descriptor under an {@link EpollPoller}, from when it is known to it until it is given back.
 */
final class Watch {
  /** Gives back what a watch stands for, on the loop's thread. */
  @FunctionalInterface
  interface Release {
    void run();
  }

  final int descriptor;
  final int slot;
  final Release release;
  Source source;

  /** EPOLLIN and EPOLLOUT as the owner wants them, and as the kernel was told. */
  int wanted;

  int told;
  boolean changed;

  /** Readiness that the owner knows of itself, to be dispatched in the next poll. */
  boolean due;

  volatile boolean closed;

  Watch(int descriptor, int slot, Source source, Release release) {
    this.descriptor = descriptor;
    this.slot = slot;
    this.source = source;
    this.release = release;
  }
}
