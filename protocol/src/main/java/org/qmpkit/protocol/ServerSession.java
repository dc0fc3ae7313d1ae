package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Command;
import org.qmpkit.protocol.Message.Greeting;

/**
 * What QEMU does towards one client: greets, negotiates, reads requests in its dialect and answers
 * each in its place. What it can't answer itself it hands out as a {@link Request}.
 *
 * <pre>
 *   UNGREETED ──greet()──► NEGOTIATING ──qmp_capabilities──► READY
 * </pre>
 *
 * <p>In-band answers leave in the order of their requests, errors of our own included; only an
 * answer to {@code exec-oob} overtakes (sharing-rules 1 to 7, 10). What an ungreeted client sends
 * is kept, but {@value #STATUS} is handed out at once. One thread at a time; never blocks.
 */
final class ServerSession {
  /** The local command that tells what the upstream does, answered in every phase. */
  static final String STATUS = "__org.qmpkit_status";

  private static final String NEGOTIATE = "qmp_capabilities";

  enum Phase {
    UNGREETED,
    NEGOTIATING,
    READY
  }

  private final Limits limits;
  private final Outbox outbox;
  private final Scanner scanner;
  private final ArrayDeque<Request> inBand = new ArrayDeque<>();
  private final ArrayDeque<Scanned> early = new ArrayDeque<>();
  private Phase phase = Phase.UNGREETED;
  private boolean oobOffered;
  private boolean oob;
  private int outOfBand;
  private long waiting;

  ServerSession(Limits limits, Outbox outbox) {
    this.limits = limits;
    this.outbox = outbox;
    this.scanner = new Scanner(Dialect.QEMU_INPUT, limits.clientMessage());
  }

  Phase phase() {
    return phase;
  }

  /** Greets, at the first call; later ones only tell what the upstream offers now. */
  void greet(Greeting greeting) {
    oobOffered = greeting.oob();
    oob &= oobOffered;
    if (phase == Phase.UNGREETED) {
      phase = Phase.NEGOTIATING;
      outbox.add(greeting.line());
    }
  }

  /** Whether another request may be taken: too many wait, or too much is unread, otherwise. */
  boolean wantsInput() {
    int requests = inBand.size() + outOfBand + early.size();
    return requests < limits.queued()
        && waiting < limits.clientMessage()
        && outbox.size() < limits.highWater();
  }

  /** About how many bytes of its input are held: commands that wait, and half a message. */
  long held() {
    return waiting + scanner.held();
  }

  /** Whether nothing that was asked is still to be answered. */
  boolean settled() {
    return inBand.isEmpty() && outOfBand == 0 && early.isEmpty();
  }

  /**
   * Takes bytes up to the end of a request that is not answered here.
   *
   * @return the request, to be answered once; null if the bytes ended or no more input is wanted
   */
  @Nullable Request next(ByteBuffer in) {
    while (true) {
      boolean kept = phase != Phase.UNGREETED && !early.isEmpty();
      if (!kept && !wantsInput()) {
        return null;
      }
      Scanned scanned = kept ? takeEarly() : scanner.next(in);
      if (scanned == null) {
        return null;
      }
      Request request = take(scanned);
      if (request != null) {
        return request;
      }
    }
  }

  private Scanned takeEarly() {
    Scanned scanned = early.remove();
    waiting -= size(scanned);
    return scanned;
  }

  private static int size(Scanned scanned) {
    return scanned instanceof Document document ? document.length() : 0;
  }

  private @Nullable Request take(Scanned scanned) {
    if (phase == Phase.UNGREETED) {
      if (scanned instanceof Document document && asksStatus(document)) {
        return handOut(CommandSyntax.command(document), document.length());
      }
      early.add(scanned);
      waiting += size(scanned);
      return null;
    }
    return switch (scanned) {
      case Malformed malformed -> {
        refuse(Refusal.generic(malformed.reason()), null, false);
        yield null;
      }
      case Document document -> take(document);
    };
  }

  private static boolean asksStatus(Document document) {
    return CommandSyntax.objection(document, false) == null
        && CommandSyntax.command(document).name().equals(STATUS);
  }

  private @Nullable Request take(Document document) {
    Refusal objection = CommandSyntax.objection(document, oob);
    if (objection != null) {
      boolean overtakes = oob && CommandSyntax.outOfBand(document);
      refuse(objection, CommandSyntax.id(document), overtakes);
      return null;
    }
    Command command = CommandSyntax.command(document);
    if (command.name().equals(NEGOTIATE)) {
      negotiate(command);
      return null;
    }
    if (phase == Phase.NEGOTIATING && !command.name().equals(STATUS)) {
      refuse(
          Refusal.notFound("Expecting capabilities negotiation with 'qmp_capabilities'"),
          command.id(),
          false);
      return null;
    }
    return handOut(command, document.length());
  }

  private Request handOut(Command command, int bytes) {
    Request request = new Request(command, bytes);
    waiting += bytes;
    if (command.oob()) {
      outOfBand++;
    } else {
      inBand.add(request);
    }
    return request;
  }

  private void negotiate(Command command) {
    if (command.oob()) {
      refuse(
          Refusal.generic("The command qmp_capabilities does not support OOB"), command.id(), true);
      return;
    }
    if (phase == Phase.READY) {
      refuse(
          Refusal.notFound("Capabilities negotiation is already complete, command ignored"),
          command.id(),
          false);
      return;
    }
    Negotiation negotiation = Negotiation.of(command.arguments(), oobOffered);
    if (negotiation.refusal() != null) {
      refuse(negotiation.refusal(), command.id(), false);
      return;
    }
    inPlace(Refusal.success("{}", command.id()));
    oob = negotiation.oob();
    phase = Phase.READY;
  }

  private void refuse(Refusal refusal, @Nullable String id, boolean overtakes) {
    if (overtakes) {
      outbox.add(refusal.line(id));
    } else {
      inPlace(refusal.line(id));
    }
  }

  /** Answers a request of this very moment, behind those that came before it. */
  private void inPlace(Line line) {
    if (inBand.isEmpty()) {
      outbox.add(line);
      return;
    }
    Request answered = new Request(new Command("", false, null, null), line.size());
    answered.answer(line);
    waiting += line.size();
    inBand.add(answered);
  }

  /** Answers a request that was handed out; the answer leaves as soon as its turn has come. */
  void answer(Request request, Line line) {
    if (request.command().oob()) {
      outOfBand--;
      waiting -= request.bytes();
      outbox.add(line);
      return;
    }
    request.answer(line);
    writeAnswers();
  }

  /**
   * Answers a request in band that was handed out, by what is written when its turn has come: at
   * once, or when those before it are answered.
   */
  void answerInTurn(Request request, Consumer<Outbox> writer) {
    request.answerInTurn(writer);
    writeAnswers();
  }

  private void writeAnswers() {
    Request head = inBand.peek();
    while (head != null && head.writeAnswer(outbox)) {
      inBand.remove();
      waiting -= head.bytes();
      head = inBand.peek();
    }
  }

  /** Passes an event on to a client that has negotiated. */
  void event(Line line) {
    if (phase == Phase.READY) {
      outbox.add(line);
    }
  }
}
