package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One monitor with its broker, driven as a route drives it: bytes in, bytes out, and a clock that
 * only the test moves. The test itself is QEMU, and every {@link Party}.
 */
final class SharedMonitor {
  static final String VERSION =
      "{\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"Debian\"}";
  static final String GREETING = greeting("\"oob\"");

  final Broker broker;
  final List<String> notes = new ArrayList<>();
  final List<Party> parties = new ArrayList<>();

  /** What came along with the bytes that QEMU has read. */
  final List<Attachment> carried = new ArrayList<>();

  private final ByteArrayOutputStream unread = new ByteArrayOutputStream();
  // Below zero, so that no sum of times may count on its sign.
  private long now = -Duration.ofSeconds(3).toNanos();
  private int attention;

  SharedMonitor() {
    this(Limits.DEFAULT);
  }

  SharedMonitor(Limits limits) {
    this(limits, new Backlog(64 << 20));
  }

  SharedMonitor(Limits limits, Backlog backlog) {
    this(limits, backlog, false);
  }

  SharedMonitor(Limits limits, Backlog backlog, boolean cleansUp) {
    broker =
        new Broker(
            limits,
            new Random(7),
            backlog,
            (severity, subject, text) -> notes.add(severity + " " + subject + " " + text),
            () -> attention++,
            cleansUp);
  }

  static String greeting(String capabilities) {
    return "{\"QMP\": {\"version\": " + VERSION + ", \"capabilities\": [" + capabilities + "]}}";
  }

  static String event(String name) {
    return "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"" + name + "\"}";
  }

  /** An event of about this many bytes. */
  static String event(String name, int bytes) {
    String event = event(name);
    return event.substring(0, event.length() - 1)
        + ", \"data\": {\"x\": \""
        + "y".repeat(bytes)
        + "\"}}";
  }

  // ---- time

  long now() {
    return now;
  }

  /** Lets time pass as a loop does: it wakes at deadlines, and at nothing else. */
  void pass(Duration time) {
    long end = now + time.toNanos();
    while (broker.deadline() <= end) {
      now = Math.max(now, broker.deadline());
      broker.tick(now);
      assertTrue(broker.deadline() > now, "a deadline that a tick leaves in the past is a spin");
    }
    now = end;
  }

  // ---- QEMU

  /** Connects to QEMU, which says nothing yet. */
  void connect() {
    broker.opened(now);
  }

  /** Connects, and QEMU greets and answers the fence. */
  SharedMonitor ready() {
    return ready(GREETING);
  }

  SharedMonitor ready(String greeting) {
    connect();
    qemu(greeting);
    answerFence();
    return this;
  }

  /** QEMU's answer to the fence that it is to read next. */
  void answerFence() {
    Sent fence = next();
    assertEquals("qmp_capabilities", fence.name());
    qemu("{\"return\": {}, \"id\": " + fence.id() + "}");
  }

  /** QEMU says this line. */
  void qemu(String line) {
    raw((line + "\r\n").getBytes(StandardCharsets.UTF_8));
  }

  /** QEMU sends these bytes. */
  void raw(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    broker.receivedUpstream(in, now);
    assertFalse(in.hasRemaining(), "whatever QEMU sends is taken");
  }

  /** QEMU answers with success. */
  void answer(Sent sent) {
    answer(sent, "{}");
  }

  void answer(Sent sent, String value) {
    qemu("{\"return\": " + value + ", \"id\": " + sent.id() + "}");
  }

  void fail(Sent sent, String desc) {
    qemu(
        "{\"id\": "
            + sent.id()
            + ", \"error\": {\"class\": \"GenericError\", \"desc\": \""
            + desc
            + "\"}}");
  }

  /** The far side reconnects behind our back: what it has read in part is forgotten. */
  void restart(String greeting) {
    unread.reset();
    qemu(greeting);
  }

  /** The connection to QEMU ends. */
  void lose(String reason) {
    broker.lost(reason, now);
    unread.reset();
  }

  /** What a command of ours looks like to QEMU. */
  record Sent(String line, String name, boolean oob, String id) {
    static Sent of(String line) {
      JsonNode json = Json.parse(line);
      JsonNode oob = json.get("exec-oob");
      return new Sent(
          line,
          (oob == null ? json.get("execute") : oob).stringValue(),
          oob != null,
          json.get("id").toString());
    }
  }

  /** QEMU reads all that it was sent. */
  List<Sent> sent() {
    read(Integer.MAX_VALUE);
    List<Sent> sent = new ArrayList<>();
    byte[] bytes = unread.toByteArray();
    // What brings QEMU's parser back to a message's start.
    int from = bytes.length > 0 && bytes[0] == (byte) 0xff ? 1 : 0;
    for (String line : Json.lines(Arrays.copyOfRange(bytes, from, bytes.length))) {
      sent.add(Sent.of(line));
    }
    unread.reset();
    return sent;
  }

