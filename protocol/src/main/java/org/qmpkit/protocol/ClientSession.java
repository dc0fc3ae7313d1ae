package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Answer;
import org.qmpkit.protocol.Message.Command;
import org.qmpkit.protocol.Message.Event;
import org.qmpkit.protocol.Message.Greeting;

/**
 * What a client does towards QEMU: waits for the greeting, negotiates behind a fence, sends
 * commands under ids of its own and reads answers and events.
 *
 * <pre>
 *   GREETING ──greeting──► FENCING ──answer to the fence──► READY
 *                             ▲                               │
 *                             └────────── greeting ───────────┘
 *   any of them ──what no QEMU sends──► BROKEN
 * </pre>
 *
 * <p>The fence is {@code qmp_capabilities} under a fresh random id. QEMU may still answer a command
 * of whoever was connected before us; such an answer comes before that of the fence, and is dropped
 * and counted. Events never are (sharing-rules 12, 18 to 20). One thread at a time; never blocks.
 *
 * <p>A guest agent has a fence of its own, {@link #withAgent}.
 */
public final class ClientSession {
  /** How far a session is. */
  public enum Phase {
    /** QEMU has not greeted yet. */
    GREETING,
    /** The fence is on its way; what comes before its answer is somebody else's. */
    FENCING,
    /** Negotiated: commands may be sent. */
    READY,
    /** QEMU said what none says; the session is over. */
    BROKEN
  }

  /** What a session makes of what QEMU said. */
  public sealed interface Heard {
    /** Commands may be sent from now on; after an earlier one, all that was sent is lost. */
    record Ready(Greeting greeting) implements Heard {}

    /**
     * QEMU greeted again in mid-stream: what was sent before is lost, and the fence stands anew.
     */
    record Restarted() implements Heard {}

    /** An answer under an id that is an integer. */
    record Answered(long id, Answer answer) implements Heard {}

    /** Something happened. */
    record Happened(Event event) implements Heard {}

    /** QEMU said what it can't have meant for us: the session can't go on. */
    record Broke(String reason) implements Heard {}
  }

  /**
   * What brings QEMU's parser back to a message's start, in old versions too (spec, "Forcing the
   * JSON parser into known-good state").
   */
  private static final byte RESYNC = (byte) 0xff;

  /**
   * The id of an answer that has none, from who does not negotiate: an old guest agent echoes no
   * ids, and one command at a time is all it is sent.
   */
  public static final long WITHOUT_ID = 0;

  /** The bits of a number that not every agent may keep. */
  private static final int NOT_IN_A_DOUBLE = 12;

  /** No id of ours has as many characters. */
  private static final int TOO_LONG_FOR_AN_ID = 32;

  /** How a session becomes ready. */
  private enum Opening {
    NEGOTIATION,
    NOTHING,
    SYNCHRONIZATION
  }

  private final RandomGenerator random;
  private final Opening opening;
  private final Outbox outbox;
  private final Scanner scanner;
  private final GreetingSearch search = new GreetingSearch();
  private final SentinelSearch sentinels = new SentinelSearch();
  private Phase phase;
  private @Nullable Greeting greeting;
  private String fence = "";
  private String question = "";
  private String status = "";
  private long dropped;

  /**
   * A session on a connection that was just made.
   *
   * @param limit the most canonical bytes of one message of QEMU, positive
   * @param random where the fence's id comes from; a secure one where QEMU is not trusted
   */
  public ClientSession(int limit, RandomGenerator random) {
    this(limit, random, new Outbox(new Backlog(Long.MAX_VALUE)));
  }

  ClientSession(int limit, RandomGenerator random, Outbox outbox) {
    this(limit, random, outbox, Opening.NEGOTIATION);
  }

  private ClientSession(int limit, RandomGenerator random, Outbox outbox, Opening opening) {
    this.random = random;
    this.opening = opening;
    this.phase = opening == Opening.NOTHING ? Phase.READY : Phase.GREETING;
    this.outbox = outbox;
    this.scanner = new Scanner(Dialect.QEMU_OUTPUT, limit);
  }

  /**
   * A session with who does not greet, as a guest agent: ready at once. A greeting that comes all
   * the same is dropped, and whoever wants to negotiates by a command. Without a fence, nothing is
   * known of the answers to an earlier client.
   *
   * @param limit as of the constructor
   */
  public static ClientSession withoutNegotiation(int limit) {
    return new ClientSession(
        limit,
        RandomGenerator.getDefault(),
        new Outbox(new Backlog(Long.MAX_VALUE)),
        Opening.NOTHING);
  }

