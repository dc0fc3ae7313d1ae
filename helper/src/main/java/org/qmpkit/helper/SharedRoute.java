package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.DescriptorsRefusedException;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Timer;
import org.qmpkit.net.TransportException;
import org.qmpkit.protocol.Attachment;
import org.qmpkit.protocol.Broker;
import org.qmpkit.protocol.Client;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.JsonString;
import org.qmpkit.protocol.Outbox;
import org.qmpkit.protocol.Standing;

/** A route that shares one monitor among many clients: a {@link Broker} with connections. */
final class SharedRoute implements Route {
  /** How long QEMU must have been well for its loss to be met without a pause. */
  private static final Duration PROOF = Duration.ofSeconds(1);

  /** So many clients are accepted at once; closed ones give their descriptors back meanwhile. */
  private static final int ACCEPTED_AT_ONCE = 16;

  private final RouteSpec spec;
  private final House house;
  private final Journal journal;
  private final Broker broker;
  private final Upstream upstream;
  private final RouteMeter meter = new RouteMeter();
  private final Map<Client, ClientConnection> connections = new HashMap<>();
  private final HalfClosed halfClosed;
  private final PacedReading reading;
  private @Nullable Listener listener;
  private @Nullable Listener statistics;
  private @Nullable Endpoint qemu;
  private @Nullable Timer tick;
  private long tickAt = Long.MAX_VALUE;
  private long connectedAt;
  private int numbers;
  private boolean draining;
  private boolean settling;

  SharedRoute(RouteSpec spec, House house) {
    this.spec = spec;
    this.house = house;
    this.journal = house.log().of(spec.name(), house.loop()::now);
    this.halfClosed = new HalfClosed(house.loop(), this::settle);
    this.reading = new PacedReading(house, journal);
    this.broker =
        new Broker(
            house.limits(),
            house.random(),
            house.backlog(),
            journal,
            () -> house.loop().execute(this::settle),
            house.cleansUp());
    broker.countBy(meter);
    this.upstream =
        new Upstream(
            spec.connect(),
            house,
            journal,
            new Upstream.Caller() {
              @Override
              public void opened(Endpoint endpoint) {
                connected(endpoint);
              }

              @Override
              public void failed(TransportException reason) {
                broker.lost(String.valueOf(reason.getMessage()), now());
                settle();
              }
            });
  }

  @Override
  public RouteSpec spec() {
    return spec;
  }

  @Override
  public Optional<Standing> standing() {
    return Optional.of(broker.gauges().standing(now()));
  }

  @Override
  public RouteMeter meter() {
    return meter;
  }

  @Override
  public void start() throws TransportException {
    listener = house.open(spec, upstream, journal, () -> accept(listener, broker::join));
    spec.statistics().ifPresent(this::listenForStatistics);
    journal.note(Severity.INFO, "", "shares " + spec.connect() + " at " + spec.listen());
    upstream.open();
  }

  /** A monitor is of use without its statistics. */
  private void listenForStatistics(Address place) {
    try {
      statistics =
          house.listen(place, journal, () -> accept(statistics, broker::joinForStatistics));
      journal.note(Severity.INFO, "", "has disk statistics for libxenstat at " + place);
    } catch (TransportException e) {
      journal.note(Severity.WARNING, "", "no disk statistics for libxenstat: " + e.getMessage());
    }
  }

  /** How long QEMU has had the oldest of its commands, in nanoseconds. */
  long oldest() {
    return broker.gauges().oldest(now());
  }

  House house() {
    return house;
  }

  Broker broker() {
    return broker;
  }

  boolean draining() {
    return draining;
  }

  private long now() {
    return house.loop().now();
  }

  /** A client has ended its input, and may have left altogether. */
  void halfClosed(ClientConnection connection) {
    halfClosed.add(connection);
  }

  /**
   * A client's connection is closed.
   *
   * @return whether it was one of ours until now
   */
  boolean closed(ClientConnection connection, String why) {
    halfClosed.remove(connection);
    if (connections.remove(connection.client()) == null) {
      return false;
    }
    journal.note(Severity.DEBUG, connection.client().name(), "closed: " + why);
    return true;
  }

  // ---- clients

  /** What a broker makes of a name and a time. */
  @FunctionalInterface
  private interface Join {
    Client join(String name, long now);
  }

  private void accept(@Nullable Listener from, Join how) {
    if (from == null) {
      return;
    }
    try {
      for (int left = ACCEPTED_AT_ONCE; left > 0; left--) {
        Endpoint endpoint = from.accept();
        if (endpoint == null) {
          break;
        }
        welcome(endpoint, how);
      }
    } catch (IOException e) {
      journal.note(Severity.WARNING, "", "cannot accept a client: " + e.getMessage());
    }
    settle();
  }

  private void welcome(Endpoint endpoint, Join how) {
    Optional<String> user = endpoint.user();
    String name = PeerName.of(++numbers, endpoint, user);
    String refusal = house.admission().enter(user);
    if (refusal != null) {
      turnAway(endpoint, refusal);
      meter.refused.add(1);
      journal.note(Severity.WARNING, name, "refused: " + refusal);
      return;
    }
    journal.note(Severity.DEBUG, name, "connected from " + endpoint.peer());
    Client client = how.join(name, now());
    ClientConnection connection = new ClientConnection(this, endpoint, client, user);
    connections.put(client, connection);
    meter.accepted.add(1);
  }

