package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** Commands on a real QEMU, and what becomes of them when it stops, dies or is taken. */
@Timeout(120)
class RealQemuTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private RealQemu qemu;

  @BeforeEach
  void start() throws IOException {
    qemu = RealQemu.start();
  }

  @AfterEach
  void stop() {
    qemu.close();
  }

  private QmpClient connect() throws Exception {
    return connect(QmpOptions.DEFAULT.withConnectTimeout(MINUTE));
  }

  private QmpClient connect(QmpOptions options) throws Exception {
    return QmpClient.connect(
        Address.unix(qemu.path()), options.withSchemaCache(SchemaCache.none()));
  }

  @Test
  void aCommandReturnsItsValue() throws Exception {
    try (QmpClient client = connect()) {
      assertEquals("prelaunch", client.execute("query-status").get("status").asString());
      assertEquals(RealQemu.version(), client.release());
      assertEquals(
          client.version(), client.execute("query-version"), "what it greeted with, it says");
    }
  }

  @Test
  void argumentsArrive() throws Exception {
    try (QmpClient client = connect()) {
      client.execute(
          "object-add", Map.of("qom-type", "memory-backend-ram", "id", "ram", "size", 4096));
      JsonNode size = client.execute("qom-get", Map.of("path", "/objects/ram", "property", "size"));
      assertEquals(4096, size.asInt());
    }
  }

  @Test
  void anErrorNamesCommandAddressAndReason() throws Exception {
    try (QmpClient client = connect()) {
      CommandFailed failed =
          assertThrows(
              CommandFailed.class, () -> client.execute("device_del", Map.of("id", "nobody")));
      assertEquals("DeviceNotFound", failed.errorClass());
      assertEquals("device_del", failed.command());
      assertEquals(
          "cannot execute 'device_del' at unix:"
              + qemu.path()
              + ": DeviceNotFound: "
              + failed.desc(),
          failed.getMessage());
      assertTrue(failed.refusal().isEmpty());
      assertEquals(
          "CommandNotFound",
          assertThrows(CommandFailed.class, () -> client.execute("no-such-thing")).errorClass());
    }
  }

  @Test
  void sixteenThreadsWithTwoHundredCommandsEachGetTheirOwnAnswers() throws Exception {
    QmpOptions roomy = QmpOptions.DEFAULT.withConnectTimeout(MINUTE).withQueueLimit(16 * 200);
    try (QmpClient client = connect(roomy);
        ExecutorService threads = Executors.newFixedThreadPool(16)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int thread = 0; thread < 16; thread++) {
        int number = thread;
        workers.add(
            threads.submit(() -> {
              List<CompletableFuture<JsonNode>> answers = new ArrayList<>();
              for (int i = 0; i < 200; i++) {
                answers.add(client.executeAsync(name(number, i)));
              }
              for (int i = 0; i < 200; i++) {
                CompletableFuture<JsonNode> answer = answers.get(i);
                Throwable why =
                    assertThrows(ExecutionException.class, () -> answer.get(90, TimeUnit.SECONDS))
                        .getCause();
                assertEquals(
                    "The command " + name(number, i) + " has not been found",
                    assertInstanceOf(CommandFailed.class, why).desc());
              }
              return null;
            }));
      }
      for (Future<?> worker : workers) {
        worker.get(90, TimeUnit.SECONDS);
      }
    }
  }

  /** QEMU repeats it in its answer, so the answer tells whose it is. */
  private static String name(int thread, int i) {
    return "x-" + thread + "-" + i;
  }

  @Test
  void blockingCallsOfManyThreadsGetTheirOwnAnswers() throws Exception {
    try (QmpClient client = connect();
        ExecutorService threads = Executors.newCachedThreadPool();
        ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> workers = new ArrayList<>();
      for (int thread = 0; thread < 12; thread++) {
        int number = thread;
        ExecutorService on = thread % 3 == 0 ? virtual : threads;
        workers.add(
            on.submit(() -> {
              for (int i = 0; i < 100; i++) {
                String name = name(number, i);
                CommandFailed failed =
                    assertThrows(CommandFailed.class, () -> client.execute(name));
                assertEquals("The command " + name + " has not been found", failed.desc());
              }
              return null;
            }));
      }
      for (Future<?> worker : workers) {
        worker.get(90, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void outOfBandCommandsRun() throws Exception {
    try (QmpClient client = connect()) {
      assertTrue(client.offersOob());
      assertTrue(client.executeOob("query-yank").isArray());
      assertThrows(CommandFailed.class, () -> client.executeOob("query-status"));
    }
  }

  @Test
  void aStoppedQemuTimesOutAndItsLateAnswersAreDropped() throws Exception {
    try (QmpClient client = connect()) {
      client.execute("query-status");
      qemu.pause();
      Duration short10 = Duration.ofMillis(10);
      // On a busy machine the time may be up before a command is sent.
      for (int sent = 0; sent < 7; ) {
        TimedOut timedOut =
            assertThrows(
                TimedOut.class,
                () -> client.execute(QmpCommand.of("query-version").within(short10)));
        sent += timedOut.outcomeUnknown() ? 1 : 0;
      }
      TimedOut unsent =
          assertThrows(TimedOut.class, () -> client.execute(QmpCommand.of("stop").within(short10)));
      assertFalse(unsent.outcomeUnknown(), unsent.getMessage());
      CompletableFuture<JsonNode> promised =
          client.executeAsync(QmpCommand.of("stop").within(short10));
      assertInstanceOf(
          TimedOut.class,
          assertThrows(ExecutionException.class, () -> promised.get(60, TimeUnit.SECONDS))
              .getCause());
      qemu.resume();
      assertTrue(
          client.execute(QmpCommand.of("query-status").within(MINUTE)).has("status"),
          "its own answer, not one of those that came too late");
    }
  }

  @Test
  void aQemuThatIsStoppedBeforeItGreetsTimesOut() {
    qemu.pause();
    TimedOut timedOut =
        assertThrows(
            TimedOut.class,
            () -> connect(QmpOptions.DEFAULT.withConnectTimeout(Duration.ofSeconds(2))));
    assertTrue(timedOut.getMessage().contains("not greeted within 2 s"), timedOut.getMessage());
    assertFalse(timedOut.outcomeUnknown());
  }

  @Test
  void aTakenMonitorSaysWhoHasItAndHowToShareIt() throws Exception {
    try (QmpClient first = connect()) {
      TimedOut timedOut =
          assertThrows(
              TimedOut.class,
              () -> connect(QmpOptions.DEFAULT.withConnectTimeout(Duration.ofSeconds(2))));
      assertTrue(
          timedOut.getMessage().contains("another client probably holds the monitor")
              && timedOut
                  .getMessage()
                  .contains(
                      "qmp helper --listen unix:/tmp/shared.qmp --connect unix:" + qemu.path()),
          timedOut.getMessage());
      first.execute("query-status");
    }
    try (QmpClient next = connect()) {
      next.execute("query-status");
    }
  }

  @Test
  void aKilledQemuEndsEveryCallAtOnce() throws Exception {
    try (QmpClient client = connect();
        Subscription events = client.subscribe(EventFilter.all());
        ExecutorService threads = Executors.newCachedThreadPool()) {
      qemu.pause();
      CompletableFuture<JsonNode> promised = client.executeAsync("stop");
      Future<?> blocked = threads.submit(() -> client.execute("query-status"));
      Future<?> waiting = threads.submit(() -> events.next(QmpOptions.FOREVER));
      qemu.kill();
      for (Future<?> each : List.of(promised, blocked, waiting)) {
        Throwable why =
            assertThrows(ExecutionException.class, () -> each.get(60, TimeUnit.SECONDS)).getCause();
        assertInstanceOf(Disconnected.class, why);
      }
      Disconnected after = assertThrows(Disconnected.class, () -> client.execute("query-status"));
      assertFalse(after.outcomeUnknown());
      assertEquals(
          "cannot execute 'query-status' at unix:"
              + qemu.path()
              + ": QEMU ended the connection; connect again",
          after.getMessage());
    }
  }

  @Test
  void quitIsAnsweredBeforeTheConnectionEnds() throws Exception {
    try (QmpClient client = connect();
        Subscription events = client.subscribe(EventFilter.of("SHUTDOWN"))) {
      assertTrue(client.execute("quit").isEmpty());
      assertEquals(
          "host-qmp-quit", events.next(MINUTE).orElseThrow().data().get("reason").asString());
      qemu.awaitExit();
      assertThrows(Disconnected.class, () -> events.next(MINUTE));
    }
  }

  @Test
  void nobodyThereIsADisconnection() {
    qemu.kill();
    Disconnected nobody = assertThrows(Disconnected.class, this::connect);
    assertTrue(
        nobody.getMessage().startsWith("cannot connect to unix:" + qemu.path() + ": "),
        nobody.getMessage());
  }

  @Test
  void eventsComeInOrderWithTimeAndData() throws Exception {
    try (QmpClient client = connect();
        Subscription all = client.subscribe(EventFilter.all());
        Subscription stops = client.subscribe(EventFilter.of("STOP"))) {
      client.execute("cont");
      client.execute("stop");
      assertEquals("RESUME", all.next(MINUTE).orElseThrow().name());
      Event stop = all.next(MINUTE).orElseThrow();
      assertEquals("STOP", stop.name());
      assertTrue(stop.data().isEmpty());
      assertTrue(stop.time() != null && stop.time().isAfter(Instant.ofEpochSecond(1)));
      assertEquals(stop, stops.next(MINUTE).orElseThrow());
      assertTrue(stops.next(Duration.ZERO).isEmpty());
    }
  }
}
