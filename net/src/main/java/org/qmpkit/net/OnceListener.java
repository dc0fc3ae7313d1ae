package org.qmpkit.net;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A {@link Listener} with one peer, which waits from the beginning. */
public final class OnceListener implements Listener, Source {
  private static final Duration REST = Duration.ofMillis(100);

  private final Loop loop;
  private final Address address;
  private final Supplier<@Nullable Endpoint> peer;
  private final Runnable refuse;
  private @Nullable Runnable handler;
  private boolean wanted;
  private boolean due;
  private boolean resting;
  private final AtomicBoolean over = new AtomicBoolean();

  /**
   * A listener whose peer is made when it is accepted; null if there is none after all.
   *
   * @param refuse what to do when it closes and the peer was not accepted
   */
  public OnceListener(
      Loop loop, Address address, Supplier<@Nullable Endpoint> peer, Runnable refuse) {
    this.loop = loop;
    this.address = address;
    this.peer = peer;
    this.refuse = refuse;
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
    if (wanted && !resting && !over.get() && !due) {
      due = loop.offer(this::call);
    }
  }

  private void call() {
    due = false;
    if (wanted && !resting && !over.get()) {
      loop.dispatch(this, true, false);
      watch();
    }
  }

  @Override
  public @Nullable Endpoint accept() {
    return over.compareAndSet(false, true) ? peer.get() : null;
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
    if (over.compareAndSet(false, true)) {
      refuse.run();
    }
  }

  @Override
  public String toString() {
    return peer();
  }
}