  private static void turnAway(Endpoint endpoint, String refusal) {
    String line =
        "{\"error\": {\"class\": \"GenericError\", \"desc\": "
            + JsonString.quote("qmpkit: refused: " + refusal)
            + "}}\r\n";
    try (endpoint) {
      endpoint.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      // It has left already, and needs no answer.
    }
  }

  // ---- QEMU

  private void connected(Endpoint endpoint) {
    qemu = endpoint;
    reading.opened();
    connectedAt = now();
    meter.connections.add(1);
    endpoint.onReady(this::qemuReady);
    journal.note(Severity.DEBUG, "", "connected to " + spec.connect());
    broker.opened(now());
    settle();
  }

  private void qemuReady(boolean readable, boolean writable) {
    Endpoint from = qemu;
    if (from == null) {
      return;
    }
    if (readable) {
      readQemu(from);
    }
    settle();
  }

  private void readQemu(Endpoint from) {
    try {
      ByteBuffer in = reading.read(from);
      if (in == null) {
        lost("QEMU's monitor at " + spec.connect() + " was closed");
        return;
      }
      meter.fromQemu.add(in.remaining());
      broker.receivedUpstream(in, now());
      reading.heard(broker.gauges().unasked(), this::settle);
    } catch (IOException e) {
      lost("cannot read QEMU's monitor at " + spec.connect() + ": " + e.getMessage());
    }
  }

  private void writeQemu() {
    Endpoint to = qemu;
    Outbox outbox = broker.upstream();
    if (to == null || outbox == null) {
      return;
    }
    try {
      int written = 1;
      while (written > 0 && !outbox.isEmpty()) {
        ByteBuffer buffer = house.loop().buffer();
        outbox.peek(buffer);
        written = writeQemu(to, buffer.flip(), outbox.attachment());
        meter.toQemu.add(written);
        broker.wroteUpstream(written, now());
      }
      to.interest(reading.wanted(), !outbox.isEmpty());
    } catch (PeerGoneException e) {
      // What QEMU said before it left is still to be read; the end of that closes the session.
      to.interest(reading.wanted(), false);
    } catch (IOException e) {
      lost("cannot write to QEMU's monitor at " + spec.connect() + ": " + e.getMessage());
    }
  }

  private int writeQemu(Endpoint to, ByteBuffer bytes, @Nullable Attachment along)
      throws IOException {
    if (along instanceof Passed passed && to instanceof DescriptorEndpoint passing) {
      try {
        return passing.write(bytes, passed.descriptors());
      } catch (DescriptorsRefusedException e) {
        // QEMU will say that none came.
        journal.note(Severity.WARNING, "", String.valueOf(e.getMessage()));
        broker.dropAttachment();
      }
    }
    return to.write(bytes);
  }

  private void lost(String reason) {
    Endpoint from = qemu;
    qemu = null;
    if (from != null) {
      from.close();
    }
    if (broker.ready() && now() - connectedAt >= PROOF.toNanos()) {
      upstream.proved();
    }
    journal.note(Severity.WARNING, "", reason);
    broker.lost(reason, now());
    if (!draining) {
      upstream.open();
    }
  }

  // ---- what comes of it

  /** Writes what can be written, closes what is finished, and sets the timer. */
  void settle() {
    if (settling) {
      return;
    }
    settling = true;
    try {
      String broken = broker.broken();
      if (broken != null && qemu != null) {
        lost(broken);
      }
      writeQemu();
      for (Client client = broker.changed(); client != null; client = broker.changed()) {
        ClientConnection connection = connections.get(client);
        if (connection != null) {
          connection.look();
          writeQemu();
        }
      }
      setTimer();
    } finally {
      settling = false;
    }
    house.garbage().look();
  }

  private void setTimer() {
    long due = broker.deadline();
    if (due == tickAt) {
      return;
    }
    if (tick != null) {
      tick.cancel();
      tick = null;
    }
    tickAt = due;
    if (due != Long.MAX_VALUE) {
      tick = house.loop().schedule(Duration.ofNanos(Math.max(0, due - now())), this::tick);
    }
  }

  private void tick() {
    tick = null;
    tickAt = Long.MAX_VALUE;
    broker.tick(now());
    settle();
  }

  private void stopListening() {
    draining = true;
    if (listener != null) {
      listener.close();
    }
    if (statistics != null) {
      statistics.close();
    }
  }

  @Override
  public void drain() {
    stopListening();
    upstream.cancel();
    for (ClientConnection connection : List.copyOf(connections.values())) {
      connection.look();
    }
  }

  @Override
  public boolean drained() {
    return broker.quiet();
  }

  @Override
  public void close() {
    stopListening();
    upstream.close();
    if (tick != null) {
      tick.cancel();
    }
    halfClosed.close();
    for (ClientConnection connection : List.copyOf(connections.values())) {
      connection.end("the helper ends");
    }
    if (qemu != null) {
      qemu.close();
      qemu = null;
    }
    broker.end();
  }
}
