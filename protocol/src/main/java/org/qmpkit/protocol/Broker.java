package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;
import org.qmpkit.protocol.InFlight.Sent;
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
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Limits limits;
  private final RandomGenerator random;
  private final Backlog backlog;
  private final Journal journal;
  private final Traffic traffic;
  private final Audience audience;
  private final UpstreamState state = new UpstreamState();
  private @Nullable ClientSession session;
  private @Nullable Greeting greeting;
  private @Nullable String broken;
  private long dropped;
  private long now;

  /**
   * A broker whose monitor is not connected yet.
   *
   * @param backlog the account of all outboxes of this loop
   * @param attention called when a client is cut, which may be in the middle of a call to another
   *     broker; it is to take a note that {@link #changed()} has news, not to call back
   */
  public Broker(
      Limits limits, RandomGenerator random, Backlog backlog, Journal journal, Runnable attention) {
    this.limits = limits;
    this.random = random;
    this.backlog = backlog;
    this.journal = journal;
    this.traffic = new Traffic(limits.highWater());
    this.audience = new Audience(limits, backlog, journal, attention, traffic);
  }

  // ---- towards clients

  /** A client has connected. It is greeted as soon as QEMU is ready. */
  public Client join(String name, long now) {
    this.now = now;
    Client client = new Client(this, name, limits, backlog);
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
    if (!client.holds()) {
      pump(client, in);
    }
    client.hold(in);
    look(client);
    forward();
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
      resume(client);
      traffic.enlist(client);
    }
    look(client);
    forward();
  }

  /** A client is gone. What it asked and QEMU was not sent yet is dropped. */
  public void left(Client client, long now) {
    this.now = now;
    audience.remove(client);
    forward();
  }

  /** A client whose outbox, wish for input or end may have changed; null when all were seen. */
  public @Nullable Client changed() {
    return audience.changed();
  }

  public int clients() {
    return audience.size();
  }

  void cut(Client client, String reason) {
    audience.cut(client, reason, now);
  }

  private void pump(Client client, ByteBuffer in) {
    Request request = client.session().next(in);
    while (request != null) {
      enqueue(client, request);
      request = client.session().next(in);
    }
  }

  private void resume(Client client) {
    ByteBuffer rest = client.resume();
    if (rest != null) {
      pump(client, rest);
      client.resumed();
    }
  }

  private void enqueue(Client client, Request request) {
    if (request.command().name().equals(ServerSession.STATUS)) {
      client.session().answer(request, Refusal.success(status(now), request.command().id()));
    } else {
      traffic.add(client, request);
    }
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

  public void wroteUpstream(int bytes) {
    if (session != null) {
      session.wrote(bytes);
    }
  }

  /** Bytes came from QEMU. All are taken. */
  public void receivedUpstream(ByteBuffer in, long now) {
    this.now = now;
    if (session == null) {
      in.position(in.limit());
      return;
    }
    Heard heard = session.next(in);
    while (heard != null) {
      hear(session, heard);
      heard = session.next(in);
    }
    if (session.phase() == Phase.FENCING) {
      state.greeted();
    }
    forward();
  }

  /** Whether QEMU has greeted us, answered the fence, and takes commands. */
  public boolean ready() {
    return session != null && session.phase() == Phase.READY;
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
    if (session != null) {
      dropped += session.dropped();
      session = null;
    }
    failCallers(reason);
    for (Client client : audience.all()) {
      if (client.session().phase() != ServerSession.Phase.UNGREETED) {
        client.close();
        for (Lane lane : traffic.lanes()) {
          refuse(client, lane, Refusal.GONE + reason + "; the command was not sent");
        }
        look(client);
      }
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
          welcome(client, ready.greeting());
        }
      }
      case Heard.Restarted restarted -> {
        greeting = null;
        state.opened(now);
        journal.note(Severity.WARNING, "", "the far side greeted again: it has reconnected");
        failCallers("QEMU's monitor was reopened while this command ran");
      }
      case Heard.Answered answered -> answered(session, answered);
      case Heard.Happened happened -> audience.event(happened.event().document().line(), now);
      case Heard.Broke broke -> broken = "QEMU broke the protocol: " + broke.reason();
    }
  }

  /** Greets a client that may have waited for it, and hears what it said meanwhile. */
  private void welcome(Client client, Greeting greeting) {
    if (!client.deaf()) {
      audience.greet(client, greeting, now);
      pump(client, NOTHING);
      resume(client);
      look(client);
    }
  }

  private void answered(ClientSession session, Heard.Answered answered) {
    Sent sent = traffic.answered(answered.id());
    if (sent == null) {
      session.drop();
      return;
    }
    String id = sent.request().command().id();
    answer(sent.client(), sent.request(), answered.answer().document().lineWithId(id));
  }

  private void answer(Client client, Request request, Line line) {
    if (!client.gone) {
      client.session().answer(request, line);
      resume(client);
      look(client);
    }
  }

  private void refuse(Client client, Request request, String desc) {
    answer(client, request, Refusal.generic(desc).line(request.command().id()));
  }

  /** Refuses all that waits on a lane, and what comes after it and was read already. */
  private void refuse(Client client, Lane lane, String desc) {
    for (Request next = lane.poll(client); next != null; next = lane.poll(client)) {
      refuse(client, next, desc);
    }
  }

  private void failCallers(String reason) {
    for (Sent sent : traffic.removeAll()) {
      String what = "; whether '" + sent.name() + "' was done is not known";
      refuse(sent.client(), sent.request(), Refusal.GONE + reason + what);
    }
  }

  /** Sends what may be sent, refuses what can't be, and makes room if all outboxes are full. */
  private void forward() {
    if (session != null && session.phase() == Phase.READY && greeting != null) {
      traffic.forward(session, greeting.oob(), now);
      for (Lane lane : traffic.lanes()) {
        refuseIfStuck(lane);
      }
    }
    backlog.settle();
  }

  /** When every place is held by a command nobody waits for, new callers hear which. */
  private void refuseIfStuck(Lane lane) {
    Sent stuck = lane.stuck();
    if (stuck == null || now - stuck.at() < limits.silence().toNanos()) {
      return;
    }
    String since = UpstreamState.seconds(now - stuck.at());
    for (Client client : audience.all()) {
      refuse(client, lane, Refusal.BUSY + stuck.name() + " since " + since + " s");
    }
  }

  // ---- time

  /** When {@link #tick} is due, or Long.MAX_VALUE when time alone changes nothing. */
  public long deadline() {
    long due = Math.min(state.deadline(limits.silence().toNanos()), audience.deadline());
    if (ready()) {
      for (Lane lane : traffic.lanes()) {
        Sent stuck = lane.stuck();
        due = stuck == null ? due : Math.min(due, stuck.at() + limits.silence().toNanos());
      }
    }
    return due;
  }

  /** Does what is due by now. */
  public void tick(long now) {
    this.now = now;
    audience.cutStalled(now);
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

  /** What the upstream does and who waits for what, as a canonical JSON object. */
  public String status(long now) {
    long all = dropped + (session == null ? 0 : session.dropped());
    int queued = audience.all().stream().mapToInt(traffic::queued).sum();
    return state.describe(
        now, limits.silence().toNanos(), traffic.inFlight(), queued, audience.size(), all);
  }
}