  /**
   * A session with a guest agent (QEMU's qga/qapi-schema.json), which does not greet. Its fence is
   * {@code guest-sync-delimited} under a random number, whose answer the agent puts behind a byte
   * that no JSON holds: what comes before is skipped, however torn. Commands go without ids, one at
   * a time.
   *
   * @param limit as of the constructor
   * @param random where the fence's number comes from; a secure one, since a guest is not trusted
   */
  public static ClientSession withAgent(int limit, RandomGenerator random) {
    ClientSession session =
        new ClientSession(
            limit, random, new Outbox(new Backlog(Long.MAX_VALUE)), Opening.SYNCHRONIZATION);
    session.synchronize();
    return session;
  }

  /**
   * Sets up a guest agent's fence anew: nobody waits for what was sent, and its answer will be
   * dropped. What was not sent never is. {@link Heard.Ready} tells when the fence is passed.
   */
  public void synchronize() {
    if (opening != Opening.SYNCHRONIZATION) {
      throw new IllegalStateException("only a session with an agent is synchronized");
    }
    outbox.clear();
    sentinels.begin();
    scanner.restart();
    fence = Long.toString(random.nextLong() >>> NOT_IN_A_DOUBLE);
    phase = Phase.FENCING;
    outbox.add(new byte[] {RESYNC});
    outbox.add(
        Ascii.bytes(
            "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":" + fence + "}}\r\n"));
  }

  /**
   * Asks whoever has not greeted how its QEMU is: a helper tells before any greeting. QEMU keeps
   * the question, and refuses it behind its own greeting, which is dropped. Only in {@link
   * Phase#GREETING}.
   */
  public void askStatus() {
    if (phase != Phase.GREETING) {
      throw new IllegalStateException(
          "a helper's status is asked when GREETING, not when " + phase);
    }
    question = "\"status-" + Long.toHexString(random.nextLong()) + "\"";
    outbox.add(
        Ascii.bytes("{\"execute\":\"" + ServerSession.STATUS + "\",\"id\":" + question + "}\r\n"));
  }

  /** The JSON text that {@link #askStatus} was answered with before any greeting; else empty. */
  public String status() {
    return status;
  }

  /** How far it is. */
  public Phase phase() {
    return phase;
  }

  /** What is to be written to QEMU. */
  public Outbox outbox() {
    return outbox;
  }

  /** Takes out of the outbox what was written. */
  public void wrote(int count) {
    outbox.remove(count);
  }

  /** About how many bytes it holds of a message that is not complete. */
  int held() {
    return scanner.held();
  }

  /** How many bytes came of a message that is not complete, keys counted with what they take. */
  int begun() {
    return scanner.begun();
  }

  /** Ends the session, whose scanner lets go of what it holds. */
  void breakOff() {
    phase = Phase.BROKEN;
    scanner.forget();
  }

  /** How many messages were dropped: answers to others, unreadable bytes before the greeting. */
  public long dropped() {
    return dropped + sentinels.skipped();
  }

  /** Counts an answer that nobody asked for. */
  void drop() {
    dropped++;
  }

  /**
   * Sends a command under an id of our own, which must be fresh; to an agent under none. Only in
   * {@link Phase#READY}.
   */
  public void send(Command command, long id) {
    send(command, id, null);
  }

  /** The same, with descriptors. */
  void send(Command command, long id, @Nullable Attachment along) {
    if (phase != Phase.READY) {
      throw new IllegalStateException("a command may be sent when READY, not when " + phase);
    }
    if (opening == Opening.SYNCHRONIZATION) {
      outbox.add(command.lineWithoutId());
    } else if (along == null) {
      outbox.add(command.line(id));
    } else {
      outbox.add(Line.of(command.line(id)), along);
    }
  }

  /** The connection is over: what was not written never will be. */
  void end() {
    outbox.clear();
  }

  /**
   * Takes bytes up to the end of a message that matters.
   *
   * @return what it means, or null if the bytes ended first
   */
  public @Nullable Heard next(ByteBuffer in) {
    while (phase != Phase.BROKEN) {
      boolean synchronizing = phase == Phase.FENCING && opening == Opening.SYNCHRONIZATION;
      Scanned scanned =
          phase == Phase.GREETING
              ? beforeGreeting(in)
              : synchronizing ? sentinels.next(in, scanner) : scanner.next(in);
      if (scanned == null) {
        return null;
      }
      Heard heard = hear(scanned);
      if (heard != null) {
        return heard;
      }
    }
    in.position(in.limit());
    return null;
  }

