package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Message.Greeting;

/**
 * One QEMU monitor shared among many clients: many server sessions over one client session.
 *
 * <p>It brings no bytes anywhere itself. Whoever holds the connections tells it what came and what
 * was written, asks {@link #changed()} after every call which clients to look at, writes {@link
 * #upstream()}, and calls {@link #tick} at {@link #deadline()}. Times are nanoseconds of any steady
 * clock. All on one thread; nothing blocks. Its rules are numbered in docs/sharing-rules.md.
 */
public final class Broker {
  private final Limits limits;
  private final RandomGenerator random;
  private final Backlog backlog;
  private final Journal journal;
  private final Runnable attention;
  private final Traffic traffic;
  private final Audience audience;
  private final Events events;
  private final MonitorFds fds;
  private final Statistics statistics;
  private final Callers callers;
  private final UpstreamState state = new UpstreamState();
  private final Gauges gauges;
  private final Reception reception;
  private final HalfMessage half;
  private @Nullable ClientSession session;
  private @Nullable Greeting greeting;
  private @Nullable String broken;
  private Meter meter = Meter.NONE;
  private long now;

  /**
   * A broker whose monitor is not connected yet.
   *
   * @param backlog the account of what all brokers of this loop hold
   * @param attention called when a client is cut or QEMU's session ends, which may be in the middle
   *     of a call to another broker; it is to take a note that {@link #changed()} or {@link
   *     #broken} has news, not to call back
   */
  public Broker(
      Limits limits, RandomGenerator random, Backlog backlog, Journal journal, Runnable attention) {
    this(limits, random, backlog, journal, attention, false);
  }

  /**
   * The same.
   *
   * @param cleansUp whether what a client gave QEMU of descriptors is closed there when the client
   *     leaves, by commands of our own
   */
  public Broker(
      Limits limits,
      RandomGenerator random,
      Backlog backlog,
      Journal journal,
      Runnable attention,
      boolean cleansUp) {
    this.limits = limits;
    this.random = random;
    this.backlog = backlog;
    this.journal = journal;
    this.attention = attention;
    this.traffic = new Traffic(limits.highWater(), limits.deadlines());
    this.audience = new Audience(limits, backlog, journal, attention, traffic);
    this.events = new Events(limits, random, backlog, audience);
    this.fds = new MonitorFds(cleansUp, audience, traffic);
    this.statistics =
        new Statistics(limits, traffic, Client.own(this, limits, backlog), this::served);
    this.gauges =
        new Gauges(limits, state, traffic, audience, () -> session == null ? 0 : session.dropped());
    this.reception = new Reception(audience, traffic, events, fds, statistics, gauges);
    this.half = new HalfMessage(this, backlog);
    this.callers = new Callers(limits, traffic, audience, fds, statistics, this::served);
  }

  /** Has commands and events counted from here on. */
  public void countBy(Meter meter) {
    this.meter = meter;
    callers.countBy(meter);
  }

  // ---- towards clients

  /** A client has connected. It is greeted as soon as QEMU is ready. */
  public Client join(String name, long now) {
    return join(new Client(this, name, limits, backlog), now);
  }

  /**
   * A client has connected that only samples QEMU's disks, as libxenstat does: it is answered
   * {@code query-blockstats} and {@code query-block}, from what QEMU said less than a second ago,
   * and gets no events.
   */
  public Client joinForStatistics(String name, long now) {
    Client client = new Client(this, name, limits, backlog);
    client.samples = true;
    statistics.expect();
    join(client, now);
    send();
    return client;
  }

  private Client join(Client client, long now) {
    this.now = now;
    audience.add(client, now);
    if (greeting != null) {
      audience.greet(client, greeting, now);
    }
    look(client);
    backlog.settle();
    return client;
  }

  /** Bytes came from a client. All are taken; what is not wanted yet is kept. */
  public void received(Client client, ByteBuffer in, long now) {
    this.now = now;
    if (client.deaf()) {
      in.position(in.limit());
      return;
    }
    reception.received(client, in, now);
    forward();
  }

