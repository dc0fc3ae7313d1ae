package org.qmpkit.net;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Listener} whose peers have shaken hands before they are accepted. Those under way and
 * those that wait are bounded together; past that, peers wait in the system's backlog.
 */
final class TlsListener implements Listener, Source {
  static final int PLACES = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration PATIENCE_WHEN_FULL = Duration.ofSeconds(1);
  private static final Duration REST = Duration.ofMillis(100);

  /** One peer whose handshake is under way. */
  private final class Guest implements TlsHandshake.Outcome {
    private final Endpoint raw;
    private final long came = loop.time();

    Guest(Endpoint raw) {
      this.raw = raw;
    }

    @Override
    public void agreed(TlsEndpoint endpoint) {
      guests.remove(this);
      if (closed) {
        endpoint.close();
      } else {
        waiting.add(endpoint);
        watch();
      }
    }

    @Override
    public void disagreed(TlsException why) {
      if (guests.remove(this) && !closed) {
        watch();
        turnedAway.accept(why.at("accept " + raw.peer() + " on", address()));
      }
    }
  }

  private final Listener tcp;
  private final TlsContext context;
  private final Loop loop;
  private final Set<Guest> guests = new LinkedHashSet<>();
  private final ArrayDeque<TlsEndpoint> waiting = new ArrayDeque<>();
  private Consumer<TransportException> turnedAway = why -> {};
  private @Nullable Runnable handler;
  private @Nullable Timer expiry;
  private @Nullable Timer resting;
  private boolean wanted;
  private boolean due;
  private volatile boolean closed;

  private TlsListener(Listener tcp, TlsContext context, Loop loop) {
    this.tcp = tcp;
    this.context = context;
    this.loop = loop;
  }

  static Listener open(Address address, Loop loop, SocketPoller poller) throws TransportException {
    TlsContext context = TlsContext.of(TcpTransport.LISTEN, address);
    Listener tcp = TcpTransport.open(address, loop, poller);
    TlsListener listener = new TlsListener(tcp, context, loop);
    tcp.onWaiting(listener::take);
    tcp.interest(true);
    return listener;
  }

  private void take() {
    Endpoint raw;
    try {
      raw = tcp.accept();
    } catch (TransportException e) {
      turnedAway.accept(e); // the listener below rests
      return;
    } catch (IOException e) {
      return; // that peer has left already
    }
    if (raw != null) {
      Guest guest = new Guest(raw);
      guests.add(guest);
      TlsHandshake.begin(context.dialled(), raw, loop, guest);
      watch();
    }
  }

  /** Lets peers in while there are places, sees to the slow ones, and calls who wants to accept. */
  private void watch() {
    if (closed) {
      return;
    }
    boolean full = guests.size() + waiting.size() >= PLACES;
    tcp.interest(!full);
    if (expiry != null) {
      expiry.cancel();
      expiry = null;
    }
    if (!guests.isEmpty()) {
      Duration patience = full ? PATIENCE_WHEN_FULL : PATIENCE;
      long spent = loop.time() - guests.iterator().next().came;
      expiry = loop.schedule(patience.minusNanos(spent), this::expire);
    }
    if (wanted && resting == null && !waiting.isEmpty() && !due) {
      due = loop.offer(this::call);
    }
  }

  private void expire() {
    expiry = null;
    if (!guests.isEmpty()) {
      Guest oldest = guests.iterator().next();
      oldest.raw.close();
      oldest.disagreed(
          new TlsException(
              "no TLS handshake within "
                  + (loop.time() - oldest.came) / 1_000_000
                  + " ms; it is silent, or does not speak TLS",
              "",
              true,
              null));
    }
  }

  private void call() {
    due = false;
    if (wanted && resting == null && !waiting.isEmpty() && !closed) {
      loop.dispatch(this, true, false);
      watch();
    }
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
    resting =
        loop.schedule(
            REST,
            () -> {
              resting = null;
              watch();
            });
  }

  @Override
  public void onWaiting(Runnable handler) {
    this.handler = handler;
  }

  @Override
  public void onTurnedAway(Consumer<TransportException> handler) {
    this.turnedAway = handler;
  }

  @Override
  public void interest(boolean waiting) {
    assert loop.free() : "a listener belongs to its loop's thread";
    if (waiting && handler == null) {
      throw new IllegalStateException("interest in " + peer() + " without onWaiting");
    }
    wanted = waiting;
    watch();
  }

  @Override
  public @Nullable Endpoint accept() {
    if (closed) {
      return null;
    }
    TlsEndpoint first = waiting.poll();
    if (first != null) {
      watch();
    }
    return first;
  }

  @Override
  public Address address() {
    return tcp.address();
  }

  @Override
  public String peer() {
    return tcp.address().toString();
  }

  @Override
  public void close() {
    closed = true;
    tcp.close();
    if (loop.inTurn()) {
      turnAllAway();
    } else {
      loop.offer(this::turnAllAway);
    }
  }

  private void turnAllAway() {
    if (expiry != null) {
      expiry.cancel();
    }
    guests.forEach(guest -> guest.raw.close());
    guests.clear();
    waiting.forEach(TlsEndpoint::close);
    waiting.clear();
  }

  @Override
  public String toString() {
    return peer();
  }
}
