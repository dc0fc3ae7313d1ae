package org.qmpkit.net;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of an attempt to connect, once: an endpoint is handed over, it failed, or somebody
 * gave up. It may have a time by which that must be.
 *
 * <p>On the loop's thread, but for {@link #over} and {@link #close}, which any thread may call.
 * Whoever opens something asks afterwards whether it is {@link #over}: another thread that gave up
 * may not have seen it.
 */
public final class Outcome implements Attempt {
  private final Loop loop;
  private final Connecting connecting;
  private final Runnable release;
  private final AtomicBoolean over = new AtomicBoolean();
  private @Nullable Timer patience;

  /**
   * An attempt of which nothing has become yet.
   *
   * @param connecting who hears of it
   * @param release closes what was opened for it, if anything was, where no endpoint comes of it;
   *     on any thread, more than once
   */
  public Outcome(Loop loop, Connecting connecting, Runnable release) {
    this.loop = loop;
    this.connecting = connecting;
    this.release = release;
  }

  /**
   * Has it fail when a time has passed.
   *
   * @param late why, asked for then
   */
  public void within(Duration time, Supplier<TransportException> late) {
    patience = loop.schedule(time, () -> failed(late.get()));
  }

  /** Whether its end has come. */
  public boolean over() {
    return over.get();
  }

  /** Hands an endpoint over, or closes it if the end has come before. */
  public void connected(Endpoint endpoint) {
    stopWaiting();
    if (!over.compareAndSet(false, true)) {
      endpoint.close();
      return;
    }
    try {
      connecting.connected(endpoint);
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  /** It failed; nothing if the end has come before. */
  public void failed(TransportException why) {
    stopWaiting();
    if (over.compareAndSet(false, true)) {
      release.run();
      connecting.failed(why);
    }
  }

  private void stopWaiting() {
    if (patience != null) {
      patience.cancel();
    }
  }

  @Override
  public void close() {
    if (over.compareAndSet(false, true)) {
      release.run();
      loop.offer(this::stopWaiting); // a closed loop has no timers
    }
  }
}