  /**
   * Descriptors came along with the bytes that are {@link #received} next. They go with the next
   * command of the client that takes some; newer ones take their place.
   */
  public void brought(Client client, Attachment descriptors) {
    if (client.deaf()) {
      descriptors.close();
    } else {
      client.holdings.bring(descriptors);
    }
  }

  /** A client will send no more; what it has asked is answered all the same. */
  public void inputEnded(Client client, long now) {
    this.now = now;
    client.endInput();
    look(client);
  }

  /** Bytes of a client's outbox were written. */
  public void wrote(Client client, int bytes, long now) {
    this.now = now;
    if (bytes > 0 && !client.gone) {
      client.outbox().remove(bytes);
      client.progressAt = now;
      reception.resume(client, now);
      traffic.enlist(client);
    }
    look(client);
    send();
  }

  /** A client is gone. What it asked and QEMU was not sent yet is dropped. */
  public void left(Client client, long now) {
    this.now = now;
    if (!client.gone) {
      audience.remove(client);
    }
    statistics.left(client);
    fds.cleanUp(client, now);
    send();
  }

  /**
   * A client whose outbox, wish for input or end may have changed; null when all were seen. Not
   * before then is room made, if all clients together hold too much: an event is in everybody's
   * outbox before anybody could read it.
   */
  public @Nullable Client changed() {
    Client client = audience.changed();
    if (client == null) {
      backlog.settle();
      client = audience.changed();
    }
    return client;
  }

  void cut(Client client, String reason) {
    audience.cut(client, reason, now);
  }

  /** A client was given an answer: it may have room for more. */
  private void served(Client client) {
    reception.served(client, now);
  }

  private void look(Client client) {
    audience.look(client, now);
  }

  // ---- towards QEMU

  /** A connection to QEMU was made. */
  public void opened(long now) {
    if (session != null) {
      lost("it was connected anew", now);
    }
    this.now = now;
    session = new ClientSession(limits.qemuMessage(), random);
    broken = null;
    state.opened(now);
  }

  /** What is to be written to QEMU, or null without a connection; tell {@link #wroteUpstream}. */
  public @Nullable Outbox upstream() {
    return session == null ? null : session.outbox();
  }

  /** Bytes of what is for QEMU were written. */
  public void wroteUpstream(int bytes, long now) {
    if (session != null) {
      session.wrote(bytes);
      traffic.wrote(bytes, now);
    }
  }

  /** What the next byte for QEMU was to go with can't be passed on: that byte goes without. */
  public void dropAttachment() {
    if (session != null) {
      session.outbox().dropAttachment();
    }
  }

  /** Bytes came from QEMU. All are taken. */
  public void receivedUpstream(ByteBuffer in, long now) {
    this.now = now;
    if (session == null) {
      in.position(in.limit());
      return;
    }
    gauges.said(in.remaining());
    Heard heard = session.next(in);
    boolean any = heard != null;
    while (heard != null) {
      hear(session, heard);
      heard = session.next(in);
    }
    half.holds(session.held(), session.begun(), any, now);
    if (session.phase() == Phase.FENCING) {
      state.greeted();
    }
    send();
  }

  /** The session must end: {@link #broken} says why. Maybe in the middle of another's call. */
  void breakOff(String reason) {
    if (session != null && broken == null) {
      session.breakOff();
      half.gone();
      broken = reason;
      attention.run();
    }
  }

  /** How it is at the moment. */
  public Gauges gauges() {
    return gauges;
  }

  /** Whether QEMU has greeted us, answered the fence, and takes commands. */
  public boolean ready() {
    return session != null && session.phase() == Phase.READY;
  }

  /** The route is over: what is kept for those who come back is dropped. */
  public void end() {
    events.end();
    half.gone();
    if (session != null) {
      session.end();
    }
  }

  /** Why the connection to QEMU must be closed, or null if it need not. */
  public @Nullable String broken() {
    return broken;
  }

