package org.qmpkit.net;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A {@link Listener} with one peer, which waits from the beginning. */
final class OnceListener implements Listener, Source {
  private static final Duration REST = Duration.ofMillis(100);

  private final Loop loop;
  private final Address address;
  private final Supplier<@Nullable Endpoint> peer;
  private @Nullable Runnable handler;
  private boolean wanted;
  private boolean due;
  private boolean resting;
  private volatile boolean over;

  /** A listener whose peer is made when it is accepted; null if there is none after all. */
  OnceListener(Loop loop, Address address, Supplier<@Nullable Endpoint> peer) {
    this.loop = loop;
    this.address = address;
    this.peer = peer;
  }

  @Override
  public void onWaiting(Runnable handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean waiting) {
    assert loop.free() : "a listener belongs to its loop's thread";
    if (waiting && handler == null) {
      throw new IllegalStateException("interest in " + address + " without onWaiting");
    }
    wanted = waiting;
    watch();
  }

  private void watch() {
    if (wanted && !resting && !over && !due) {
      due = loop.offer(this::call);
    }
  }

  private void call() {
    due = false;
    if (wanted && !resting && !over) {
      loop.dispatch(this, true, false);
      watch();
    }
  }

  @Override
  public @Nullable Endpoint accept() {
    if (over) {
      return null;
    }
    over = true;
    return peer.get();
  }

  @Override
  public Address address() {
    return address;
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    Runnable current = handler;
    if (current != null) {
      current.run();
    }
  }

  @Override
  public void failed() {
    resting = true;
    loop.schedule(
        REST,
        () -> {
          resting = false;
          watch();
        });
  }

  @Override
  public String peer() {
    return address.toString();
  }

  @Override
  public void close() {
    over = true;
  }

  @Override
  public String toString() {
    return peer();
  }
}
