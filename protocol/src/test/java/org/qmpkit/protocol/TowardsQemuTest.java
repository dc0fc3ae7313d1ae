package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;
import tools.jackson.databind.JsonNode;

/** The rules of sharing towards QEMU, whose only client we are: 12, 13, 17 to 21. */
final class TowardsQemuTest {
  private static final String GONE = "qmpkit: gone: ";

  private final SharedMonitor monitor = new SharedMonitor();

  private String state() {
    return monitor.status().get("state").stringValue();
  }

  private String reason() {
    return monitor.status().get("reason").stringValue();
  }

  private int dropped() {
    return monitor.status().get("dropped").intValue();
  }

  @Test
  @DisplayName("12: the fence has a fresh random id at every connect")
  void rule12_freshFence() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      monitor.connect();
      monitor.qemu(SharedMonitor.GREETING);
      Sent fence = monitor.next();
      assertEquals("qmp_capabilities", fence.name());
      ids.add(fence.id());
      monitor.qemu("{\"return\": {}, \"id\": " + fence.id() + "}");
      assertEquals("connected", state());
      monitor.lose("try again");
    }
    assertEquals(100, ids.size());
  }

  @Test
  @DisplayName("12: replies before the fence's are dropped and counted, whatever their ids")
  void rule12_foreignReplies() {
    Party client = monitor.join();
    client.send("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"a\",\"id\":1}");
    monitor.connect();
    monitor.qemu("{\"return\": {}, \"id\": 1}");
    monitor.qemu(SharedMonitor.GREETING);
    monitor.qemu("{\"return\": {}, \"id\": 1}");
    monitor.qemu("{\"return\": [], \"id\": \"qmpkit-0\"}");
    monitor.qemu("{\"return\": []}");
    monitor.qemu("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}");
    assertEquals(List.of(), client.lines());
    assertEquals(5, dropped());
    monitor.answerFence();
    monitor.answer(monitor.next(), "\"mine\"");
    assertEquals("{\"return\": \"mine\", \"id\": 1}", client.lines().getLast());
    assertEquals(5, dropped());
  }

  @Test
  @DisplayName("12: events are not dropped, not even behind the fence")
  void rule12_events() {
    Party client = monitor.ready().joinReady();
    monitor.qemu(SharedMonitor.GREETING);
    monitor.qemu(SharedMonitor.event("STOP"));
    assertEquals(List.of("event STOP"), client.gist());
    assertEquals(0, dropped());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u0001\u00ff\u00ff",
        "me\": \"x\"}], \"id\": 7}\r\n",
        "}}}]]], \"id\": 7}\r\n",
        "  \"a\": 1\r\n    }\r\n}\r\n",
        "x\", \"b\": \"{[\"}\r\n",
        "nonsense\r\n",
        "42 \"x\" [1, 2] {\"QMP\": 1}\n",
        "{\"QMP\": {\"version\": {}, \"capabilities\": {}}}\n"
      })
  @DisplayName("12: unreadable bytes before the greeting are skipped, not fatal")
  void rule12_unreadable(String bytes) {
    monitor.connect();
    monitor.raw(bytes.getBytes(StandardCharsets.ISO_8859_1));
    assertNull(monitor.broker.broken());
    monitor.qemu(SharedMonitor.GREETING);
    monitor.answerFence();
    assertEquals("connected", state());
    assertTrue(dropped() > 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"\"} | 7.2.22",
        "{\"qemu\": {\"major\": 7, \"minor\": \"2\"}} | 7.?.?",
        "{\"qemu\": [7, 2, 22]} | ?",
        "{} | ?"
      })
  @DisplayName("12: whatever the version looks like, QEMU is ready, and the log says which it is")
  void rule12_release(String version, String release) {
    monitor.ready("{\"QMP\": {\"version\": " + version + ", \"capabilities\": []}}");
    assertEquals("connected", state());
    assertTrue(monitor.notes.contains("INFO  QEMU " + release + " is ready"), "" + monitor.notes);
  }

  @Test
  @DisplayName("12: a QEMU that refuses the fence is given up, in as many of its words as fit")
  void rule12_refused() {
    monitor.connect();
    monitor.qemu(SharedMonitor.GREETING);
    monitor.fail(monitor.next(), "x".repeat(100));
    String broken = monitor.broker.broken();
    assertNotNull(broken);
    assertTrue(broken.contains("it refused qmp_capabilities: {\"id\": "), broken);
    assertTrue(broken.endsWith("{\"class\": \"Generi…"), broken);
    assertTrue(broken.length() < 150, broken);
  }

  @Test
  @DisplayName("12: a greeting of any strange version is either read or skipped, never a crash")
  void rule12_strangeVersions() {
    for (String version :
        List.of(
            "{}",
            "{\"qemu\": 1}",
            "{\"qemu\": {\"major\": \"x\"}}",
            "{}, \"version\": {}",
            "{\"a\": 1, \"a\": 2}",
            "{\"qemu\": {\"major\": 1, \"major\": 2}}")) {
      monitor.connect();
      monitor.qemu(SharedMonitor.GREETING.replace(SharedMonitor.VERSION, version));
      assertNull(monitor.broker.broken());
      monitor.lose("next");
    }
  }

  @Test
  @DisplayName("13: connected and no greeting: busy after 5 s, said once, and the connection kept")
  void rule13_busy() {
    monitor.connect();
    monitor.pass(Duration.ofMillis(4_999));
    assertEquals("connecting", state());
    monitor.pass(Duration.ofMillis(1));
    assertEquals("busy", state());
    assertEquals("no greeting for 5.0 s", reason());
    monitor.pass(Duration.ofHours(1));
    assertEquals("no greeting for 3605.0 s", reason());
    assertNull(monitor.broker.broken());
    assertEquals(1, monitor.notes.size(), () -> "once per connection: " + monitor.notes);
    assertTrue(monitor.notes.getFirst().contains("busy: no greeting for 5.0 s"));
    assertTrue(monitor.notes.getFirst().contains("--relay"), "it may be a guest agent");
    monitor.qemu(SharedMonitor.GREETING);
    monitor.answerFence();
    assertEquals("connected", state());
  }

  @Test
  @DisplayName("13: a greeting and no fence reply is busy too, and says what it waits for")
  void rule13_fenceUnanswered() {
    monitor.connect();
    monitor.pass(Duration.ofSeconds(2));
    monitor.qemu(SharedMonitor.GREETING);
    assertEquals("connecting", state());
    monitor.pass(Duration.ofSeconds(7));
    assertEquals("busy", state());
    assertFalse(reason().contains("no greeting"), this::reason);
    assertTrue(reason().contains("qmp_capabilities"), this::reason);
    assertNull(monitor.broker.broken());
    assertEquals(1, monitor.notes.size());
    assertFalse(monitor.notes.getFirst().contains("no greeting"), monitor.notes::getFirst);
    monitor.answerFence();
    assertEquals("connected", state());
  }

  @Test
  @DisplayName("13: an old command that runs is seen: busy by name, since when, for whom")
  void rule13_oldCommand() {
    Party client = monitor.ready().joinReady();
    client.execute("migrate");
    monitor.pass(Duration.ofMillis(5_500));
    assertEquals("busy", state());
    assertEquals("migrate since 5.5 s for client 1", reason());
    JsonNode inFlight = monitor.status().get("in-flight");
    assertEquals("migrate", inFlight.get(0).get("command").stringValue());
    client.leave();
    assertEquals("migrate since 5.5 s for client 1, which has left", reason());
  }

  @Test
  @DisplayName("17: what is forwarded is the canonical text of what was decided on")
  void rule17_canonical() {
    Party client = monitor.ready().joinReady();
    client.send(
        "{ 'id' : 9 , \"\\u0061rguments\" : { \"n\" : [ 1e400 , -0, 1.50,"
            + " 18446744073709551616 ], 'k' : '\\u00fc\\/\u00fc' },"
            + " \"execute\" : \"query\\u002dname\" }");
    assertEquals(
        "{\"execute\":\"query-name\",\"arguments\":{\"n\":[1e400,-0,1.50,18446744073709551616],"
            + "\"k\":\"\\u00fc\\/\\u00FC\"},\"id\":1}",
        monitor.next().line());
  }

  @Test
  @DisplayName("18: an error of QEMU without id: the session is reset and all callers fail")
  void rule18_desync() {
    Party client = monitor.ready().joinReady();
    Party idle = monitor.joinReady();
    client.execute("a", 1);
    Sent sent = monitor.next();
    monitor.qemu("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}");
    String broken = monitor.broker.broken();
    assertNotNull(broken);
    assertTrue(broken.contains("an error without id"), broken);
    monitor.answer(sent, "\"late\"");
    assertEquals(List.of(), client.lines(), "never forwarded, nor what comes after");
    monitor.lose(broken);
    assertEquals(List.of("GenericError 1"), client.gist());
    assertNull(client.finished());
    assertEquals(List.of(), idle.lines());
    assertNull(idle.finished());
    monitor.ready();
    assertNull(monitor.broker.broken());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "}",
        "[]",
        "\u0001",
        "{\"return\": {}, \"id\": 1, \"more\": 2}",
        "{\"return\": {}, \"error\": {}}",
        "{\"error\": \"x\", \"id\": 1}",
        "{\"execute\": \"stop\"}",
        "{\"event\": \"STOP\"}",
        "{\"event\": 1, \"timestamp\": {}}",
        "{\"event\": \"STOP\", \"timestamp\": {}, \"id\": 1}",
        "{\"return\": 1, \"return\": 2}",
        "{}"
      })
  @DisplayName("18: what no QEMU says resets the session, and nobody is sent it")
  void rule18_nonsense(String text) {
    Party client = monitor.ready().joinReady();
    monitor.qemu(text);
    assertNotNull(monitor.broker.broken());
    assertEquals(List.of(), client.lines());
  }

  @Test
  @DisplayName("19: unknown ids and second replies are dropped and counted")
  void rule19_unknown() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    Sent sent = monitor.next();
    for (String id :
        List.of("99", "-1", "\"1\"", "null", "1.0", "1e0", "[1]", "1" + "0".repeat(30))) {
      monitor.qemu("{\"return\": {}, \"id\": " + id + "}");
    }
    monitor.qemu("{\"return\": {}}");
    monitor.answer(sent);
    monitor.answer(sent);
    assertEquals(List.of("return 1"), client.gist());
    assertEquals(10, dropped());
    assertNull(monitor.broker.broken());
  }

  @Test
  @DisplayName("20: we issue nothing of our own but qmp_capabilities")
  void rule20_nothingOfOurOwn() {
    monitor.ready();
    monitor.joinReady().execute(ServerSession.STATUS);
    monitor.pass(Duration.ofDays(1));
    monitor.joinReady().leave();
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  @DisplayName("21: upstream lost: gone to every caller under its id, in order, then EOF")
  void rule21_lost() {
    Party client = monitor.ready().joinReady("\"oob\"");
    Party stranger = monitor.join();
    for (int i = 0; i < 9; i++) {
      client.execute("a", i);
    }
    client.send("]");
    client.executeOob("b", 10);
    client.executeOob("c", 11);
    assertEquals(8, monitor.sent().size());
    monitor.lose("it crashed");
    List<String> lines = client.lines();
    assertEquals(12, lines.size());
    List<String> inBand =
        lines.stream().filter(each -> !each.contains("\"id\": 1")).map(Json::gist).toList();
    assertEquals(9, inBand.size());
    assertEquals("GenericError 0", inBand.getFirst());
    assertEquals("GenericError -", inBand.getLast());
    List<String> gone =
        lines.stream().map(Json::desc).filter(each -> each.startsWith(GONE)).toList();
    assertEquals(11, gone.size());
    assertTrue(gone.contains(GONE + "it crashed; whether 'a' was done is not known"));
    assertTrue(gone.contains(GONE + "it crashed; the command was not sent"));
    assertNull(client.finished());
    assertEquals(List.of("greeting"), stranger.gist());
    assertNull(stranger.finished());
    assertEquals("gone", state());
    assertEquals("it crashed", reason());
  }
}