  /** The next message; where a greeting begins, what is not complete before it is dropped. */
  private @Nullable Scanned beforeGreeting(ByteBuffer in) {
    Scanned scanned = null;
    while (scanned == null && in.hasRemaining()) {
      int from = in.position();
      int end = in.limit();
      scanned = scanner.next(in.limit(search.limit(in)));
      in.limit(end);
      if (search.took(in.position() - from)) {
        scanner.restart();
        scanner.next(GreetingSearch.beginning());
      }
    }
    return scanned;
  }

  private @Nullable Heard hear(Scanned scanned) {
    Message message = scanned instanceof Document document ? Message.fromQemu(document) : null;
    if (phase == Phase.FENCING && opening == Opening.SYNCHRONIZATION) {
      return synchronizedBy(message);
    }
    // No switch: its first use takes some 10 ms, which a short-lived process would feel.
    if (message instanceof Answer answer) {
      return answered(answer);
    }
    if (message instanceof Event event) {
      return new Heard.Happened(event);
    }
    if (message instanceof Greeting greeted) {
      return greeted(greeted);
    }
    return message instanceof Command command
        ? broke("a command: " + command.name())
        : unreadable(scanned);
  }

  private @Nullable Heard synchronizedBy(@Nullable Message message) {
    if (message instanceof Message.Return answer && answer.value().equals(fence)) {
      phase = Phase.READY;
      return new Heard.Ready(Greeting.none());
    }
    dropped++;
    return null;
  }

  private @Nullable Heard unreadable(Scanned scanned) {
    if (phase == Phase.GREETING) {
      dropped++;
      return null;
    }
    return broke(
        switch (scanned) {
          case Malformed malformed -> malformed.reason();
          case Document document -> "no QMP message: " + excerpt(document.toString());
        });
  }

  private static String excerpt(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }

  private @Nullable Heard greeted(Greeting greeted) {
    if (opening != Opening.NEGOTIATION) {
      dropped++;
      return null;
    }
    boolean again = phase != Phase.GREETING;
    if (again) {
      forgetUnsent();
    }
    greeting = greeted;
    scanner.tellFaultsAtOnce(); // any fault ends a session that has begun
    fence = "\"qmpkit-" + Long.toHexString(random.nextLong()) + "\"";
    phase = Phase.FENCING;
    outbox.add(
        Ascii.bytes(
            "{\"execute\":\"qmp_capabilities\""
                + (greeted.oob() ? ",\"arguments\":{\"enable\":[\"oob\"]}" : "")
                + ",\"id\":"
                + fence
                + "}\r\n"));
    return again ? new Heard.Restarted() : null;
  }

  /**
   * Drops what was meant for the session that is over. The rest of a message that was written in
   * part must not go out: in the new session its insides would be taken for messages of their own.
   * Its beginning may have arrived there; a byte that no message can hold ends it.
   */
  private void forgetUnsent() {
    boolean torn = outbox.torn();
    outbox.clear();
    if (torn) {
      outbox.add(new byte[] {RESYNC});
    }
  }

  private @Nullable Heard answered(Answer answer) {
    String id = id(answer.document());
    if (phase == Phase.FENCING && fence.equals(id) && greeting != null) {
      if (answer instanceof Message.Error) {
        return broke("it refused qmp_capabilities: " + excerpt(answer.document().toString()));
      }
      phase = Phase.READY;
      return new Heard.Ready(greeting);
    }
    if (phase == Phase.GREETING && question.equals(id) && answer instanceof Message.Return told) {
      status = told.value();
      return null;
    }
    if (phase != Phase.READY) {
      dropped++;
      return null;
    }
    if (id == null && opening != Opening.NEGOTIATION) {
      return new Heard.Answered(WITHOUT_ID, answer);
    }
    if (id == null && answer instanceof Message.Error) {
      return broke("an error without id, and we send nothing that it could be about");
    }
    try {
      if (id != null && opening != Opening.SYNCHRONIZATION) {
        return new Heard.Answered(Long.parseLong(id), answer);
      }
    } catch (NumberFormatException foreign) {
      // None of our ids: counted below.
    }
    dropped++;
    return null;
  }

  /** The id of an answer, or null. One that is too long to be ours is not copied: it is "". */
  private static @Nullable String id(Document answer) {
    Document.Member id = answer.member("id");
    if (id == null) {
      return null;
    }
    return id.end() - id.value() < TOO_LONG_FOR_AN_ID ? answer.text(id) : "";
  }

  private Heard broke(String reason) {
    breakOff();
    return new Heard.Broke(reason);
  }
}
