package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/**
 * The rules of sharing towards a client, about what is too much, too slow or at its end: 7 to 11.
 */
final class FlowTowardsClientsTest {
  private static final int MIB = 1 << 20;

  private final SharedMonitor monitor = new SharedMonitor();

  @Test
  @DisplayName("7: a message past the cap is answered once, and the next one is fine")
  void rule07_onceAndOn() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    client.send("{\"execute\":\"b\",\"arguments\":{\"x\":\"" + "y".repeat(MIB));
    monitor.answer(monitor.next());
    List<String> lines = client.lines();
    assertEquals(List.of("return 1", "GenericError -"), lines.stream().map(Json::gist).toList());
    assertEquals("JSON token size limit exceeded", Json.desc(lines.getLast()));
    client.send("z\", \"more\": [\"" + "y".repeat(MIB) + "}]{[\"]}, \"id\":2}\n");
    client.execute("c", 3);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 3"), client.gist());
  }

  @Test
  @DisplayName("7: a message at the cap passes, to the byte; one more does not")
  void rule07_cap() {
    Party client = monitor.ready().joinReady();
    String head = "{\"execute\":\"b\",\"arguments\":{\"x\":\"";
    String fits = head + "y".repeat(MIB - head.length() - 3) + "\"}}";
    client.send(fits);
    assertEquals(List.of("b"), monitor.sentNames());
    client.send(fits.replace("\"b\"", "\"bb\""));
    client.send("{ }");
    monitor.qemu("{\"return\": {}, \"id\": 1}");
    assertEquals(List.of("return -", "GenericError -", "GenericError -"), client.gist());
  }

  @Test
  @DisplayName("7: it is measured in canonical bytes: white space is no part of it")
  void rule07_whiteSpace() {
    Party client = monitor.ready().joinReady();
    client.send("{\"execute\"" + " \t".repeat(MIB) + ":\"a\"}");
    assertEquals(List.of("a"), monitor.sentNames());
  }

  @Test
  @DisplayName("8: after the half-close all complete commands are answered in order, then EOF")
  void rule08_halfClose() {
    Party client = monitor.ready().join();
    client.send(
        "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"a\"}}{\"execute\":\"b\"}{\"execute\":\"c");
    client.endInput();
    assertFalse(client.client.finished());
    assertFalse(client.client.wantsInput());
    assertEquals(List.of("greeting", "return -"), client.gist());
    assertFalse(client.client.finished());
    List<Sent> sent = monitor.sent();
    assertEquals(2, sent.size());
    monitor.answer(sent.get(0));
    assertEquals(List.of("return -", "GenericError -"), client.gist());
    monitor.answer(sent.get(1));
    assertFalse(client.client.finished(), "its last answer is not written yet");
    assertEquals(List.of("return -"), client.gist());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("8: printf | nc -N works even if QEMU is not there yet, and with more than queues")
  void rule08_beforeQemu() {
    Party client = monitor.join();
    StringBuilder text = new StringBuilder("{\"execute\":\"qmp_capabilities\"}");
    for (int i = 0; i < 200; i++) {
      text.append("{\"execute\":\"a\",\"id\":").append(i).append("}\n");
    }
    client.send(text.toString());
    client.endInput();
    assertFalse(client.client.finished());
    monitor.ready();
    int answered = 0;
    for (List<Sent> sent = monitor.sent(); !sent.isEmpty(); sent = monitor.sent()) {
      for (Sent each : sent) {
        monitor.answer(each);
        answered++;
      }
    }
    assertEquals(200, answered);
    List<String> gist = client.gist();
    assertEquals("return 0", gist.get(2));
    assertEquals("return 199", gist.getLast());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("8: when it is gone, what QEMU was not sent is dropped")
  void rule08_dropped() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 10; i++) {
      client.execute("c" + i);
    }
    client.endInput();
    client.leave();
    List<Sent> sent = monitor.sent();
    assertEquals(7, sent.size());
    sent.forEach(monitor::answer);
    assertEquals(List.of(), monitor.sent());
    assertEquals(0, monitor.broker.gauges().clients());
  }

  @Test
  @DisplayName("8: half-closed without a word: it is owed its greeting, no more")
  void rule08_nothingAsked() {
    Party client = monitor.ready().join();
    client.endInput();
    assertFalse(client.client.finished());
    assertEquals(List.of("greeting"), client.gist());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("8: events go on to a half-closed client while it waits, and stop when it is done")
  void rule08_events() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    client.endInput();
    monitor.qemu(SharedMonitor.event("STOP"));
    monitor.answer(monitor.next());
    monitor.qemu(SharedMonitor.event("RESUME"));
    assertEquals(List.of("event STOP", "return 1"), client.gist());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("8: it is not done as long as commands of it are kept back, and gets its events")
  void rule08_keptBack() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 4; i++) {
      client.execute("schema", i);
    }
    monitor.sent().forEach(each -> monitor.answer(each, "\"" + "x".repeat(300_000) + "\""));
    client.execute("kept", 5);
    client.endInput();
    monitor.qemu(SharedMonitor.event("STOP"));
    assertFalse(client.client.finished());
    assertEquals("event STOP", client.gist().getLast());
    monitor.answer(monitor.next());
    assertEquals(List.of("return 5"), client.gist());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("9: over the high water neither reading nor forwarding; replies in flight still fit")
  void rule09_highWater() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 20; i++) {
      client.execute("schema", i);
    }
    List<Sent> sent = monitor.sent();
    assertEquals(7, sent.size());
    String value = "\"" + "x".repeat(300_000) + "\"";
    for (int i = 0; i < 4; i++) {
      assertTrue(client.client.wantsInput());
      monitor.answer(sent.get(i), value);
    }
    assertFalse(client.client.wantsInput());
    assertEquals(3, monitor.sent().size(), "sent while there still was room");
    for (int i = 4; i < 7; i++) {
      monitor.answer(sent.get(i), value);
    }
    assertEquals(List.of(), monitor.sent(), "nothing is forwarded past the high water");
    assertNull(client.client.cutReason());
    assertEquals(7, client.lines().size());
    assertTrue(client.client.wantsInput());
    assertEquals(4, monitor.sent().size(), "what it read is forwarded on");
  }

  @Test
  @DisplayName("9: exec-oob of a client over its high water is not forwarded either")
  void rule09_highWaterOob() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("schema", 1);
    client.executeOob("yank", 2);
    client.executeOob("yank", 3);
    List<Sent> sent = monitor.sent();
    assertEquals(2, sent.size());
    String value = "\"" + "x".repeat(MIB) + "\"";
    for (Sent each : sent) {
      monitor.answer(each, value);
    }
    assertEquals(List.of(), monitor.sent());
    assertEquals(2, client.lines().size());
    assertEquals(List.of("yank"), monitor.sentNames());
  }

  @Test
  @DisplayName("9: a slow client that makes progress is not cut; without progress for 10 s it is")
  void rule09_stall() {
    Party client = monitor.ready().joinReady();
    client.execute("schema");
    monitor.answer(monitor.next(), "\"" + "x".repeat(2 * MIB) + "\"");
    for (int i = 0; i < 5; i++) {
      monitor.pass(Duration.ofMillis(9_900));
      client.read(1000);
    }
    monitor.pass(Duration.ofMillis(9_999));
    assertFalse(client.client.finished());
    monitor.pass(Duration.ofMillis(1));
    client.assertCut("no progress for 10.0 s");
    assertEquals(0, monitor.broker.gauges().clients());
    assertEquals(1, monitor.attention());
    assertTrue(monitor.changed().contains(client.client.name()));
    assertTrue(monitor.notes.getLast().startsWith("WARNING client 1 cut: it made no progress"));
  }

  @Test
  @DisplayName("9: below the high water it may stall for as long as it likes")
  void rule09_belowHighWater() {
    Party client = monitor.ready().joinReady();
    client.execute("schema");
    monitor.answer(monitor.next(), "\"" + "x".repeat(MIB - 100) + "\"");
    monitor.pass(Duration.ofHours(1));
    assertFalse(client.client.finished());
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  @DisplayName("9: it is cut when events overflow its hard limit, and only by events")
  void rule09_hardLimit() {
    Party client = monitor.ready().joinReady();
    Party reader = monitor.joinReady();
    for (int i = 0; i < 7; i++) {
      client.execute("schema");
    }
    monitor.sent().forEach(each -> monitor.answer(each, "\"" + "x".repeat(MIB) + "\""));
    assertFalse(client.client.finished(), "7 MiB of replies in flight fit");
    monitor.qemu(SharedMonitor.event("STOP"));
    client.assertCut("does not read its events");
    assertEquals(List.of("event STOP"), reader.gist());
  }

  @Test
  @DisplayName("9: events alone fill it up to 4 MiB exactly")
  void rule09_hardLimitByEvents() {
    Party client = monitor.ready().joinReady();
    String event = SharedMonitor.event("RTC_CHANGE", 4000);
    int line = event.length() + 2;
    for (int i = 0; i < (4 << 20) / line; i++) {
      monitor.qemu(event);
    }
    assertFalse(client.client.finished());
    monitor.qemu(event);
    client.assertCut("does not read its events");
  }

  @Test
  @Tag("big")
  @DisplayName("9: a pipeliner of 50 schemas that reads is never cut")
  void rule09_fiftySchemas() {
    Party client = monitor.ready().joinReady();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      text.append("{\"execute\":\"query-qmp-schema\",\"id\":").append(i).append("}");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
    int offered = 0;
    int answered = 0;
    String schema = "\"" + "x".repeat(207_000) + "\"";
    while (answered < 50) {
      offered += client.offer(java.util.Arrays.copyOfRange(bytes, offered, bytes.length), 512);
      for (Sent each : monitor.sent()) {
        assertEquals("query-qmp-schema", each.name());
        monitor.answer(each, schema);
        monitor.qemu(SharedMonitor.event("RTC_CHANGE"));
        answered++;
      }
      monitor.pass(Duration.ofSeconds(1));
      client.read(200_000);
    }
    assertNull(client.client.cutReason());
    assertEquals(50, client.gist().stream().filter(each -> each.startsWith("return")).count());
  }

  @Test
  @DisplayName("10: events go to every negotiated client, once")
  void rule10_everyOne() {
    monitor.ready();
    List<Party> clients = List.of(monitor.joinReady(), monitor.joinReady(), monitor.joinReady());
    monitor.qemu(SharedMonitor.event("STOP"));
    for (Party each : clients) {
      assertEquals(List.of("event STOP"), each.gist());
    }
  }

  @Test
  @DisplayName("10: in upstream's order relative to that client's replies")
  void rule10_inOrder() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    client.execute("b", 2);
    List<Sent> sent = monitor.sent();
    monitor.qemu(SharedMonitor.event("E1"));
    monitor.answer(sent.get(0));
    monitor.qemu(SharedMonitor.event("E2"));
    monitor.answer(sent.get(1));
    monitor.qemu(SharedMonitor.event("E3"));
    assertEquals(
        List.of("event E1", "return 1", "event E2", "return 2", "event E3"), client.gist());
  }

  @Test
  @DisplayName("10: never before its own qmp_capabilities answer, never an old one")
  void rule10_neverOld() {
    monitor.ready();
    monitor.qemu(SharedMonitor.event("BEFORE"));
    Party client = monitor.join();
    monitor.qemu(SharedMonitor.event("GREETED"));
    client.execute("qmp_capabilities");
    monitor.qemu(SharedMonitor.event("AFTER"));
    assertEquals(List.of("greeting", "return -", "event AFTER"), client.gist());
  }

  @Test
  @DisplayName("11: quit is the event, the reply to its caller, an error to the others, EOF to all")
  void rule11_quit() {
    Party idle = monitor.ready().joinReady();
    Party caller = monitor.joinReady();
    Party other = monitor.joinReady();
    caller.execute("quit", 1);
    other.execute("slow", 2);
    Sent quit = monitor.sent().getFirst();
    monitor.qemu(SharedMonitor.event("SHUTDOWN"));
    monitor.answer(quit);
    monitor.lose("QEMU closed the connection");
    assertEquals(List.of("event SHUTDOWN"), idle.gist());
    assertNull(idle.finished());
    assertEquals(List.of("event SHUTDOWN", "return 1"), caller.gist());
    assertNull(caller.finished());
    List<String> lines = other.lines();
    assertEquals(
        List.of("event SHUTDOWN", "GenericError 2"), lines.stream().map(Json::gist).toList());
    assertTrue(
        Json.desc(lines.getLast()).startsWith("qmpkit: gone: QEMU closed the connection"),
        lines::getLast);
    assertNull(other.finished());
  }
}
