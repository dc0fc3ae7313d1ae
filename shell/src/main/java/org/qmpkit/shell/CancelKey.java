package org.qmpkit.shell;

import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C while no line is read: interrupts the one thread that waits for something, if one does.
 */
final class CancelKey {
  private @Nullable Thread waiting;

  /** This thread waits from here on. */
  synchronized void enter() {
    waiting = Thread.currentThread();
  }

  /** It waits no longer; a press that came too late is for nobody. */
  synchronized void leave() {
    waiting = null;
    Thread.interrupted();
  }

  /** Somebody pressed it. From any thread. */
  synchronized void press() {
    if (waiting != null) {
      waiting.interrupt();
    }
  }
}
