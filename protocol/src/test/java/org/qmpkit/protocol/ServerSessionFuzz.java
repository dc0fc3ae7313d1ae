package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message.Greeting;

/** Any bytes from a client, into QEMU's part of the conversation. */
final class ServerSessionFuzz {
  private static final Limits LIMITS =
      new Limits(
          500,
          500,
          4,
          1000,
          2000,
          Duration.ofSeconds(10),
          32,
          Duration.ofSeconds(5),
          0,
          Deadlines.NONE,
          100,
          2000);

  private static final Greeting GREETING = greeting();

  private final ArrayDeque<Request> asked = new ArrayDeque<>();
  private final List<String> lines = new ArrayList<>();

  @FuzzTest
  void converse(byte[] bytes) {
    asked.clear();
    lines.clear();
    Outbox outbox = new Outbox(new Backlog(1 << 30));
    ServerSession session = new ServerSession(LIMITS, outbox);
    // The first byte says when the greeting comes, how the bytes are cut, and how fast QEMU is.
    int mode = bytes.length == 0 ? 0 : bytes[0] & 0xff;
    int piece = 1 + mode % 50;
    int greetAt = mode % 3 == 0 ? 1 : mode % 100;
    boolean lazy = mode % 2 == 0;
    for (int at = Math.min(1, bytes.length); at < bytes.length; at += piece) {
      if (at >= greetAt) {
        session.greet(GREETING);
      }
      ByteBuffer in = ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at));
      take(session, in);
      while (in.hasRemaining()) {
        relieve(session, outbox);
        take(session, in);
      }
      if (!lazy) {
        relieve(session, outbox);
      }
      assertTrue(outbox.size() < 10_000, "what waits is bounded");
      assertTrue(asked.size() <= LIMITS.queued());
    }
    session.greet(GREETING);
    do {
      relieve(session, outbox);
      take(session, ByteBuffer.allocate(0));
    } while (!session.settled() || !outbox.isEmpty());
    judge(session, bytes);
  }

  private static Greeting greeting() {
    Document document = Scanner.document(SharedMonitor.GREETING, Dialect.QEMU_OUTPUT);
    return Message.fromQemu(document) instanceof Greeting greeting
        ? greeting
        : org.junit.jupiter.api.Assertions.fail("no greeting");
  }

  private void take(ServerSession session, ByteBuffer in) {
    for (Request each = session.next(in); each != null; each = session.next(in)) {
      asked.add(each);
    }
  }

  /** QEMU answers the oldest, the client reads all, and who waits for the greeting gets it. */
  private void relieve(ServerSession session, Outbox outbox) {
    if (session.phase() == ServerSession.Phase.UNGREETED) {
      session.greet(GREETING);
      take(session, ByteBuffer.allocate(0));
    }
    Request oldest = asked.poll();
    if (oldest != null) {
      session.answer(oldest, Refusal.success("{}", oldest.command().id()));
    }
    if (!outbox.isEmpty()) {
      ByteBuffer out = ByteBuffer.allocate((int) outbox.size());
      outbox.peek(out);
      outbox.remove(out.position());
      lines.addAll(Json.lines(out.array()));
    }
  }

  /** One greeting, and one answer for each message, an error for each that is none. */
  private void judge(ServerSession session, byte[] bytes) {
    assertTrue(asked.isEmpty());
    ByteBuffer in = ByteBuffer.wrap(bytes);
    in.position(Math.min(1, bytes.length));
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, LIMITS.clientMessage());
    int messages = 0;
    int malformed = 0;
    for (Scanned each = scanner.next(in); each != null; each = scanner.next(in)) {
      messages++;
      malformed += each instanceof Malformed ? 1 : 0;
    }
    assertEquals(1, lines.stream().filter(each -> each.startsWith("{\"QMP\"")).count());
    assertEquals(messages + 1, lines.size());
    long errors = lines.stream().filter(each -> each.contains("\"error\": {\"class\"")).count();
    assertTrue(errors >= malformed);
    boolean negotiated = session.phase() == ServerSession.Phase.READY;
    @Nullable String text = negotiated ? Ascii.text(bytes, 0, bytes.length) : null;
    assertTrue(text == null || text.contains("ecut") || text.contains("\\u"), "who negotiated?");
  }
}
