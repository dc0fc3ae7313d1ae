package org.qmpkit.client;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;

/** The way to an endpoint: connects, or with {@code server=on} takes one call. On the loop. */
final class Dialing {
  private final Address address;
  private final Duration timeout;
  private final QmpLoop loop;
  private final Connecting caller;
  private @Nullable Attempt attempt;
  private @Nullable Listener listener;

  Dialing(Address address, Duration timeout, QmpLoop loop, Connecting caller) {
    this.address = address;
    this.timeout = timeout;
    this.loop = loop;
    this.caller = caller;
  }

  void begin(Transports transports) {
    if (!address.server()) {
      attempt = transports.connect(address, loop.loop(), timeout, caller);
      return;
    }
    try {
      Listener made = transports.listen(address, loop.loop());
      listener = made;
      made.onWaiting(() -> take(made));
      made.interest(true);
    } catch (TransportException e) {
      caller.failed(e);
    }
  }

  private void take(Listener from) {
    Endpoint taken;
    try {
      taken = from.accept();
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage());
      caller.failed(
          new TransportException("take QEMU's call at", address, why, "connect again", true, e));
      return;
    }
    if (taken != null) {
      from.close();
      caller.connected(taken);
    }
  }

  /** Gives it up; what was connected stays. Idempotent. */
  void close() {
    if (attempt != null) {
      attempt.close();
    }
    if (listener != null) {
      listener.close();
    }
  }
}
