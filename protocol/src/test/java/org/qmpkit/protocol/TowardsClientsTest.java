package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** The rules of sharing towards a client, of which QEMU's part is played by us: 1 to 6. */
final class TowardsClientsTest {
  private static final String CAPABILITIES = "{\"execute\":\"qmp_capabilities\"}";

  private final SharedMonitor monitor = new SharedMonitor();

  @Test
  @DisplayName("1: the greeting is QEMU's, with its version to the byte")
  void rule01_greeting() {
    monitor.ready();
    assertEquals(SharedMonitor.GREETING, monitor.join().line());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      nullValues = "-",
      emptyValue = "",
      value = {
        "''; ''",
        "'\"oob\"'; '\"oob\"'",
        "'\"future\", \"oob\"'; '\"oob\"'",
        "'\"future\"'; ''",
        "'1, {\"oob\": \"oob\"}'; ''"
      })
  @DisplayName("1: oob is offered only if upstream has it, and nothing that we can't honour")
  void rule01_capabilities(String upstream, String offered) {
    monitor.ready(SharedMonitor.greeting(upstream));
    assertEquals(SharedMonitor.greeting(offered), monitor.join().line());
  }

  @Test
  @DisplayName("1: the greeting is cached: a client has it without a word to QEMU")
  void rule01_cached() {
    monitor.ready();
    monitor.join();
    monitor.join();
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  @DisplayName("1: the greeting is read anew at every connect")
  void rule01_readAnew() {
    monitor.ready();
    monitor.lose("it crashed");
    monitor.ready(SharedMonitor.GREETING.replace("22", "23").replace("\"oob\"", ""));
    assertEquals(
        SharedMonitor.GREETING.replace("22", "23").replace("\"oob\"", ""), monitor.join().line());
  }

  @Test
  @DisplayName("1: nobody is greeted before QEMU is ready, nor while it is gone")
  void rule01_notBefore() {
    Party early = monitor.join();
    monitor.connect();
    monitor.qemu(SharedMonitor.GREETING);
    assertEquals(List.of(), early.lines());
    monitor.answerFence();
    assertEquals(SharedMonitor.GREETING, early.line());
    monitor.lose("it crashed");
    assertEquals(List.of(), monitor.join().lines());
  }

  @Test
  @DisplayName("1: capabilities and command in one write work")
  void rule01_oneWrite() {
    Party client = monitor.ready().join();
    client.send(CAPABILITIES + "{\"execute\":\"query-name\",\"id\":1}");
    monitor.answer(monitor.next());
    assertEquals(List.of("greeting", "return -", "return 1"), client.gist());
  }

  @Test
  @DisplayName("1: what is sent before the greeting is kept, good and bad, in order")
  void rule01_kept() {
    Party client = monitor.join();
    client.send("{\"execute\":\"stop\",\"id\":0} }" + CAPABILITIES);
    client.send("{\"execute\":\"stop\",\"id\":1} ] {\"execute\":\"cont\",\"id\":2}{\"exec");
    assertEquals(List.of(), client.lines());
    monitor.ready();
    client.send("ute\":\"quit\",\"id\":3}");
    monitor.sent().forEach(monitor::answer);
    assertEquals(
        List.of(
            "greeting",
            "CommandNotFound 0",
            "GenericError -",
            "return -",
            "return 1",
            "GenericError -",
            "return 2",
            "return 3"),
        client.gist());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"enable\":[\"oob\",\"telepathy\"]}",
        "{\"enable\":[\"oob\",1]}",
        "{\"enable\":{}}",
        "{\"enable\":null}",
        "{\"enable\":\"oob\"}",
        "{\"enable\":[\"oob\"],\"more\":1}",
        "{\"disable\":[]}"
      })
  @DisplayName("2: an unknown name, a wrong type, an extra argument: an error, still negotiating")
  void rule02_refused(String arguments) {
    Party client = monitor.ready().join();
    client.send(
        "{\"execute\":\"qmp_capabilities\",\"id\":1,\"arguments\":"
            + arguments
            + "}{\"execute\":\"stop\",\"id\":2}"
            + "{\"execute\":\"qmp_capabilities\",\"id\":3}{\"execute\":\"stop\",\"id\":4}");
    assertEquals(
        List.of("greeting", "GenericError 1", "CommandNotFound 2", "return 3"), client.gist());
    assertEquals(List.of("stop"), monitor.sentNames());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{\"enable\":[]}", "{'enable':['oob']}", "{\"enable\":[\"oob\",\"oob\"]}"})
  @DisplayName("2: the same capability twice is accepted, and so is none")
  void rule02_accepted(String arguments) {
    Party client = monitor.ready().join();
    client.send("{\"execute\":\"qmp_capabilities\",\"arguments\":" + arguments + "}");
    assertEquals(List.of("greeting", "return -"), client.gist());
  }

