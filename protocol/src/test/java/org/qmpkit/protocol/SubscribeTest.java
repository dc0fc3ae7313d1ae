package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;
import tools.jackson.databind.JsonNode;

/** Subscriptions, and events since a cursor: rule 10 for those who ask for more than QEMU has. */
final class SubscribeTest {
  private static final int MIB = 1 << 20;

  private final SharedMonitor monitor = new SharedMonitor().ready();

  private static String subscribe(String arguments) {
    return "{\"execute\":\"__org.qmpkit_subscribe\",\"arguments\":{"
        + arguments
        + "},\"id\":\"s\"}";
  }

  private static String since(String cursor) {
    return "\"since\":\"" + cursor + "\"";
  }

  private static String cursor(String line) {
    JsonNode message = Json.parse(line);
    return message.at(message.has("return") ? "/return/cursor" : "/__org.qmpkit_cursor").asString();
  }

  /** Subscribes and reads the answer alone. */
  private static JsonNode answer(Party client, String arguments) {
    client.send(subscribe(arguments));
    return Json.parse(client.line()).get("return");
  }

  private static Party subscribed(SharedMonitor monitor) {
    Party client = monitor.joinReady();
    assertFalse(answer(client, "").get("lost").asBoolean());
    return client;
  }

  private void happens(String... names) {
    for (String each : names) {
      monitor.qemu(SharedMonitor.event(each));
    }
  }

  /** What a client that comes anew gets for a cursor: the gist of the answer and what follows. */
  private List<String> resumed(String cursor) {
    Party client = monitor.joinReady();
    client.send(subscribe(since(cursor)));
    List<String> lines = client.lines();
    int replayed = Json.parse(lines.getFirst()).at("/return/replayed").asInt();
    assertEquals(lines.size() - 1, replayed, lines::toString);
    List<String> gist = lines.stream().map(Json::gist).toList();
    assertEquals("return \"s\"", gist.getFirst());
    assertEquals(gist.contains("event __ORG.QMPKIT_LOST"), lost(lines.getFirst()));
    return gist.subList(1, gist.size());
  }

  private static boolean lost(String answer) {
    return Json.parse(answer).at("/return/lost").asBoolean();
  }

  @Test
  @DisplayName("10: a subscriber's events have a cursor, behind QEMU's own bytes")
  void rule10_eventsHaveCursors() {
    Party client = subscribed(monitor);
    Party plain = monitor.joinReady();
    String event = SharedMonitor.event("STOP", 10);
    monitor.qemu(event);
    String line = client.line();
    assertEquals(
        event.substring(0, event.length() - 1)
            + ", \"__org.qmpkit_cursor\": \""
            + cursor(line)
            + "\"}",
        line);
    assertEquals(event, plain.line(), "who has not subscribed sees nothing of it");
  }

  @Test
  @DisplayName("10: a long event is the same to both, and so is one that came in odd shape")
  void rule10_anyEvent() {
    Party client = subscribed(monitor);
    for (String event :
        List.of(
            SharedMonitor.event("LONG", 300_000),
            "{\"event\":\"ODD\",\r\n\"timestamp\":{},\"data\":{\"a\":{\"b\":[]}}}")) {
      monitor.qemu(event);
      JsonNode got = Json.parse(client.line());
      assertTrue(got.has("__org.qmpkit_cursor"));
      assertEquals(
          Json.parse(event),
          ((tools.jackson.databind.node.ObjectNode) got).without("__org.qmpkit_cursor"));
    }
  }

  @Test
  @DisplayName("10: the filter has names, and beginnings of names; the last one counts")
  void rule10_filter() {
    Party client = monitor.joinReady();
    answer(client, "\"events\":['STOP','JOB_*']");
    happens("STOP", "RESUME", "JOB_STATUS_CHANGE", "STOPPED", "JOB_", "XJOB_");
    assertEquals(List.of("event STOP", "event JOB_STATUS_CHANGE", "event JOB_"), client.gist());
    answer(client, "\"events\":[]");
    happens("STOP");
    assertEquals(List.of(), client.gist());
    answer(client, "\"events\":[\"*\"]");
    happens("STOP");
    assertEquals(List.of("event STOP"), client.gist());
    answer(client, "\"events\":[\"RESUME\"]");
    answer(client, "");
    happens("STOP");
    assertEquals(List.of("event STOP"), client.gist());
  }

