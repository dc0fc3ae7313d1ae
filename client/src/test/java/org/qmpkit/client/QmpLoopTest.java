package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import tools.jackson.databind.JsonNode;

/** Threads: several clients on one loop, callbacks, and waiting where nobody may wait. */
@Timeout(120)
@SuppressWarnings("try") // closing early is what some of it is about
class QmpLoopTest {
  private static final QmpOptions OPTIONS =
      QmpOptions.DEFAULT
          .withConnectTimeout(Duration.ofMinutes(1))
          .withSchemaCache(SchemaCache.none());

  private static QmpClient connect(FakeQemu fake, QmpOptions options) throws Exception {
    return QmpClient.connect(Address.unix(fake.path()), options);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  @Test
  void clientsShareALoop() throws Exception {
    try (FakeQemu one = FakeQemu.start();
        FakeQemu two = FakeQemu.start();
        QmpLoop loop = QmpLoop.start()) {
      QmpOptions shared = OPTIONS.withLoop(loop);
      try (QmpClient first = connect(one, shared);
          QmpClient second = connect(two, shared)) {
        one.hold();
        CompletableFuture<JsonNode> held = first.executeAsync("a");
        assertTrue(second.execute("b").isObject());
        one.release();
        get(held);
        second.close();
        assertTrue(first.execute("c").isObject(), "a client that left takes nobody with it");
      }
      try (QmpClient again = connect(one, shared)) {
        assertTrue(again.execute("d").isObject(), "the loop outlives its clients");
      }
    }
  }

  @Test
  void aLoopThatIsClosedEndsItsClients() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        QmpLoop loop = QmpLoop.start();
        QmpClient client = connect(fake, OPTIONS.withLoop(loop))) {
      fake.hold();
      CompletableFuture<JsonNode> held = client.executeAsync("a");
      loop.close();
      assertInstanceOf(
          Disconnected.class, assertThrows(ExecutionException.class, () -> get(held)).getCause());
      assertThrows(Disconnected.class, () -> client.execute("b"));
      assertThrows(Disconnected.class, () -> connect(fake, OPTIONS.withLoop(loop)));
    }
  }

  @Test
  void aSlowCallbackHoldsUpNobody() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    try (FakeQemu fake = FakeQemu.start();
        QmpClient client = connect(fake, OPTIONS)) {
      fake.hold(); // or the answer may be there before the callback, which then runs here
      CompletableFuture<JsonNode> slow =
          client
              .executeAsync("a")
              .thenApply(value -> {
                try {
                  done.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return value;
              });
      fake.release();
      assertTrue(client.execute("b").isObject());
      get(client.executeAsync("c"));
      done.countDown();
      get(slow);
    }
  }

  @Test
  void aBlockingCallOnTheLoopFailsAtOnce() throws Exception {
    QmpOptions direct = OPTIONS.withCallbacks(Runnable::run);
    try (FakeQemu fake = FakeQemu.start();
        QmpClient client = connect(fake, direct);
        Subscription events = client.subscribe(EventFilter.all())) {
      fake.hold();
      // Held until the callbacks are there; else they would run on this thread, which may wait.
      CompletableFuture<JsonNode> blocking =
          client.executeAsync("a").thenApply(_ -> unchecked(() -> client.execute("b")));
      CompletableFuture<JsonNode> waiting =
          client
              .executeAsync("a")
              .thenApply(_ ->
                  unchecked(() -> {
                    events.next(QmpOptions.FOREVER);
                    return client.version();
                  }));
      CompletableFuture<JsonNode> chained =
          client.executeAsync("c").thenCompose(_ -> client.executeAsync("d"));
      fake.release();
      for (CompletableFuture<JsonNode> each : List.of(blocking, waiting)) {
        Throwable why = assertThrows(ExecutionException.class, () -> get(each)).getCause();
        assertTrue(
            String.valueOf(assertInstanceOf(IllegalStateException.class, why).getMessage())
                .contains("use executeAsync"));
      }
      assertTrue(get(chained).isObject());
    }
  }

  private interface Blocking {
    JsonNode call() throws QmpException, InterruptedException;
  }

  private static JsonNode unchecked(Blocking blocking) {
    try {
      return blocking.call();
    } catch (QmpException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aCallbackMayCloseItsClient() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        QmpClient client = connect(fake, OPTIONS.withCallbacks(Runnable::run))) {
      fake.hold();
      CompletableFuture<Void> closed = client.executeAsync("a").thenAccept(_ -> client.close());
      fake.release();
      get(closed);
      assertThrows(Disconnected.class, () -> client.execute("b"));
      fake.awaitNobody();
    }
  }

  @Test
  void anExecutorThatRefusesLosesNothing() throws Exception {
    ExecutorService shut = Executors.newSingleThreadExecutor();
    shut.shutdown();
    try (FakeQemu fake = FakeQemu.start();
        QmpClient client = connect(fake, OPTIONS.withCallbacks(shut))) {
      assertTrue(get(client.executeAsync("a")).isObject());
    }
  }

  @Test
  void itsThreadEndsWithItsClient() throws Exception {
    String name;
    try (FakeQemu fake = FakeQemu.start();
        QmpClient client = connect(fake, OPTIONS)) {
      name = "qmp " + client.address();
      assertEquals(1, threads(name).size());
    }
    for (Thread each : threads(name)) {
      assertTrue(each.join(Duration.ofMinutes(1)), name);
    }
  }

  private static List<Thread> threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(each -> each.getName().equals(name))
        .toList();
  }
}
