package org.qmpkit.helper;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Timer;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The way to one QEMU: dials it, again and again with back-off until it answers; or, where the
 * address says {@code server=on}, listens and takes QEMU's call. Gives one endpoint per {@link
 * #open}.
 */
final class Upstream implements AutoCloseable {
  /** Who asked for an endpoint. */
  interface Caller {
    void opened(Endpoint endpoint);

    /** It could not be had this time; the next attempt is under way already. */
    void failed(TransportException reason);
  }

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);

  private final Address address;
  private final Loop loop;
  private final Transports transports;
  private final Bounds bounds;
  private final Journal journal;
  private final Caller caller;
  private @Nullable Listener listener;
  private @Nullable Attempt attempt;
  private @Nullable Timer retry;
  private Duration pause = FIRST_PAUSE;
  private String noted = "";
  private boolean fresh = true;
  private boolean closed;

  Upstream(Address address, House house, Journal journal, Caller caller) {
    this.address = address;
    this.loop = house.loop();
    this.transports = house.transports();
    this.bounds = house.bounds();
    this.journal = journal;
    this.caller = caller;
  }

  /**
   * Listens, where QEMU dials us.
   *
   * @throws TransportException if it can't listen, or there is no transport for the address
   */
  void start() throws TransportException {
    transports.check(address, loop);
    if (address.server()) {
      Listener made = transports.listen(address, loop);
      made.onWaiting(this::take);
      made.onTurnedAway(
          why -> journal.note(Severity.WARNING, "", String.valueOf(why.getMessage())));
      listener = made;
    }
  }

  /** Asks for an endpoint: at once the first time, else after a pause that grows to 5 s. */
  void open() {
    if (listener != null) {
      listener.interest(true);
    } else if (fresh) {
      fresh = false;
      dial();
    } else {
      // It took our connection and dropped it again: no reason to hurry.
      dialLater();
    }
  }

  /** The last endpoint has proved good: the next one is asked for without delay. */
  void proved() {
    fresh = true;
    pause = FIRST_PAUSE;
    noted = "";
  }

  /** Gives up the attempt under way, if there is one. */
  void cancel() {
    if (listener != null) {
      listener.interest(false);
    }
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
    if (attempt != null) {
      attempt.close();
      attempt = null;
    }
  }

  private void dial() {
    retry = null;
    if (closed) {
      return;
    }
    attempt =
        transports.connect(
            address,
            loop,
            bounds.connect(),
            new Connecting() {
              @Override
              public void connected(Endpoint endpoint) {
                attempt = null;
                caller.opened(endpoint);
              }

              @Override
              public void failed(TransportException reason) {
                attempt = null;
                note(reason);
                dialLater();
                caller.failed(reason);
              }
            });
  }

  private void dialLater() {
    if (closed || retry != null) {
      return;
    }
    retry = loop.schedule(pause, this::dial);
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(bounds.retry()) > 0 ? bounds.retry() : doubled;
  }

  /** One line per reason, not per attempt. */
  private void note(TransportException reason) {
    String text = String.valueOf(reason.getMessage());
    journal.note(
        text.equals(noted) ? Severity.DEBUG : Severity.WARNING, "", text + " (trying again)");
    noted = text;
  }

  private void take() {
    Listener from = listener;
    if (from == null) {
      return;
    }
    try {
      Endpoint endpoint = from.accept();
      if (endpoint != null) {
        from.interest(false);
        caller.opened(endpoint);
      }
    } catch (IOException e) {
      journal.note(Severity.WARNING, "", "cannot take QEMU's call: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    closed = true;
    cancel();
    if (listener != null) {
      listener.close();
    }
  }
}