  /** QEMU reads the one command that it was sent. */
  Sent next() {
    List<Sent> sent = sent();
    assertEquals(1, sent.size(), () -> "QEMU was to be sent one command: " + sent);
    return sent.getFirst();
  }

  List<String> sentNames() {
    return sent().stream().map(Sent::name).toList();
  }

  /** The connection takes this many bytes of what QEMU is to read. */
  void read(int most) {
    Outbox outbox = broker.upstream();
    int left = outbox == null ? 0 : (int) Math.min(most, outbox.size());
    while (outbox != null && left > 0) {
      Attachment along = outbox.attachment();
      if (along != null) {
        carried.add(along);
      }
      ByteBuffer into = ByteBuffer.allocate(left);
      outbox.peek(into);
      assertTrue(into.position() > 0, "an outbox gives bytes while it says it has some");
      unread.write(into.array(), 0, into.position());
      broker.wroteUpstream(into.position(), now);
      left -= into.position();
    }
  }

  // ---- clients

  Party join() {
    return join("client " + (parties.size() + 1));
  }

  Party join(String name) {
    Party party = new Party(broker.join(name, now));
    parties.add(party);
    return party;
  }

  /** A client that samples QEMU's disks, and has said nothing yet. */
  Party joinForStatistics() {
    Party party = new Party(broker.joinForStatistics("client " + (parties.size() + 1), now));
    parties.add(party);
    return party;
  }

  /** A client that has negotiated, with all of that read. */
  Party joinReady() {
    return joinReady("");
  }

  Party joinReady(String capabilities) {
    Party party = join();
    party.send(
        "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[" + capabilities + "]}}");
    assertEquals("{\"return\": {}}", party.lines().getLast());
    return party;
  }

  /** Which clients the broker wants to be looked at. */
  List<String> changed() {
    List<String> names = new ArrayList<>();
    for (Client each = broker.changed(); each != null; each = broker.changed()) {
      names.add(each.name());
    }
    return names;
  }

  /** How often the broker asked for attention by itself. */
  int attention() {
    return attention;
  }

  /** The status, as a tool reads it. */
  JsonNode status() {
    return Json.parse(broker.gauges().status(now));
  }

  private static byte[] bytes(Outbox outbox, int most) {
    ByteBuffer into = ByteBuffer.allocate((int) Math.min(most, outbox.size()));
    outbox.peek(into);
    assertFalse(into.hasRemaining(), "an outbox gives as many bytes as it says it has");
    return into.array();
  }

  /** One client and what its end of the connection does. */
  final class Party {
    final Client client;
    private final ByteArrayOutputStream got = new ByteArrayOutputStream();

    private Party(Client client) {
      this.client = client;
    }

    void send(String text) {
      send(text.getBytes(StandardCharsets.UTF_8));
    }

    void send(byte[] bytes) {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      broker.received(client, in, now);
      assertFalse(in.hasRemaining(), "whatever was read is taken");
    }

    /** Sends as much of the bytes as is wanted, in pieces of this size; tells how much that was. */
    int offer(byte[] bytes, int piece) {
      int at = 0;
      while (at < bytes.length && client.wantsInput()) {
        int count = Math.min(piece, bytes.length - at);
        broker.received(client, ByteBuffer.wrap(bytes, at, count), now);
        at += count;
      }
      return at;
    }

    void execute(String command) {
      send("{\"execute\":\"" + command + "\"}");
    }

    void execute(String command, int id) {
      send("{\"execute\":\"" + command + "\",\"id\":" + id + "}");
    }

    void executeOob(String command, int id) {
      send("{\"exec-oob\":\"" + command + "\",\"id\":" + id + "}");
    }

    /** Reads this many bytes and keeps them for {@link #lines}. */
    void read(int most) {
      byte[] bytes = bytes(client.outbox(), most);
      got.writeBytes(bytes);
      broker.wrote(client, bytes.length, now);
    }

    /** Reads all there is, and checks that each message is one line of ASCII JSON. */
    List<String> lines() {
      read(Integer.MAX_VALUE);
      List<String> lines = Json.lines(got.toByteArray());
      got.reset();
      return lines;
    }

    /** Reads the one line there is. */
    String line() {
      List<String> lines = lines();
      assertEquals(1, lines.size(), () -> "there was to be one line: " + lines);
      return lines.getFirst();
    }

    /** What of each line is left after all but its id, its error class or its event. */
    List<String> gist() {
      return lines().stream().map(Json::gist).toList();
    }

    void endInput() {
      broker.inputEnded(client, now);
    }

    void leave() {
      broker.left(client, now);
    }

    /** That the broker wants the connection closed, and why if it was cut. */
    @Nullable String finished() {
      assertTrue(client.finished(), "the client is to be closed");
      return client.cutReason();
    }

    void assertCut(String reason) {
      String cut = finished();
      assertNotNull(cut, "the client was to be cut");
      assertTrue(cut.contains(reason), cut);
    }
  }
}