  @Test
  @DisplayName("2: oob that is not offered cannot be enabled")
  void rule02_notOffered() {
    Party client = monitor.ready(SharedMonitor.greeting("")).join();
    client.send(CAPABILITIES.replace("}", ",\"arguments\":{\"enable\":[\"oob\"]}}"));
    assertEquals(List.of("greeting", "GenericError -"), client.gist());
  }

  @Test
  @DisplayName("2: a second qmp_capabilities is CommandNotFound, and changes nothing")
  void rule02_second() {
    Party client = monitor.ready().joinReady();
    client.send(
        "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]},\"id\":1}"
            + "{\"exec-oob\":\"yank\",\"id\":2}");
    assertEquals(List.of("CommandNotFound 1", "GenericError 2"), client.gist());
  }

  @Test
  @DisplayName("2: before it everything else is CommandNotFound, and nothing reaches QEMU")
  void rule02_everythingElse() {
    Party client = monitor.ready().join();
    client.send("{\"execute\":\"quit\",\"id\":[1]}{\"execute\":\"no-such\"}{\"exec-oob\":\"x\"}");
    assertEquals(
        List.of("greeting", "CommandNotFound [1]", "CommandNotFound -", "GenericError -"),
        client.gist());
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  @DisplayName("2: before it no events")
  void rule02_noEvents() {
    Party client = monitor.ready().join();
    monitor.qemu(SharedMonitor.event("STOP"));
    client.execute("qmp_capabilities");
    assertEquals(List.of("greeting", "return -"), client.gist());
  }

  @Test
  @DisplayName("3: a message is complete at its closing bracket, newline or not, whatever the cut")
  void rule03_framing() {
    Party client = monitor.ready().joinReady();
    byte[] bytes =
        "{\"execute\":\"a\"}\r\n\t {\"execute\":\"b\"}{\"execute\":\"c\"}"
            .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < bytes.length; i++) {
      client.send(new byte[] {bytes[i]});
    }
    assertEquals(List.of("a", "b", "c"), monitor.sentNames());
  }