  @Test
  @DisplayName("10: a filter is one client's own")
  void rule10_filterOfOne() {
    Party none = monitor.joinReady();
    answer(none, "\"events\":[]");
    Party all = subscribed(monitor);
    Party plain = monitor.joinReady();
    happens("STOP");
    assertEquals(List.of(), none.gist());
    assertEquals(List.of("event STOP"), all.gist());
    assertEquals(List.of("event STOP"), plain.gist());
  }

  @Test
  @DisplayName("10: from each event's cursor on, the others follow: none twice, none missing")
  void rule10_sinceEachEvent() {
    Party client = subscribed(monitor);
    List<String> cursors = new ArrayList<>();
    cursors.add(answer(client, "").get("cursor").asString());
    happens("E0", "E1", "E2", "E3");
    client.lines().forEach(each -> cursors.add(cursor(each)));
    client.leave();
    happens("E4");
    List<String> all = List.of("event E0", "event E1", "event E2", "event E3", "event E4");
    for (int i = 0; i < cursors.size(); i++) {
      assertEquals(all.subList(i, all.size()), resumed(cursors.get(i)));
    }
  }

  @Test
  @DisplayName("10: what is replayed comes right behind the answer, then what is new")
  void rule10_oldThenNew() {
    Party first = monitor.joinReady();
    String start = answer(first, "").get("cursor").asString();
    happens("E0", "E1");
    Party client = monitor.joinReady();
    client.send(subscribe(since(start)) + "{\"execute\":\"a\",\"id\":1}");
    happens("E2");
    monitor.answer(monitor.next());
    assertEquals(
        List.of("return \"s\"", "event E0", "event E1", "event E2", "return 1"), client.gist());
  }

  @Test
  @DisplayName("10: it begins when its turn to be answered has come; until then events are plain")
  void rule10_inTurn() {
    Party first = monitor.joinReady();
    String start = answer(first, "").get("cursor").asString();
    happens("E0");
    Party client = monitor.joinReady();
    client.execute("slow", 1);
    client.send(subscribe(since(start)));
    client.execute("next", 2);
    List<Sent> sent = monitor.sent();
    happens("E1");
    assertEquals(List.of("event E1"), client.gist());
    monitor.answer(sent.get(0));
    happens("E2");
    monitor.answer(sent.get(1));
    List<String> lines = client.lines();
    assertEquals(
        List.of("return 1", "return \"s\"", "event E0", "event E1", "event E2", "return 2"),
        lines.stream().map(Json::gist).toList());
    assertTrue(lines.get(4).contains("__org.qmpkit_cursor"), lines.get(4));
  }

  @Test
  @DisplayName("10: the answer's cursor is that of the newest event, whatever the filter")
  void rule10_answersCursor() {
    Party client = monitor.joinReady();
    answer(client, "\"events\":[\"STOP\"]");
    happens("STOP", "RESUME");
    String stop = cursor(client.line());
    JsonNode again = answer(client, "\"events\":[\"STOP\"]," + since(stop));
    assertEquals(0, again.get("replayed").asInt());
    assertEquals(List.of("event RESUME"), resumed(stop));
    assertEquals(List.of(), resumed(again.get("cursor").asString()));
  }

  @Test
  @DisplayName("10: the filter holds for what is replayed too")
  void rule10_filterOfOld() {
    String start = answer(monitor.joinReady(), "").get("cursor").asString();
    happens("STOP", "RESUME", "STOP");
    Party client = monitor.joinReady();
    client.send(subscribe("\"events\":[\"STOP\"]," + since(start)));
    assertEquals(List.of("return \"s\"", "event STOP", "event STOP"), client.gist());
  }

  @Test
  @DisplayName("10: nothing is kept of what was before the first subscription")
  void rule10_firstSubscription() {
    happens("BEFORE");
    String start = answer(monitor.joinReady(), "").get("cursor").asString();
    assertEquals(List.of(), resumed(start));
    happens("AFTER");
    assertEquals(List.of("event AFTER"), resumed(start));
  }