  /**
   * The connection to QEMU is gone, or could not be made. Every caller hears so; clients that were
   * greeted are to be closed, the others wait for the next one.
   */
  public void lost(String reason, long now) {
    this.now = now;
    state.lost(reason, now);
    greeting = null;
    boolean opened = session != null;
    if (session != null) {
      gauges.ended(session.dropped());
      session.end();
      session = null;
    }
    half.gone();
    fds.lost();
    callers.fail(reason);
    statistics.lost(reason);
    for (Client client : audience.all()) {
      if (client.session().phase() != ServerSession.Phase.UNGREETED) {
        client.close();
        callers.refuseQueued(client, Refusal.GONE + reason + "; the command was not sent");
        look(client);
      }
    }
    if (opened) {
      events.interrupted("the connection to QEMU was lost", now);
    }
    backlog.settle();
  }

  private void hear(ClientSession session, Heard heard) {
    switch (heard) {
      case Heard.Ready ready -> {
        greeting = ready.greeting();
        state.ready(ready.greeting().release(), now);
        journal.note(Severity.INFO, "", "QEMU " + ready.greeting().release() + " is ready");
        for (Client client : audience.all()) {
          reception.welcome(client, ready.greeting(), now);
        }
      }
      case Heard.Restarted restarted -> {
        greeting = null;
        state.opened(now);
        journal.note(Severity.WARNING, "", "the far side greeted again: it has reconnected");
        fds.lost();
        callers.fail("QEMU's monitor was reopened while this command ran");
        statistics.lost("QEMU's monitor was reopened");
        events.interrupted("QEMU's monitor was reopened", now);
      }
      case Heard.Answered answered -> answered(session, answered);
      case Heard.Happened happened -> happened(session, happened.event());
      case Heard.Broke broke -> broken = "QEMU broke the protocol: " + broke.reason();
    }
  }

  /** Passes an answer on. One out of turn would have to be held for its client, to any amount. */
  private void answered(ClientSession session, Heard.Answered answered) {
    String fault = traffic.fault(answered.id());
    if (fault != null) {
      breakOff("QEMU broke the protocol: " + fault);
    } else if (callers.answered(answered.id(), answered.answer(), now)) {
      gauges.asked(answered.answer().document().length());
    } else {
      session.drop();
    }
  }

  /** Passes an event on, unless it is longer than clients may be sent. */
  private void happened(ClientSession session, Message.Event event) {
    if (event.cursor() != null) {
      breakOff("QEMU broke the protocol: an event with a cursor, which only we give");
      return;
    }
    meter.happened();
    state.happened(event.shortName(), now);
    if (!events.happened(event, now)) {
      session.drop();
    }
  }

  /** Sends what may be sent, refuses what can't be, and makes room if too much is held. */
  private void forward() {
    send();
    backlog.settle();
  }

  /** Sends what may be sent, and refuses what can't be. */
  private void send() {
    if (session != null && session.phase() == Phase.READY && greeting != null) {
      statistics.ask(now);
      traffic.forward(session, greeting.oob(), now);
      callers.refuseStuck(now);
    }
  }

  // ---- time

  /** When {@link #tick} is due, or Long.MAX_VALUE when time alone changes nothing. */
  public long deadline() {
    long due = Math.min(state.deadline(limits.silence().toNanos()), audience.deadline());
    due = Math.min(due, Math.min(traffic.deadline(), statistics.deadline(ready())));
    due = Math.min(due, half.deadline());
    return ready() ? Math.min(due, callers.deadline()) : due;
  }

  /** Does what is due by now. */
  public void tick(long now) {
    this.now = now;
    audience.cutStalled(now);
    callers.expire(now);
    statistics.tick(now);
    if (now >= half.deadline()) {
      breakOff("a message of QEMU of more than 1 MiB did not end within 30 s");
    }
    String busy = state.busySince(now, limits.silence().toNanos());
    if (busy != null) {
      journal.note(Severity.WARNING, "", busy);
    }
    forward();
  }

  /** Whether nothing is under way: no command in flight, nothing that waits to be written. */
  public boolean quiet() {
    return traffic.inFlight().isEmpty() && audience.hasAll();
  }
}
