package org.qmpkit.net.linux;

import java.util.ArrayList;
import java.util.List;
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

  /** Whoever is about to be told what the source is. */
  static final Source NOBODY =
      new Source() {
        @Override
        public void ready(boolean readable, boolean writable) {}

        @Override
        public void failed() {}

        @Override
        public String peer() {
          return "";
        }

        @Override
        public void close() {}
      };

  final int descriptor;
  final int slot;
  Release release;
  Source source;

  /** EPOLLIN and EPOLLOUT as the owner wants them, and as the kernel was told. */
  int wanted;

  int told;
  boolean changed;

  /** Whether the owner is to be called in the next poll, whatever the kernel says. */
  boolean due;

  volatile boolean closed;

  /** What to do on the loop's thread when it was given back. */
  final List<Runnable> afterwards = new ArrayList<>(0);

  Watch(int descriptor, int slot, Source source, Release release) {
    this.descriptor = descriptor;
    this.slot = slot;
    this.source = source;
    this.release = release;
  }

  /** Somebody else gives back what it stands for. */
  void keep() {
    release = () -> {};
  }
}