  @Test
  @DisplayName("10: past so many events the oldest are lost, and one event tells how many")
  void rule10_lostByNumber() {
    SharedMonitor few = new SharedMonitor(Limits.DEFAULT.withHistory(3, MIB)).ready();
    Party client = few.joinReady();
    String start = answer(client, "").get("cursor").asString();
    for (int i = 0; i < 5; i++) {
      few.qemu(SharedMonitor.event("E" + i));
    }
    List<String> cursors = client.lines().stream().map(SubscribeTest::cursor).toList();
    Party late = few.joinReady();
    late.send(subscribe("\"events\":[\"E3\"]," + since(start)));
    List<String> lines = late.lines();
    assertEquals(
        List.of("return \"s\"", "event __ORG.QMPKIT_LOST", "event E3"),
        lines.stream().map(Json::gist).toList());
    JsonNode answer = Json.parse(lines.getFirst()).get("return");
    assertTrue(answer.get("lost").asBoolean());
    assertEquals(2, answer.get("replayed").asInt());
    JsonNode lost = Json.parse(lines.get(1));
    assertEquals(2, lost.at("/data/events").asInt());
    assertEquals(-1, lost.at("/timestamp/seconds").asInt());
    assertEquals(cursors.get(1), cursor(lines.get(1)), "as if the lost ones had come");
    Party inTime = few.joinReady();
    assertEquals(3, answerAndRest(inTime, cursors.get(1)).size() - 1);
    assertFalse(lost(answerAndRest(few.joinReady(), cursors.get(1)).getFirst()));
    List<String> lostOne = answerAndRest(few.joinReady(), cursors.get(0));
    assertTrue(lost(lostOne.getFirst()));
    assertEquals(1, Json.parse(lostOne.get(1)).at("/data/events").asInt());
  }

  private static List<String> answerAndRest(Party client, String cursor) {
    client.send(subscribe(since(cursor)));
    return client.lines();
  }

  @Test
  @DisplayName(
      "10: what is kept has a bound in bytes, on an account of all routes; then it is gone")
  void rule10_lostByBytes() {
    Backlog backlog = new Backlog(64 << 20, 64 << 20, 3 * MIB / 2);
    SharedMonitor big = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    SharedMonitor small = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    String bigStart = answer(big.joinReady(), "").get("cursor").asString();
    String smallStart = answer(small.joinReady(), "").get("cursor").asString();
    for (int i = 0; i < 40; i++) {
      big.qemu(SharedMonitor.event("B" + i, 100_000));
      big.parties.getFirst().lines();
      assertTrue(backlog.history() <= MIB, "" + backlog.history());
    }
    for (int i = 0; i < 8; i++) {
      small.qemu(SharedMonitor.event("S" + i, 80_000));
      assertTrue(backlog.history() <= 3 * MIB / 2, "" + backlog.history());
    }
    List<String> ofSmall = answerAndRest(small.joinReady(), smallStart);
    assertFalse(lost(ofSmall.getFirst()), "the one with the most loses its oldest");
    assertEquals(9, ofSmall.size());
    List<String> ofBig = answerAndRest(big.joinReady(), bigStart);
    assertTrue(lost(ofBig.getFirst()));
    int had = Json.parse(ofBig.get(1)).at("/data/events").asInt() + ofBig.size() - 2;
    assertEquals(40, had, "kept and lost are all there were");
    assertEquals("event B39", Json.gist(ofBig.getLast()));
    big.broker.end();
    small.broker.end();
    assertEquals(0, backlog.history());
  }

  @Test
  @DisplayName(
      "10: an event that is longer than all that may be kept is passed on, and lost to later")
  void rule10_tooLongToKeep() {
    Party client = subscribed(monitor);
    String start = answer(client, "").get("cursor").asString();
    happens("E0");
    monitor.qemu(SharedMonitor.event("HUGE", 2 * MIB));
    happens("E2");
    List<String> lines = client.lines();
    assertEquals(3, lines.size());
    assertEquals(List.of("event __ORG.QMPKIT_LOST", "event E2"), resumed(start));
    assertEquals(List.of("event E2"), resumed(cursor(lines.get(1))));
  }

  @Test
  @DisplayName("10: when QEMU is lost, who comes back hears that events may be missing")
  void rule10_qemuLost() {
    Party client = subscribed(monitor);
    String start = answer(client, "").get("cursor").asString();
    happens("E0");
    String afterFirst = cursor(client.line());
    monitor.lose("it crashed");
    assertEquals(List.of(), client.lines(), "the end is all it gets, as from QEMU");
    monitor.lose("it is not there");
    monitor.ready();
    happens("E1");
    assertEquals(List.of("event E0", "event __ORG.QMPKIT_LOST", "event E1"), resumed(start));
    assertEquals(List.of("event __ORG.QMPKIT_LOST", "event E1"), resumed(afterFirst));
    List<String> lines = answerAndRest(monitor.joinReady(), afterFirst);
    assertFalse(Json.parse(lines.get(1)).get("data").has("events"), "how many is not known");
    assertEquals(List.of("event E1"), resumed(cursor(lines.get(1))));
  }

