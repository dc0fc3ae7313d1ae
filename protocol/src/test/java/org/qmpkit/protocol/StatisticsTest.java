package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;
import tools.jackson.databind.JsonNode;

/** Clients that sample QEMU's disks, as libxenstat does: one answer to one query, and at once. */
final class StatisticsTest {
  private static final Duration MOMENT = Duration.ofNanos(1);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final List<String> BOTH = List.of("query-blockstats", "query-block");
  private static final String STATS = "[{\"device\": \"a\"}]";
  private static final String BLOCKS = "[{\"inserted\": {}}]";

  private SharedMonitor monitor = new SharedMonitor();

  /** A client that has negotiated, while QEMU is asked both. */
  private Party sampler() {
    Party client = monitor.joinForStatistics();
    client.execute("qmp_capabilities");
    assertEquals(List.of(SharedMonitor.GREETING, "{\"return\": {}}"), client.lines());
    return client;
  }

  /** QEMU answers what it was asked when the first client came. */
  private void answerBoth() {
    List<Sent> asked = monitor.sent();
    assertEquals(BOTH, asked.stream().map(Sent::name).toList());
    monitor.answer(asked.getFirst(), STATS);
    monitor.answer(asked.getLast(), BLOCKS);
  }

  private Party served() {
    monitor.ready();
    Party client = sampler();
    answerBoth();
    return client;
  }

  private static String desc(String line) {
    return Json.parse(line).at("/error/desc").asString("");
  }

  @Test
  void greetingAndCapabilitiesNeedNobody() {
    monitor.ready();
    assertEquals(List.of(), sampler().lines());
  }

  @Test
  void qemuIsAskedWhenAClientConnectsAndAnswersAreThereWhenItAsks() {
    Party client = served();
    assertEquals(List.of(), client.lines(), "nothing comes unasked");
    client.execute("query-blockstats");
    assertEquals("{\"return\": " + STATS + "}", client.line());
    client.execute("query-block");
    assertEquals("{\"return\": " + BLOCKS + "}", client.line());
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  void qemuIsAskedAsSoonAsItIsThere() {
    Party client = monitor.joinForStatistics();
    client.send("{ \"execute\": \"qmp_capabilities\" }{ \"execute\": \"query-block\" }");
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
    monitor.ready();
    assertEquals(List.of(SharedMonitor.GREETING, "{\"return\": {}}"), client.lines());
    answerBoth();
    assertEquals("{\"return\": " + BLOCKS + "}", client.line());
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "1e3", "\"a\\u00E9\"", "{\"x\":[null]}"})
  void idsComeBackVerbatim(String id) {
    Party client = served();
    client.send("{\"execute\":\"query-block\",\"arguments\":{},\"id\":" + id + "}");
    assertEquals("{\"return\": " + BLOCKS + ", \"id\": " + id + "}", client.line());
  }

  @Test
  void anAnswerIsGoodForLessThanASecondFromWhenQemuWasAsked() {
    monitor.ready();
    Party client = sampler();
    monitor.pass(Duration.ofMillis(400));
    answerBoth();
    monitor.pass(Duration.ofMillis(600).minus(MOMENT));
    client.execute("query-blockstats");
    assertEquals(1, client.lines().size());
    monitor.pass(MOMENT);
    client.execute("query-blockstats");
    assertEquals(List.of(), client.lines());
    monitor.answer(monitor.next(), "[]");
    assertEquals("{\"return\": []}", client.line());
  }

  @Test
  void oneSecondHasOneQuestionOfEachKindHoweverManyAsk() {
    served();
    for (int i = 0; i < 20; i++) {
      monitor.pass(Duration.ofMillis(49));
      Party another = sampler();
      BOTH.forEach(another::execute);
      assertEquals(2, another.lines().size());
      another.leave();
    }
    assertEquals(List.of(), monitor.sent());
    monitor.pass(Duration.ofMillis(20));
    assertEquals(BOTH, monitor.sentNames(), "for those who came meanwhile, when it may be");
    monitor.pass(SECOND.multipliedBy(10));
    assertEquals(List.of(), monitor.sent(), "nobody has come since");
  }