  @Test
  @DisplayName("3: QEMU's dialect comes in: single quotes, \\', UTF-8")
  void rule03_dialect() {
    Party client = monitor.ready().joinReady();
    client.send("{'execute': 'x', 'arguments': {'it\\'s \"so\"': 'Übung 😀'}}");
    assertEquals(
        "{\"execute\":\"x\",\"arguments\":{\"it's \\\"so\\\"\":\"\\u00DCbung \\uD83D\\uDE00\"},\"id\":1}",
        monitor.next().line());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"execute\":\"x\",\"execute\":\"y\"}",
        "{\"execute\":\"x\",\"arguments\":{\"a\":{\"b\":1,\"b\":2}}}",
        "{\"execute\":\"x\",\"arguments\":{\"a\":[{\"b\":1,'\\u0062':2}]}}",
        "{\"execute\":\"x\",\"id\":{\"é\":1,\"\\u00e9\":2}}"
      })
  @DisplayName("3: duplicate keys are rejected at every depth and in every spelling")
  void rule03_duplicates(String text) {
    Party client = monitor.ready().joinReady();
    client.send(text);
    String line = client.line();
    assertEquals("GenericError -", Json.gist(line));
    assertEquals("JSON parse error, duplicate key", Json.desc(line));
    assertEquals(List.of(), monitor.sent());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "7; 7",
        "null; null",
        "'it'; \"it\"",
        "'a\"b\\'c'; \"a\\\"b'c\"",
        " [ 1 , { 'a' : true } ] ; [1,{\"a\":true}]",
        "\"Ü😀\"; \"\\u00DC\\uD83D\\uDE00\"",
        "\"\\u00fc\\/\\n\"; \"\\u00fc\\/\\n\"",
        "1e3; 1e3",
        "1e400; 1e400",
        "-0; -0",
        "0.10; 0.10",
        "123456789012345678901234567890; 123456789012345678901234567890",
        "{}; {}",
        "\"\"; \"\""
      })
  @DisplayName("4: the id comes back as its canonical text, from QEMU and from us")
  void rule04_id(String sent, String back) {
    Party client = monitor.ready().joinReady();
    client.send("{\"execute\":\"x\",\"id\":" + sent + "}");
    monitor.answer(monitor.next(), "{\"status\": 1}");
    client.send("{\"id\":" + sent + ",\"execute\":\"x\"}");
    monitor.fail(monitor.next(), "no");
    client.send("{\"id\":" + sent + "}");
    assertEquals(
        List.of(
            "{\"return\": {\"status\": 1}, \"id\": " + back + "}",
            "{\"id\": " + back + ", \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}",
            "{\"id\": "
                + back
                + ", \"error\": {\"class\": \"GenericError\","
                + " \"desc\": \"QMP input lacks member 'execute'\"}}"),
        client.lines());
  }

  @Test
  @DisplayName("4: no id in, none out, wherever QEMU puts it")
  void rule04_noId() {
    Party client = monitor.ready().joinReady();
    client.execute("a");
    monitor.answer(monitor.next());
    client.execute("b");
    monitor.fail(monitor.next(), "no");
    client.execute("c");
    monitor.qemu("{\"id\": " + monitor.next().id() + ", \"return\": []}");
    assertEquals(
        List.of(
            "{\"return\": {}}",
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}",
            "{\"return\": []}"),
        client.lines());
  }

  @Test
  @DisplayName("5: good, bad, good is answered in order, with ids or without")
  void rule05_inOrder() {
    Party client = monitor.ready().joinReady();
    client.send(
        "{\"execute\":\"a\"} ] {\"execute\":\"b\",\"id\":1}{\"nonsense\":1,\"id\":2}"
            + "{\"execute\":\"qmp_capabilities\"}{\"execute\":\"c\"}[]");
    assertEquals(List.of(), client.lines());
    List<Sent> sent = monitor.sent();
    monitor.answer(sent.get(0));
    assertEquals(List.of("return -", "GenericError -"), client.gist());
    monitor.answer(sent.get(1));
    assertEquals(List.of("return 1", "GenericError 2", "CommandNotFound -"), client.gist());
    monitor.answer(sent.get(2));
    assertEquals(List.of("return -", "GenericError -"), client.gist());
  }

  @Test
  @DisplayName("5: our status keeps its place too")
  void rule05_status() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    client.execute(ServerSession.STATUS, 2);
    assertEquals(List.of(), client.lines());
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1", "return 2"), client.gist());
  }

  @Test
  @DisplayName("5: only exec-oob overtakes, in success and in error")
  void rule05_oobOvertakes() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("slow", 1);
    client.send("}");
    client.executeOob("yank", 2);
    monitor.answer(monitor.sent().getLast());
    client.executeOob("query-yank", 3);
    monitor.fail(monitor.next(), "no");
    assertEquals(List.of("return 2", "GenericError 3"), client.gist());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"exec-oob\":\"x\",\"foo\":1,\"id\":2}",
        "{\"exec-oob\":1,\"id\":2}",
        "{\"id\":2,\"exec-oob\":\"x\",\"arguments\":[]}",
        "{\"exec-oob\":\"qmp_capabilities\",\"id\":2}"
      })
  @DisplayName("5: what we ourselves answer to exec-oob overtakes as well, as in QEMU")
  void rule05_oobErrorOvertakes(String malformed) {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("slow", 1);
    client.send(malformed);
    assertEquals(List.of("GenericError 2"), client.gist());
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1"), client.gist());
  }

  @Test
  @DisplayName("5: what names both execute and exec-oob is in band, as in QEMU")
  void rule05_bothInBand() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("slow", 1);
    client.send("{\"execute\":\"x\",\"exec-oob\":\"x\",\"id\":2}");
    assertEquals(List.of(), client.lines());
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1", "GenericError 2"), client.gist());
  }

  @Test
  @DisplayName("6: one ASCII line per message, whatever upstream emits")
  void rule06_oneLine() {
    Party client = monitor.ready().joinReady();
    client.execute("x", 1);
    Sent sent = monitor.next();
    String pretty =
        "{\r\n    \"return\": {\r\n        \"name\": \"Ü\"\r\n    },\r\n    \"id\": "
            + sent.id()
            + "\r\n}\n";
    monitor.raw(pretty.getBytes(StandardCharsets.UTF_8));
    monitor.raw(
        ("{\"event\":\"STOP\",\n\"timestamp\":{\"seconds\":1,\"microseconds\":2}}"
                + "{\"data\":{\"a\":\"😀\"},\"event\":\"STOP\",\"timestamp\":{}}\n")
            .getBytes(StandardCharsets.UTF_8));
    assertEquals(
        List.of(
            "{\"return\": {\"name\": \"\\u00DC\"}, \"id\": 1}",
            "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}",
            "{\"data\": {\"a\": \"\\uD83D\\uDE00\"}, \"event\": \"STOP\", \"timestamp\": {}}"),
        client.lines());
  }

  @Test
  @DisplayName("6: what QEMU says on one ASCII line passes through to the byte")
  void rule06_passThrough() {
    Party client = monitor.ready().joinReady();
    client.execute("x", 1);
    String value =
        "[{\"a\": 1e3, \"b\": [0.10000000000000001, -0], \"c\": \"\\u00fc\\/'\\\"\"}, {}, []]";
    monitor.answer(monitor.next(), value);
    assertEquals("{\"return\": " + value + ", \"id\": 1}", client.line());
    monitor.qemu(SharedMonitor.event("RESUME"));
    assertEquals(SharedMonitor.event("RESUME"), client.line());
  }

  @Test
  @DisplayName("1: the status is told before the greeting, and even while QEMU is gone")
  void rule01_statusAtAnyTime() {
    Party client = monitor.join();
    client.send("{\"execute\":\"stop\",\"id\":1}");
    client.execute(ServerSession.STATUS, 2);
    String line = client.line();
    assertTrue(line.contains("\"state\": \"gone\""), line);
    assertEquals("return 2", Json.gist(line));
    assertFalse(client.client.finished());
  }
}