  @Test
  @DisplayName("10: a QEMU that comes and goes costs one gap, and nobody misses that it did")
  void rule10_flapping() {
    String start = answer(monitor.joinReady(), "").get("cursor").asString();
    monitor.lose("once");
    monitor.ready();
    List<String> lines = answerAndRest(monitor.joinReady(), start);
    for (int i = 0; i < 10; i++) {
      monitor.lose("again");
      monitor.ready();
    }
    assertEquals(List.of("event __ORG.QMPKIT_LOST"), resumed(start));
    assertEquals(List.of("event __ORG.QMPKIT_LOST"), resumed(cursor(lines.getLast())));
  }

  @Test
  @DisplayName("10: how many are lost is not told where QEMU was lost among them")
  void rule10_gapIsLostToo() {
    SharedMonitor few = new SharedMonitor(Limits.DEFAULT.withHistory(2, MIB)).ready();
    String start = answer(few.joinReady(), "").get("cursor").asString();
    few.lose("it crashed");
    few.ready();
    for (int i = 0; i < 5; i++) {
      few.qemu(SharedMonitor.event("E" + i));
    }
    List<String> lines = answerAndRest(few.joinReady(), start);
    assertEquals(4, lines.size());
    assertFalse(Json.parse(lines.get(1)).get("data").has("events"));
  }

  @Test
  @DisplayName("10: when QEMU greets anew on its connection, subscribers stay and hear of the gap")
  void rule10_restarted() {
    Party client = monitor.joinReady();
    answer(client, "\"events\":[\"STOP\"]");
    Party plain = monitor.joinReady();
    monitor.restart(SharedMonitor.GREETING);
    monitor.answerFence();
    happens("STOP");
    assertEquals(List.of("event __ORG.QMPKIT_LOST", "event STOP"), client.gist());
    assertEquals(List.of("event STOP"), plain.gist());
  }

  @Test
  @DisplayName("10: a cursor of another helper or route: all that is kept, and word of the gap")
  void rule10_otherEpoch() {
    Party client = subscribed(monitor);
    happens("E0");
    client.lines();
    assertEquals(List.of("event __ORG.QMPKIT_LOST", "event E0"), resumed("0123456789abcdef-7"));
  }

