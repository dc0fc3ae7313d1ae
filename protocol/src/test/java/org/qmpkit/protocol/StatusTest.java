package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import tools.jackson.databind.JsonNode;

/** What the status tells of times, and of commands that wait or run: each second is somebody's. */
final class StatusTest {
  private final SharedMonitor monitor = new SharedMonitor();

  @Test
  void isGoneSinceTheFirstFailureAndForTheLastReason() {
    monitor.ready();
    monitor.pass(Duration.ofSeconds(7));
    monitor.lose("it crashed");
    monitor.pass(Duration.ofSeconds(2));
    monitor.lose("nobody listens");
    monitor.pass(Duration.ofSeconds(1));
    assertEquals("gone", monitor.status().path("state").asString(""));
    assertEquals("nobody listens", monitor.status().path("reason").asString(""));
    assertEquals(3.0, monitor.status().path("seconds").asDouble());
  }

  @Test
  void isBusyWhenTheOldestCommandHasRunForTheTimeOfSilence() {
    Party client = monitor.ready().joinReady();
    monitor.pass(Duration.ofSeconds(3));
    client.execute("snapshot", 1);
    monitor.next();
    monitor.pass(Duration.ofSeconds(5).minusNanos(1));
    assertEquals("connected", monitor.status().path("state").asString(""));
    monitor.pass(Duration.ofNanos(1));
    assertEquals("busy", monitor.status().path("state").asString(""));
    assertEquals("snapshot since 5.0 s for client 1", monitor.status().path("reason").asString(""));
    assertEquals(8.0, monitor.status().path("seconds").asDouble(), "since it is connected");
  }

  @Test
  void tellsHowLongACommandRunsAndHowLongItWaitedBefore() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("first", 1);
    client.execute("second", 2);
    SharedMonitor.Sent first = monitor.next();
    monitor.pass(Duration.ofSeconds(2));
    monitor.answer(first);
    monitor.pass(Duration.ofSeconds(1));
    JsonNode running = monitor.status().path("in-flight").path(0);
    assertEquals("second", running.path("command").asString(""));
    assertEquals("client 1", running.path("client").asString(""));
    assertEquals(1.0, running.path("seconds").asDouble());
    assertEquals(2.0, running.path("queued").asDouble());
  }

  @Test
  void countsWhatWaitsForBothLanesAndNamesTheOldestFirst() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("oldest", 1);
    client.executeOob("urgent", 2);
    for (int id = 3; id < 11; id++) {
      client.execute("more", id); // six more places, and two that wait
    }
    client.executeOob("urgent", 11);
    client.executeOob("urgent", 12);
    client.executeOob("urgent", 13);
    assertEquals(2 + 3, monitor.status().path("queued").asInt());
    JsonNode running = monitor.status().path("in-flight");
    assertEquals(7 + 1, running.size());
    assertEquals("oldest", running.path(0).path("command").asString(""));
    assertEquals("urgent", running.path(1).path("command").asString(""));
    assertEquals("more", running.path(7).path("command").asString(""));
  }

  @Test
  void countsWhatWasDroppedInEarlierSessionsToo() {
    monitor.ready();
    monitor.qemu("{\"return\": {}, \"id\": \"nobody's\"}");
    monitor.lose("it crashed");
    assertEquals(1, monitor.status().path("dropped").asInt());
    monitor.ready();
    monitor.qemu("{\"return\": {}, \"id\": \"nobody's\"}");
    assertEquals(2, monitor.status().path("dropped").asInt());
  }
}
