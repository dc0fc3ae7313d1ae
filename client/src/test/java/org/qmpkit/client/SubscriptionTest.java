package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.Fault;

/** Events that come too fast, too big, in the wrong shape, or to nobody. */
@Timeout(120)
@SuppressWarnings("try") // closing early is what some of it is about
class SubscriptionTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private FakeQemu fake;
  private QmpClient client;

  @BeforeEach
  void start() throws Exception {
    fake = FakeQemu.start();
    client =
        QmpClient.connect(Address.unix(fake.path()), QmpOptions.DEFAULT.withConnectTimeout(MINUTE));
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    fake.close();
  }

  /** An answer comes after the events that were sent before it. */
  private void heardAll() throws Exception {
    client.execute("sync");
  }

  private static String event(String name, String rest) {
    return "{\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 7}, \"event\": \""
        + name
        + "\""
        + rest
        + "}\r\n";
  }

  @Test
  void whatIsTooMuchCostsTheOldestAndIsTold() throws Exception {
    try (Subscription few = client.subscribe(EventFilter.all().withCapacity(3))) {
      for (int i = 1; i <= 5; i++) {
        fake.event("E" + i);
      }
      heardAll();
      Event first = few.next(MINUTE).orElseThrow();
      assertEquals("E3", first.name());
      assertEquals(2, first.lost());
      assertEquals(2, few.dropped());
      assertEquals(0, few.next(MINUTE).orElseThrow().lost());
      fake.event("E6");
      assertEquals("E5", few.next(MINUTE).orElseThrow().name());
      assertEquals("E6", few.next(MINUTE).orElseThrow().name());
      assertEquals(2, few.dropped());
    }
  }

  @Test
  void aStormStallsNobody() throws Exception {
    try (Subscription unread = client.subscribe(EventFilter.all().withCapacity(10));
        Subscription other = client.subscribe(EventFilter.of("OTHER"))) {
      fake.now(Fault.EVENT_STORM);
      client.execute("a");
      heardAll();
      assertEquals(2000 - 10, unread.dropped());
      assertEquals(2000 - 10, unread.next(MINUTE).orElseThrow().lost());
      assertTrue(other.next(Duration.ZERO).isEmpty());
      assertEquals(0, other.dropped());
    }
  }

  @Test
  void bigEventsAreHeldUpToSoManyBytes() throws Exception {
    try (Subscription all = client.subscribe(EventFilter.all())) {
      for (int i = 1; i <= 5; i++) {
        fake.send(event("E" + i, ", \"data\": {\"x\": \"" + "x".repeat(5 << 20) + "\"}"));
      }
      heardAll();
      Event first = all.next(MINUTE).orElseThrow();
      assertEquals("E3", first.name(), "three of 5 MiB fit into 16");
      assertEquals(2, first.lost());
    }
  }

  @Test
  void severalReadersShareASubscription() throws Exception {
    try (Subscription all = client.subscribe(EventFilter.all())) {
      List<FutureTask<Optional<Event>>> readers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        FutureTask<Optional<Event>> reader = new FutureTask<>(() -> all.next(MINUTE));
        Thread.ofVirtual().start(reader);
        readers.add(reader);
      }
      for (int i = 0; i < 4; i++) {
        fake.event("E" + i);
      }
      List<String> names = new ArrayList<>();
      for (FutureTask<Optional<Event>> reader : readers) {
        names.add(reader.get(60, TimeUnit.SECONDS).orElseThrow().name());
      }
      names.sort(null);
      assertEquals(List.of("E0", "E1", "E2", "E3"), names);
    }
  }

  @Test
  void closingEndsWhoWaitsAndTheIteration() throws Exception {
    Subscription all = client.subscribe(EventFilter.all());
    FutureTask<List<String>> reader =
        new FutureTask<>(() -> {
          List<String> names = new ArrayList<>();
          for (Event each : all) {
            names.add(each.name());
            if (each.name().equals("LAST")) {
              all.close();
            }
          }
          return names;
        });
    FutureTask<Optional<Event>> waiting;
    try (Subscription none = client.subscribe(EventFilter.of("NONE"))) {
      waiting = new FutureTask<>(() -> none.next(QmpOptions.FOREVER));
      Thread.ofPlatform().start(waiting);
      Thread.ofPlatform().start(reader);
      fake.event("FIRST");
      fake.event("LAST");
      assertEquals(List.of("FIRST", "LAST"), reader.get(60, TimeUnit.SECONDS));
    }
    assertTrue(waiting.get(60, TimeUnit.SECONDS).isEmpty());
    assertTrue(all.next(MINUTE).isEmpty());
    fake.event("LATER");
    heardAll();
    assertTrue(all.next(Duration.ZERO).isEmpty());
  }

  @Test
  void whatCameBeforeTheEndIsStillTaken() throws Exception {
    try (Subscription all = client.subscribe(EventFilter.all())) {
      fake.event("BEFORE");
      heardAll();
      fake.hangUp();
      assertEquals("BEFORE", all.next(MINUTE).orElseThrow().name());
      assertThrows(Disconnected.class, () -> all.next(MINUTE));
      UncheckedIOException end =
          assertThrows(UncheckedIOException.class, () -> all.iterator().hasNext());
      assertInstanceOf(Disconnected.class, end.getCause());
    }
    try (Subscription late = client.subscribe(EventFilter.all())) {
      assertThrows(Disconnected.class, () -> late.next(MINUTE));
    }
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    try (Subscription all = client.subscribe(EventFilter.all())) {
      FutureTask<Optional<Event>> reader = new FutureTask<>(() -> all.next(QmpOptions.FOREVER));
      Thread thread = Thread.ofPlatform().start(reader);
      thread.interrupt();
      assertInstanceOf(
          InterruptedException.class,
          assertThrows(ExecutionException.class, () -> reader.get(60, TimeUnit.SECONDS))
              .getCause());
      fake.event("AFTER");
      assertEquals("AFTER", all.next(MINUTE).orElseThrow().name());
    }
  }

  @Test
  void timesAndDataOfAnyShape() throws Exception {
    try (Subscription all = client.subscribe(EventFilter.all())) {
      fake.send(event("A\\u0042", ", \"data\": {\"x\": 1}"));
      fake.send(
          "{\"event\": \"NO_TIME\", \"timestamp\": {\"seconds\": -1, \"microseconds\": -1}}\r\n");
      fake.send(
          "{\"event\": \"ODD\", \"timestamp\": {\"seconds\": 9223372036854775807, \"microseconds\":"
              + " 0}}\r\n");
      fake.send("{\"event\": \"NONE\", \"timestamp\": {\"seconds\": \"now\"}}\r\n");
      fake.send(event("BAD", ", \"data\": {\"x\": 1e400}"));
      fake.send(event("GOOD", ""));
      Event first = all.next(MINUTE).orElseThrow();
      assertEquals("AB", first.name());
      assertEquals(1, first.data().get("x").asInt());
      assertEquals(Instant.ofEpochSecond(1700000000, 7000), first.time());
      for (String name : List.of("NO_TIME", "ODD", "NONE")) {
        Event odd = all.next(MINUTE).orElseThrow();
        assertEquals(name, odd.name());
        assertNull(odd.time());
      }
      assertThrows(ProtocolViolation.class, () -> all.next(MINUTE));
      Event good = all.next(MINUTE).orElseThrow();
      assertEquals("GOOD", good.name());
      assertEquals(1, good.lost());
      assertFalse(good.data().iterator().hasNext());
    }
  }

  @Test
  void aFilterIsChecked() {
    assertThrows(IllegalArgumentException.class, () -> EventFilter.all().withCapacity(0));
    assertThrows(IllegalArgumentException.class, EventFilter::of);
  }
}
