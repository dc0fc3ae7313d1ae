package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Commands that can't be sent, wait, are given up, or overtake: what is sent when, and to whom. */
@Timeout(120)
class CallsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration MOMENT = Duration.ofMillis(100);
  private static final QmpOptions OPTIONS =
      QmpOptions.DEFAULT.withConnectTimeout(MINUTE).withSchemaCache(SchemaCache.none());

  private FakeQemu fake;

  @BeforeEach
  void start() throws IOException {
    fake = FakeQemu.start();
  }

  @AfterEach
  void stop() throws IOException {
    fake.close();
  }

  private QmpClient connect(QmpOptions options) throws Exception {
    return QmpClient.connect(Address.unix(fake.path()), options);
  }

  private static <T extends Throwable> T failure(
      Class<T> type, CompletableFuture<JsonNode> future) {
    return assertInstanceOf(
        type,
        assertThrows(ExecutionException.class, () -> future.get(60, TimeUnit.SECONDS)).getCause());
  }

  @Test
  void numbersAreSentAsTheyAre() throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      BigInteger big = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
      client.execute("a", Map.of("v", List.of(big, 0.1, -1, Long.MIN_VALUE)));
      assertTrue(
          fake.received().get(1).contains("[18446744073709551615,0.1,-1,-9223372036854775808]"),
          fake.received()::toString);
    }
  }

  @Test
  void whatQemuCannotReadIsNotSent() throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      for (Object value : List.of(Double.NaN, Double.POSITIVE_INFINITY, "\ud800", "\uffff")) {
        assertThrows(IllegalArgumentException.class, () -> client.execute("a", Map.of("v", value)));
      }
      assertThrows(IllegalArgumentException.class, () -> client.execute("\ud800"));
      assertThrows(
          IllegalArgumentException.class,
          () -> client.execute("a", Map.of("v", "x".repeat(11 << 20))));
      assertThrows(
          IllegalArgumentException.class,
          () -> client.execute("a", JsonNodeFactory.instance.arrayNode()));
      client.execute("b", Map.of("größe", "☃\n\"\u0001", "n", Map.of("x", List.of(1, 2.5, true))));
      assertEquals(2, fake.received().size(), "the negotiation and b");
      String sent = fake.received().get(1);
      assertTrue(sent.chars().allMatch(c -> c >= 0x20 && c < 0x7f), sent);
    }
  }

  @Test
  void withoutOobNothingIsSentOutOfBandAndOneCommandAtATime() throws Exception {
    fake.greeting(FakeQemu.GREETING_WITHOUT_OOB);
    try (QmpClient client = connect(OPTIONS)) {
      assertFalse(client.offersOob());
      UnsupportedOperationException refused =
          assertThrows(
              UnsupportedOperationException.class, () -> client.executeOob("migrate-pause"));
      assertTrue(String.valueOf(refused.getMessage()).contains("migrate-pause"));
      fake.hold();
      var first = client.executeAsync("first");
      var second = client.executeAsync("second");
      fake.awaitReceived(2);
      fake.release();
      first.get(60, TimeUnit.SECONDS);
      second.get(60, TimeUnit.SECONDS);
      assertEquals(3, fake.received().size());
    }
  }

  @Test
  void outOfBandCommandsOvertakeSevenAndWhatWaits() throws Exception {
    fake.answers(request ->
        request.contains("exec-oob") || request.contains("qmp_capabilities") ? null : "");
    try (QmpClient client = connect(OPTIONS)) {
      List<CompletableFuture<JsonNode>> inBand = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        inBand.add(client.executeAsync("slow"));
      }
      fake.awaitReceived(8);
      client.executeOob("migrate-pause");
      assertTrue(fake.awaitReceived(9).contains("exec-oob"), fake.received()::toString);
      assertTrue(inBand.stream().noneMatch(CompletableFuture::isDone));
    }
  }

  @Test
  void aFullQueueIsToldAtOnce() throws Exception {
    fake.greeting(FakeQemu.GREETING_WITHOUT_OOB);
    try (QmpClient client = connect(OPTIONS.withQueueLimit(3))) {
      fake.hold();
      List<CompletableFuture<JsonNode>> fit = new ArrayList<>();
      fit.add(client.executeAsync("a"));
      fake.awaitReceived(2);
      for (int i = 0; i < 3; i++) {
        fit.add(client.executeAsync("a"));
      }
      failure(QueueFull.class, client.executeAsync("b"));
      assertThrows(QueueFull.class, () -> client.execute("b"));
      assertTrue(fit.get(2).cancel(false));
      fit.set(2, client.executeAsync("c"));
      fake.release();
      for (CompletableFuture<JsonNode> each : fit) {
        each.get(60, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void aCancelledCommandIsNotWaitedForAndItsAnswerIsDropped() throws Exception {
    fake.greeting(FakeQemu.GREETING_WITHOUT_OOB);
    try (QmpClient client = connect(OPTIONS)) {
      fake.hold();
      CompletableFuture<JsonNode> sent = client.executeAsync("sent");
      fake.awaitReceived(2);
      CompletableFuture<JsonNode> unsent = client.executeAsync("unsent");
      assertTrue(sent.cancel(false));
      assertTrue(unsent.cancel(false));
      assertThrows(CancellationException.class, sent::get);
      fake.release();
      client.execute("next");
      assertEquals(3, fake.received().size(), fake.received()::toString);
      assertTrue(fake.received().get(2).contains("\"id\":2"), fake.received()::toString);
    }
  }

  @Test
  void anInterruptEndsTheWaitAndNothingElse() throws Exception {
    try (QmpClient client = connect(OPTIONS)) {
      fake.hold();
      FutureTask<JsonNode> task = new FutureTask<>(() -> client.execute("held"));
      Thread thread = Thread.ofPlatform().start(task);
      fake.awaitReceived(2);
      thread.interrupt();
      assertInstanceOf(
          InterruptedException.class,
          assertThrows(ExecutionException.class, () -> task.get(60, TimeUnit.SECONDS)).getCause());
      fake.release();
      client.execute("next");
      Thread.currentThread().interrupt();
      assertThrows(InterruptedException.class, () -> client.execute("never"));
      assertEquals(3, fake.received().size());
    }
  }

  @Test
  void closingEndsWhatWaits() throws Exception {
    QmpClient client = connect(OPTIONS);
    fake.hold();
    FutureTask<JsonNode> task = new FutureTask<>(() -> client.execute("held"));
    Thread.ofPlatform().start(task);
    fake.awaitReceived(2);
    CompletableFuture<JsonNode> promised = client.executeAsync("held");
    client.close();
    client.close();
    assertInstanceOf(
        Disconnected.class,
        assertThrows(ExecutionException.class, () -> task.get(60, TimeUnit.SECONDS)).getCause());
    failure(Disconnected.class, promised);
    assertThrows(Disconnected.class, () -> client.execute("after"));
    assertThrows(Disconnected.class, client::schema);
    failure(Disconnected.class, client.executeAsync("after"));
    fake.awaitNobody();
  }

  @Test
  void qemuMayBeWhoConnects(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("s");
    String address = "unix:" + socket + ",server=on";
    FutureTask<JsonNode> task =
        new FutureTask<>(() -> {
          try (QmpClient client = QmpClient.connect(address, OPTIONS)) {
            return client.execute("query-status");
          }
        });
    Thread.ofPlatform().start(task);
    try (var qemu =
        RealQemu.start(
            "-chardev",
            "socket,id=c,reconnect=1,path=" + socket,
            "-mon",
            "chardev=c,mode=control")) {
      assertTrue(task.get(60, TimeUnit.SECONDS).has("status"));
      assertTrue(qemu.alive());
    }
    assertFalse(Files.exists(socket));
  }

  @Test
  void waitingForQemuToConnectEnds(@TempDir Path directory) {
    String address = "unix:" + directory.resolve("s") + ",server=on";
    Disconnected nobody =
        assertThrows(
            Disconnected.class,
            () -> QmpClient.connect(address, OPTIONS.withConnectTimeout(MOMENT)));
    assertTrue(
        nobody.getMessage().startsWith("nobody connected to " + address), nobody.getMessage());
  }
}
