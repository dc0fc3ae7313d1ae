package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.qmpkit.protocol.Journal.Severity;

/**
 * A long day of one broker, made from a seed: clients that ask, QEMU that answers, and everything
 * that can go wrong between them. It keeps account of what was asked and judges what is answered.
 */
final class History {
  /** What came of it all. */
  static final class Tally {
    long asked;
    long replies;
    long errors;
    long closed;
    long bled;
    long lost;
    long restarts;
    long left;

    void add(Tally other) {
      asked += other.asked;
      replies += other.replies;
      errors += other.errors;
      closed += other.closed;
      bled += other.bled;
      lost += other.lost;
      restarts += other.restarts;
      left += other.left;
    }

    @Override
    public String toString() {
      return asked
          + " commands: "
          + replies
          + " replies, "
          + errors
          + " errors, "
          + closed
          + " closed; "
          + bled
          + " foreign answers, QEMU lost "
          + lost
          + " times and restarted "
          + restarts
          + " times, "
          + left
          + " clients left";
    }
  }

  private static final int CLIENTS = 64;
  private static final byte[] GREETING = bytes(SharedMonitor.GREETING + "\r\n");

  private final SplittableRandom random;
  private final Broker broker;
  private final Tally tally = new Tally();
  private final List<HistoryClient> clients = new ArrayList<>();
  private final Map<Client, HistoryClient> byClient = new HashMap<>();
  private final HistoryQemu qemu;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
  private long now;
  private long nonces;
  private boolean connected;

  History(long seed) {
    random = new SplittableRandom(seed);
    qemu = new HistoryQemu(random);
    broker =
        new Broker(
            Limits.DEFAULT,
            random,
            new Backlog(64 << 20),
            (severity, subject, text) -> assertTrue(severity != Severity.ERROR, text),
            () -> {});
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  Tally tally() {
    return tally;
  }

  void run(int commands) {
    // How eventful the day is; some are calm.
    int rough = 50 + random.nextInt(1000);
    while (tally.asked < commands) {
      step(rough);
      now += random.nextInt(200_000);
    }
    finish();
  }

  private void step(int rough) {
    int dice = random.nextInt(rough);
    switch (dice) {
      case 0 -> cutQemu();
      case 1 -> restartQemu();
      case 2, 3, 4 -> leave();
      case 5 -> halfClose();
      default -> {}
    }
    if (random.nextInt(8) == 0) {
      bleed();
    }
    if (clients.size() < CLIENTS) {
      join();
    }
    connect();
    ask(clients.get(random.nextInt(clients.size())));
    ask(clients.get(random.nextInt(clients.size())));
    for (int i = random.nextInt(4); i > 0; i--) {
      readUpstream();
      answer(random.nextInt(9));
    }
    deliver();
  }

  /** Everything settles: then nothing may be left unanswered. */
  private void finish() {
    connect();
    for (int round = 0; broker.quiet() ? round < 2 : true; round++) {
      assertTrue(round < 1000, "it comes to rest");
      readUpstream();
      answer(Integer.MAX_VALUE);
      deliver();
    }
    for (HistoryClient each : clients) {
      assertEquals(0, each.waiting(), () -> each.client().name() + " waits for ever");
    }
    assertEquals(tally.asked, tally.replies + tally.errors + tally.closed, tally::toString);
  }

  // ---- clients

  private void join() {
    HistoryClient client =
        new HistoryClient(broker.join("client " + tally.left, now), tally, random.nextBoolean());
    clients.add(client);
    byClient.put(client.client(), client);
    received(client, client.negotiation());
  }

  private void received(HistoryClient client, byte[] bytes) {
    broker.received(client.client(), ByteBuffer.wrap(bytes), now);
  }

  private void ask(HistoryClient client) {
    int count = Math.min(1 + random.nextInt(6), 48 - client.waiting());
    if (count <= 0 || !client.talks()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      client.ask(++nonces, random.nextInt(16) == 0, text);
    }
    byte[] bytes = bytes(text.toString());
    // Cut anywhere: the rest comes with the same breath or never.
    int cut = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : 0;
    broker.received(client.client(), ByteBuffer.wrap(bytes, 0, cut), now);
    broker.received(client.client(), ByteBuffer.wrap(bytes, cut, bytes.length - cut), now);
  }

  private void leave() {
    if (!clients.isEmpty()) {
      gone(clients.get(random.nextInt(clients.size())));
    }
  }

  private void gone(HistoryClient client) {
    broker.left(client.client(), now);
    clients.remove(client);
    byClient.remove(client.client());
    tally.closed += client.waiting();
    tally.left++;
  }

  private void halfClose() {
    if (!clients.isEmpty()) {
      HistoryClient client = clients.get(random.nextInt(clients.size()));
      client.endInput();
      broker.inputEnded(client.client(), now);
    }
  }

  /** Everybody reads what there is; who is to be closed is. */
  private void deliver() {
    for (Client each = broker.changed(); each != null; each = broker.changed()) {
      HistoryClient client = byClient.get(each);
      if (client != null) {
        deliver(client);
      }
    }
  }

  private void deliver(HistoryClient client) {
    Outbox outbox = client.client().outbox();
    while (!outbox.isEmpty()) {
      outbox.peek(buffer.clear());
      int count = buffer.flip().remaining();
      client.hear(buffer);
      broker.wrote(client.client(), count, now);
    }
    if (client.client().finished()) {
      assertNull(client.client().cutReason());
      if (client.ended()) {
        assertEquals(0, client.waiting(), "a half-closed client is answered before its end");
      }
      gone(client);
    }
  }

  // ---- QEMU

  private void connect() {
    if (!connected) {
      connected = true;
      broker.opened(now);
      qemu.forget();
      say(GREETING);
      bleed();
    }
  }

  private void say(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int cut = random.nextInt(8) == 0 ? random.nextInt(bytes.length) : 0;
    broker.receivedUpstream(in.limit(cut), now);
    broker.receivedUpstream(in.limit(bytes.length), now);
    assertTrue(broker.broken() == null, () -> "the session broke: " + broker.broken());
  }

  private void readUpstream() {
    Outbox outbox = broker.upstream();
    while (outbox != null && !outbox.isEmpty()) {
      outbox.peek(buffer.clear());
      int count = buffer.flip().remaining();
      qemu.read(buffer);
      broker.wroteUpstream(count, now);
    }
  }

  private void answer(int most) {
    byte[] fence = qemu.fence();
    if (fence.length > 0) {
      say(fence);
      readUpstream();
    }
    byte[] answers = qemu.answers(most);
    if (answers.length > 0) {
      say(answers);
    }
  }

  /** What comes of former sessions, twice, or for nobody. Only if a greeting came before. */
  private void bleed() {
    if (connected) {
      for (int i = random.nextInt(6); i > 0; i--) {
        tally.bled++;
        say(qemu.foreignAnswer());
      }
    }
  }

  private void cutQemu() {
    if (connected) {
      connected = false;
      tally.lost++;
      broker.lost("the seed wanted it", now);
      deliver();
    }
  }

  private void restartQemu() {
    if (connected) {
      tally.restarts++;
      qemu.forget();
      say(GREETING);
    }
  }
}
