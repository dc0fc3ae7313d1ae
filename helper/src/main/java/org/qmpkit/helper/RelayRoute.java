package org.qmpkit.helper;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Timer;
import org.qmpkit.net.TransportException;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Standing;

/**
 * A route that passes bytes untouched, for one client at a time: the upstream is opened for each
 * client, and the next client is left in the system's backlog until the one before has gone.
 */
final class RelayRoute implements Route {
  /** How long one that has ended its input may keep another waiting while nothing comes for it. */
  private static final Duration LINGER = Duration.ofSeconds(10);

  private final RouteSpec spec;
  private final House house;
  private final Journal journal;
  private final Upstream upstream;
  private final RouteMeter meter = new RouteMeter();
  private @Nullable Listener listener;
  private @Nullable Endpoint client;
  private @Nullable Relay relay;
  private @Nullable Timer patience;
  private @Nullable Timer linger;
  private String name = "";
  private int number;
  private boolean closed;

  RelayRoute(RouteSpec spec, House house) {
    this.spec = spec;
    this.house = house;
    this.journal = house.log().of(spec.name(), house.loop()::now);
    this.upstream =
        new Upstream(
            spec.connect(),
            house,
            journal,
            new Upstream.Caller() {
              @Override
              public void opened(Endpoint endpoint) {
                begin(endpoint);
              }

              @Override
              public void failed(TransportException reason) {
                if (!reason.retryable()) {
                  end("its monitor can't be reached");
                }
              }
            });
  }

  @Override
  public RouteSpec spec() {
    return spec;
  }

  @Override
  public Optional<Standing> standing() {
    return Optional.empty();
  }

  @Override
  public RouteMeter meter() {
    return meter;
  }

  /** Whether there is a client now. */
  boolean serves() {
    return client != null;
  }

  @Override
  public void start() throws TransportException {
    listener = house.open(spec, upstream, journal, this::waiting);
    journal.note(Severity.INFO, "", "relays " + spec.connect() + " at " + spec.listen());
  }

  /** Somebody connects: takes them in, or notes once that they wait. */
  private void waiting() {
    Listener from = listener;
    if (from == null) {
      return;
    }
    if (client != null) {
      from.interest(false);
      journal.note(Severity.INFO, "", "another client waits until " + name + " leaves");
      lingerNoLonger();
      return;
    }
    try {
      Endpoint endpoint = from.accept();
      if (endpoint != null) {
        client = endpoint;
        meter.accepted.add(1);
        name = PeerName.of(++number, endpoint, endpoint.user());
        journal.note(Severity.DEBUG, name, "connected from " + endpoint.peer());
        patience =
            house.loop().schedule(house.bounds().connect(), () -> end("its monitor didn't answer"));
        upstream.proved();
        upstream.open();
      }
    } catch (IOException e) {
      journal.note(Severity.WARNING, "", "cannot accept a client: " + e.getMessage());
    }
  }

  private void begin(Endpoint qemu) {
    Endpoint from = client;
    if (from == null) {
      qemu.close();
      return;
    }
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
    meter.connections.add(1);
    relay = new Relay(spec, from, qemu, house.loop(), meter, this::end);
  }

  /** Ends a client that has ended its input, if nothing comes for it any more. */
  private void lingerNoLonger() {
    Relay under = relay;
    if (under == null || linger != null) {
      return;
    }
    long before = under.moved();
    linger =
        house
            .loop()
            .schedule(
                LINGER,
                () -> {
                  linger = null;
                  if (under != relay) {
                    return;
                  }
                  if (under.clientEnded() && under.moved() == before) {
                    end("it ended its input, nothing came for it for 10 s, and another waits");
                  } else {
                    lingerNoLonger();
                  }
                });
  }

  private void end(String why) {
    end(relay == null ? Severity.WARNING : Severity.DEBUG, why);
  }

  private void end(Severity severity, String why) {
    Endpoint from = client;
    if (from == null) {
      return;
    }
    journal.note(severity, name, "closed: " + why);
    client = null;
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
    if (linger != null) {
      linger.cancel();
      linger = null;
    }
    upstream.cancel();
    if (relay != null) {
      relay.close();
      relay = null;
    }
    from.close();
    if (listener != null && !closed) {
      listener.interest(true);
    }
    house.garbage().look();
  }

  @Override
  public void drain() {
    closed = true;
    if (listener != null) {
      listener.close();
    }
  }

  @Override
  public boolean drained() {
    return relay == null || relay.idle();
  }

  @Override
  public void close() {
    drain();
    end("the helper ends");
    upstream.close();
  }
}