  @Test
  void whoStaysAndAsksNothingCostsNothing() {
    served();
    monitor.pass(SECOND.minus(MOMENT));
    assertEquals(monitor.now() + 1, monitor.broker.deadline(), "what is old is dropped");
    monitor.pass(MOMENT);
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  void aQueryThatComesWhileOneIsUnderWayWaitsForIt() {
    monitor.ready();
    Party first = sampler();
    Party second = sampler();
    first.execute("query-block", 1);
    second.execute("query-block", 2);
    second.execute("query-block", 3);
    answerBoth();
    assertEquals(List.of("return 1"), first.gist());
    assertEquals(List.of("return 2", "return 3"), second.gist());
    assertTrue(monitor.changed().containsAll(List.of("client 1", "client 2")));
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  void answersKeepTheOrderOfTheQueries() {
    monitor.ready();
    Party client = sampler();
    client.execute("query-block", 1);
    client.execute("stop", 2);
    client.execute("query-blockstats", 3);
    List<Sent> asked = monitor.sent();
    monitor.answer(asked.getFirst(), STATS);
    assertEquals(List.of(), client.lines());
    monitor.answer(asked.getLast(), BLOCKS);
    assertEquals(List.of("return 1", "GenericError 2", "return 3"), client.gist());
  }

  @Test
  void aQueryThatQemuDoesNotAnswerFailsAfterTwoSeconds() {
    monitor.ready();
    Party client = sampler();
    client.execute("query-block", 1);
    monitor.pass(MOMENT);
    client.execute("query-block", 2);
    List<Sent> asked = monitor.sent();
    monitor.pass(SECOND.multipliedBy(2).minus(MOMENT.multipliedBy(2)));
    assertEquals(List.of(), client.lines());
    monitor.pass(MOMENT);
    String late = client.line();
    assertEquals("GenericError 1", Json.gist(late));
    assertEquals("qmpkit: timed out: QEMU did not answer query-block within 2 s", desc(late));
    assertTrue(monitor.changed().contains("client 1"));
    monitor.pass(MOMENT);
    assertEquals(List.of("GenericError 2"), client.gist());
    assertEquals(List.of(), monitor.sent(), "it is asked already");
    // What comes in the end is no stranger's, and too old to be kept.
    monitor.answer(asked.getFirst(), STATS);
    monitor.answer(asked.getLast(), BLOCKS);
    assertEquals(0, monitor.status().path("dropped").asInt(-1));
    client.execute("query-block", 3);
    assertEquals(List.of("query-block"), monitor.sentNames());
    assertEquals(List.of(), client.lines());
  }

  @Test
  void aLateAnswerIsForThoseWhoWaitAndNobodyElse() {
    monitor.ready();
    Party client = sampler();
    monitor.pass(SECOND);
    client.execute("query-block", 1);
    answerBoth();
    assertEquals(List.of("return 1"), client.gist());
    client.execute("query-block", 2);
    assertEquals(List.of(), client.lines());
    assertEquals(List.of("query-block"), monitor.sentNames());
  }

  @Test
  void anErrorOfQemuIsAnAnswer() {
    monitor.ready();
    Party client = sampler();
    client.execute("query-blockstats", 5);
    List<Sent> asked = monitor.sent();
    monitor.fail(asked.getFirst(), "not now");
    assertEquals("not now", desc(client.line()));
    client.execute("query-blockstats");
    assertEquals(
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not now\"}}", client.line());
    assertEquals(List.of(), monitor.sent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"execute\":\"stop\"",
        "\"execute\":\"query-status\"",
        "\"execute\":\"query-blockstats\",\"arguments\":{\"query-nodes\":true}",
        "\"execute\":\"__org.qmpkit_status\"",
        "\"execute\":\"__org.qmpkit_subscribe\"",
        "\"exec-oob\":\"query-block\"",
      })
  void anythingElseIsRefusedWithAReason(String command) {
    monitor.ready();
    Party client = monitor.joinForStatistics();
    client.send("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}");
    client.lines();
    answerBoth();
    client.send("{" + command + ",\"id\":4}");
    String line = client.line();
    assertEquals("GenericError 4", Json.gist(line));
    assertTrue(desc(line).startsWith("qmpkit: refused: this socket is for disk statistics"), line);
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  void noEventReachesSuchAClient() {
    Party client = served();
    Party plain = monitor.joinReady();
    monitor.qemu(SharedMonitor.event("STOP"));
    client.execute("query-block", 1);
    assertEquals(List.of("return 1"), client.gist());
    assertEquals(List.of("event STOP"), plain.gist());
  }

  @Test
  void theOnesWhoWaitHearWhenQemuIsLostAndTheNextQemuIsAskedAnew() {
    Party client = served();
    monitor.pass(SECOND);
    client.execute("query-blockstats", 1);
    monitor.sent();
    monitor.lose("it crashed");
    String line = client.line();
    assertEquals("GenericError 1", Json.gist(line));
    assertEquals("qmpkit: gone: it crashed", desc(line));
    assertTrue(client.client.finished());
    client.leave();
    monitor.pass(SECOND);
    monitor.ready();
    sampler().execute("query-block", 2);
    assertEquals(BOTH, monitor.sentNames());
  }

  @Test
  void whatQemuSaidIsForgottenWithIt() {
    served();
    monitor.lose("it crashed");
    monitor.ready();
    Party client = sampler();
    client.execute("query-block", 1);
    assertEquals(List.of(), client.lines());
    assertEquals(List.of(), monitor.sent(), "a second has not passed");
    monitor.pass(SECOND);
    answerBoth();
    assertEquals(List.of("return 1"), client.gist());
  }

  @Test
  void whatWasNotSentYetDoesNotGoToTheNextQemu() {
    monitor.ready(SharedMonitor.greeting(""));
    monitor.joinReady().execute("stop");
    monitor.joinForStatistics();
    monitor.lose("it crashed");
    monitor.ready();
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  void whoWaitsHearsWhenTheMonitorIsReopened() {
    monitor.ready();
    Party client = sampler();
    client.execute("query-block", 1);
    monitor.sent();
    monitor.restart(SharedMonitor.GREETING);
    assertEquals("qmpkit: gone: QEMU's monitor was reopened", desc(client.line()));
    client.execute("query-block", 2);
    monitor.pass(SECOND);
    assertEquals(List.of("qmp_capabilities"), monitor.sentNames(), "it is not ready");
  }

  @Test
  void anAnswerOfAnyLengthThatQemuLikesIsNotKept() {
    monitor.ready();
    Party client = sampler();
    client.execute("query-block");
    client.execute("query-blockstats");
    List<Sent> asked = monitor.sent();
    String frame = "{\"return\": \"\"}\r\n";
    String fits = "\"" + "x".repeat(Statistics.LONGEST - frame.length()) + "\"";
    monitor.answer(asked.getFirst(), fits);
    monitor.answer(asked.getLast(), fits.replaceFirst("x", "xx"));
    List<String> lines = client.lines();
    assertEquals(
        "qmpkit: refused: the answer to 'query-block' has 262145 bytes, and clients of this socket"
            + " are passed at most 262144",
        desc(lines.getFirst()));
    assertEquals("{\"return\": " + fits + "}", lines.getLast());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void norIsItCopiedForEachWhoAsks(boolean inTime) {
    monitor.ready();
    Party client = sampler();
    List<Sent> asked = monitor.sent();
    monitor.answer(asked.getFirst(), STATS);
    String queries = "{\"execute\":\"query-block\"}".repeat(60);
    String value = "\"" + "x".repeat(4 << 20) + "\"";
    byte[] answer =
        ("{\"id\": " + asked.getLast().id() + ", \"return\": " + value + "}\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    if (!inTime) {
      client.send(queries);
    }
    long heard = MemoryTest.allocated(() -> monitor.raw(answer));
    assertTrue(heard < 40 << 20, "took " + heard + " bytes of memory");
    if (inTime) {
      long taken = MemoryTest.allocated(() -> client.send(queries));
      assertTrue(taken < 2 << 20, "took " + taken + " bytes of memory");
    }
    List<String> lines = client.lines();
    assertEquals(60, lines.size());
    assertTrue(desc(lines.getFirst()).contains("has 4194320 bytes, and clients"), lines.getFirst());
  }

  @ParameterizedTest
  @ValueSource(ints = {17, 16})
  void theLimitForAnswersHoldsHereToo(int reply) {
    monitor = new SharedMonitor(Limits.DEFAULT.withReply(reply));
    monitor.ready();
    Party client = sampler();
    List<Sent> asked = monitor.sent();
    monitor.answer(asked.getFirst(), "[7]");
    client.execute("query-blockstats");
    assertEquals(reply == 17, client.line().equals("{\"return\": [7]}"), "15 bytes and a line end");
  }

  @Test
  void whoHasLeftIsNotWaitedFor() {
    monitor.ready();
    Party leaving = sampler();
    Party staying = sampler();
    leaving.execute("query-block", 1);
    staying.execute("query-block", 2);
    leaving.leave();
    answerBoth();
    assertEquals(List.of("return 2"), staying.gist());
    assertEquals(List.of(), leaving.lines());
    assertFalse(staying.client.finished());
  }

  @Test
  void whoHasLeftLeavesNoDeadline() {
    monitor.ready();
    Party leaving = sampler();
    leaving.execute("query-block", 1);
    leaving.leave();
    monitor.sent();
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  void aQuestionOfOursWaitsForItsTurnHoweverShortTheDeadlines() {
    Deadlines short_ = Deadlines.NONE.with("query-*", Duration.ofMillis(300));
    monitor = new SharedMonitor(Limits.DEFAULT.withDeadlines(short_));
    monitor.ready(SharedMonitor.greeting(""));
    Party other = monitor.joinReady();
    other.execute("slow", 9);
    Sent slow = monitor.next();
    Party client = monitor.joinForStatistics();
    client.execute("qmp_capabilities");
    client.execute("query-block", 1);
    client.lines();
    monitor.pass(Duration.ofMillis(500));
    monitor.answer(slow);
    monitor.answer(monitor.next(), STATS);
    monitor.answer(monitor.next(), BLOCKS);
    assertEquals(List.of("return 1"), client.gist());
  }

  @Test
  void theStatusSaysWhoAsks() {
    monitor.ready();
    monitor.joinForStatistics();
    JsonNode asked = monitor.status().path("in-flight").path(0);
    assertEquals("query-blockstats", asked.path("command").asString(""));
    assertEquals("this helper itself", asked.path("client").asString(""));
    assertEquals(1, monitor.status().path("clients").asInt());
  }

  @Test
  void aQuestionOfOursThatQemuDoesNotAnswerIsNobodys() {
    monitor.ready(SharedMonitor.greeting(""));
    monitor.joinForStatistics();
    Party client = monitor.joinReady();
    client.execute("stop", 1);
    monitor.pass(Duration.ofSeconds(5));
    assertEquals("qmpkit: busy: query-blockstats since 5.0 s", desc(client.line()));
    monitor.pass(Duration.ofMinutes(1));
    assertEquals(List.of(), client.lines());
  }
}
