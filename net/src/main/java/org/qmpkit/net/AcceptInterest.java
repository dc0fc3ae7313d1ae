package org.qmpkit.net;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a listener's owner wants of it, and the 100 ms of rest that a listener takes after a
 * failure, so that a loop does not spin on a peer that cannot be accepted. Used on the loop's
 * thread.
 */
public final class AcceptInterest {
  /** Where the outcome goes. */
  @FunctionalInterface
  public interface Watching {
    /** Watches for peers, or does no longer; called with what is true already, too. */
    void watch(boolean peers);
  }

  private static final Duration REST = Duration.ofMillis(100);

  private final Loop loop;
  private final Address address;
  private final Watching watching;
  private @Nullable Runnable handler;
  private @Nullable Timer resting;
  private boolean wanted;

  /** Without interest. */
  public AcceptInterest(Loop loop, Address address, Watching watching) {
    this.loop = loop;
    this.address = address;
    this.watching = watching;
  }

  /** As {@link Listener#onWaiting}. */
  public void handler(Runnable handler) {
    this.handler = handler;
  }

  /** As {@link Listener#interest}. */
  public void set(boolean waiting) {
    assert loop.free() : "a listener belongs to its loop's thread";
    if (waiting && handler == null) {
      throw new IllegalStateException("interest in " + address + " without onWaiting");
    }
    wanted = waiting;
    watch();
  }

  /** A peer waits. */
  public void call() {
    Runnable current = handler;
    if (current != null) {
      current.run();
    }
  }

  /** Something failed: nobody is watched for until the rest is over. */
  public void rest() {
    if (resting == null) {
      resting =
          loop.schedule(
              REST,
              () -> {
                resting = null;
                watch();
              });
      watch();
    }
  }

  private void watch() {
    watching.watch(wanted && resting == null);
  }
}
