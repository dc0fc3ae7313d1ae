package org.qmpkit.helper;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Timer;

/**
 * Clients that have ended their input and wait for an answer. The selector can't tell them from
 * those that have left; a write can, so they are probed now and then.
 */
final class HalfClosed implements AutoCloseable {
  private static final Duration PROBE = Duration.ofSeconds(2);

  private final Set<ClientConnection> clients = new LinkedHashSet<>();
  private final Loop loop;
  private final Runnable probed;
  private @Nullable Timer timer;

  /**
   * None so far.
   *
   * @param probed called when all have been probed
   */
  HalfClosed(Loop loop, Runnable probed) {
    this.loop = loop;
    this.probed = probed;
  }

  void add(ClientConnection client) {
    clients.add(client);
    watch();
  }

  void remove(ClientConnection client) {
    clients.remove(client);
  }

  private void watch() {
    if (timer == null && !clients.isEmpty()) {
      timer = loop.schedule(PROBE, this::probe);
    }
  }

  private void probe() {
    timer = null;
    List.copyOf(clients).forEach(ClientConnection::probe);
    watch();
    probed.run();
  }

  @Override
  public void close() {
    if (timer != null) {
      timer.cancel();
    }
  }
}