  @Test
  @DisplayName("10: two routes have cursors of their own")
  void rule10_epochs() {
    Backlog backlog = new Backlog(64 << 20);
    java.util.Random random = new java.util.Random(1);
    Ring one = new Ring(random.nextLong(), 1, 1, backlog);
    Ring other = new Ring(random.nextLong(), 1, 1, backlog);
    assertNotEquals(one.newest().toString(), other.newest().toString());
    assertEquals(one.newest(), Cursor.parse(one.newest().toString()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "event":[] | Parameter 'event' is unexpected
          "events":"STOP" | Invalid parameter type for 'events', expected: array
          "events":null | Invalid parameter type for 'events', expected: array
          "events":["STOP",1] | Invalid parameter type for 'events[1]', expected: string
          "events":[""] | Parameter 'events[0]' expects an event's name, or how names begin and '*'
          "events":["S*P"] | Parameter 'events[0]' expects an event's name, or how names begin and '*'
          "events":["ST OP"] | Parameter 'events[0]' expects an event's name, or how names begin and '*'
          "since":7 | Invalid parameter type for 'since', expected: string
          "since":"" | Parameter 'since' expects a cursor that this socket has given
          "since":"0123456789ABCDEF-1" | Parameter 'since' expects a cursor that this socket has given
          "since":"0123456789abcdef-1234567890123456789" | Parameter 'since' expects a cursor that this socket has given
          "since":"\\u2603" | Parameter 'since' expects a cursor that this socket has given
          """)
  @DisplayName("10: arguments are checked as QEMU checks its own, and what was goes on")
  void rule10_arguments(String arguments, String desc) {
    Party client = monitor.joinReady();
    answer(client, "\"events\":[\"STOP\"]");
    client.send(subscribe(arguments));
    String line = client.line();
    assertEquals("GenericError \"s\"", Json.gist(line));
    assertEquals(desc, Json.desc(line));
    happens("STOP", "RESUME");
    assertEquals(List.of("event STOP"), client.gist());
  }

  @Test
  @DisplayName("10: a cursor that is still to come was given to nobody")
  void rule10_cursorOfTheFuture() {
    Party client = subscribed(monitor);
    happens("E0");
    String cursor = cursor(client.line());
    client.send(subscribe(since(cursor.substring(0, cursor.length() - 1) + "2")));
    assertEquals("GenericError \"s\"", Json.gist(client.line()));
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 65})
  @DisplayName("10: at most 64 names")
  void rule10_names(int count) {
    Party client = monitor.joinReady();
    client.send(subscribe("\"events\":[" + "\"E\",".repeat(count - 1) + "\"F\"]"));
    String line = client.line();
    assertEquals(count <= 64 ? "return \"s\"" : "GenericError \"s\"", Json.gist(line));
    if (count > 64) {
      assertEquals("Parameter 'events' expects at most 64 names", Json.desc(line));
    }
  }

  @Test
  @DisplayName("2: it is a command like others: after negotiation only, and not out of band")
  void rule02_afterNegotiation() {
    Party early = monitor.join();
    early.send(subscribe(""));
    assertEquals(List.of("greeting", "CommandNotFound \"s\""), early.gist());
    Party oob = monitor.joinReady("\"oob\"");
    oob.send("{\"exec-oob\":\"__org.qmpkit_subscribe\",\"id\":1}");
    assertEquals(List.of("GenericError 1"), oob.gist());
    happens("STOP");
    assertFalse(oob.line().contains("cursor"));
    assertEquals(List.of(), monitor.sent(), "QEMU sees nothing of it");
  }

  @Test
  @DisplayName("9: who has not read enough is not replayed more; who reads first is")
  void rule09_replayFits() {
    SharedMonitor tight =
        new SharedMonitor(
                new Limits(
                    MIB,
                    MIB,
                    64,
                    100_000,
                    100_000,
                    java.time.Duration.ofSeconds(10),
                    32,
                    java.time.Duration.ofSeconds(5),
                    0,
                    Deadlines.NONE,
                    100,
                    100_000))
            .ready();
    Party client = tight.joinReady();
    String start = answer(client, "").get("cursor").asString();
    tight.qemu(SharedMonitor.event("BIG", 60_000));
    client.lines();
    client.send(subscribe(since(start)) + subscribe(since(start)));
    List<String> lines = client.lines();
    assertEquals(
        List.of("return \"s\"", "event BIG", "GenericError \"s\""),
        lines.stream().map(Json::gist).toList());
    assertTrue(
        Json.desc(lines.getLast()).startsWith("qmpkit: refused: the events since then have 6"));
    assertNull(client.client.cutReason());
    client.send(subscribe(since(start)));
    assertEquals(List.of("return \"s\"", "event BIG"), client.gist());
  }

  @Test
  @DisplayName("9: a subscriber that does not read is cut like any; its cursor brings it the rest")
  void rule09_deafSubscriber() {
    Party client = subscribed(monitor);
    happens("E0");
    String cursor = cursor(client.line());
    for (int i = 0; client.client.cutReason() == null; i++) {
      monitor.qemu(SharedMonitor.event("FLOOD" + i, 60_000));
    }
    client.assertCut("does not read its events");
    List<String> rest = resumed(cursor);
    assertEquals("event __ORG.QMPKIT_LOST", rest.getFirst());
    assertTrue(rest.size() > 10, rest::toString);
  }

  @Test
  @DisplayName("18: an event with a cursor is none of QEMU's")
  void rule18_forgedCursor() {
    Party client = subscribed(monitor);
    String event = SharedMonitor.event("STOP");
    monitor.qemu(event.substring(0, event.length() - 1) + ", \"__org.qmpkit_cursor\": \"x\"}");
    assertNotNull(monitor.broker.broken());
    assertEquals(List.of(), client.lines());
  }

  @Test
  @DisplayName("10: an event's name of any length reaches those who want all")
  void rule10_longName() {
    Party client = subscribed(monitor);
    Party some = monitor.joinReady();
    answer(some, "\"events\":[\"N*\"]");
    happens("N".repeat(1022), "N".repeat(1023));
    assertEquals(2, client.lines().size());
    assertEquals(1, some.lines().size());
  }

  @Test
  @DisplayName("21: when the route is over, nothing is kept for it")
  void rule21_routeOver() {
    Backlog backlog = new Backlog(64 << 20);
    SharedMonitor one = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    subscribed(one);
    one.qemu(SharedMonitor.event("STOP"));
    assertTrue(backlog.history() > 0);
    one.raw(
        ("{\"return\": \"" + "x".repeat(10_000))
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    assertTrue(backlog.half() > 0);
    one.broker.end();
    assertEquals(0, backlog.history());
    assertEquals(0, backlog.half());
  }
}
