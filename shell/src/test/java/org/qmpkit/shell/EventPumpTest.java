package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.Event;
import org.qmpkit.client.EventFilter;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.Subscription;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;

/** Events of a real QEMU on their way to the screen. */
@Timeout(120)
final class EventPumpTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private final List<Event> shown = Collections.synchronizedList(new ArrayList<>());
  private final EventLog log = new EventLog();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final EventPump pump = new EventPump(log, shown::addAll, (_, _) -> ended.countDown());

  /** One event each: STOP and RESUME in turn. */
  private static void cause(QmpClient client, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      client.execute(i % 2 == 0 ? "cont" : "stop");
    }
  }

  private static List<String> names(List<Event> events) {
    synchronized (events) {
      return events.stream().map(Event::name).toList();
    }
  }

  private static List<String> expected(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(i % 2 == 0 ? "RESUME" : "STOP");
    }
    return names;
  }

  private static void await(BooleanSupplier condition, String what) {
    long end = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, what);
      Thread.onSpinWait();
    }
  }

  @Test
  void showsThemAsTheyHappen() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu);
        Subscription events = client.subscribe(EventFilter.all())) {
      pump.follow(events);
      cause(client, 10);
      await(() -> shown.size() == 10, "ten are shown");
      assertEquals(expected(10), names(shown));
      assertEquals(List.of(), pump.kept());
      qemu.kill();
      assertTrue(ended.await(60, TimeUnit.SECONDS), "the end is told");
    }
  }

  @Test
  void keepsThemWhileMuted() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu);
        Subscription events = client.subscribe(EventFilter.all())) {
      pump.mute(true);
      pump.follow(events);
      cause(client, 10);
      List<Event> kept = new ArrayList<>();
      await(
          () -> {
            pump.drain(events);
            kept.addAll(pump.kept());
            return kept.size() == 10;
          },
          "ten are kept");
      assertEquals(expected(10), names(kept));
      assertEquals(List.of(), shown);
    }
  }

  @Test
  void losesAndDoublesNoneAndKeepsTheirOrder() throws Exception {
    int count = 400;
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu);
        Subscription events = client.subscribe(EventFilter.all())) {
      pump.follow(events);
      for (int i = 0; i < count; i += 2) {
        pump.mute(i % 3 == 0);
        cause(client, 2);
        // As an answer does.
        pump.drain(events);
      }
      pump.mute(false);
      await(
          () -> {
            pump.drain(events);
            return shown.size() >= count;
          },
          "all are shown");
      assertEquals(expected(count), names(shown));
      assertEquals(0, pump.dropped());
    }
  }

  @Test
  void ofTooManyTheOldestGoAndAreCounted() throws Exception {
    int count = EventPump.KEPT + 100;
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu);
        Subscription events = client.subscribe(EventFilter.all())) {
      pump.mute(true);
      for (int i = 0; i < count; i += 2) {
        cause(client, 2);
        pump.drain(events);
      }
      // Nothing else takes from the source, and an event is there before the answer behind it.
      pump.drain(events);
      List<Event> kept = pump.kept();
      assertEquals(EventPump.KEPT, kept.size());
      assertEquals("STOP", kept.getLast().name());
      assertEquals(100, pump.dropped());
      assertEquals(0, pump.dropped(), "told once");
    }
  }

  @Test
  void longNamesCountAsWell() throws Exception {
    int count = 40;
    try (FakeQemu qemu = FakeQemu.start();
        QmpClient client = QmpClient.connect(Address.unix(qemu.path()), QmpOptions.DEFAULT);
        Subscription events = client.subscribe(EventFilter.all())) {
      pump.mute(true);
      for (int i = 0; i < count; i++) {
        qemu.event("X".repeat(1 << 19) + i);
        assertTrue(events.await(Duration.ofMinutes(1)), "it comes");
        pump.drain(events);
      }
      List<Event> kept = pump.kept();
      assertEquals(31, kept.size(), "as many as have 16 MiB of characters together");
      assertTrue(kept.getLast().name().endsWith("X39"), "the last is kept");
      assertEquals(count - 31, pump.dropped());
      assertEquals(31, log.entries().size());
    }
  }
}
