package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;
import tools.jackson.databind.JsonNode;

/** What each side may cost: who is behind, what is too long, how much half messages may hold. */
final class BudgetTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  private static String text(int bytes) {
    return "\"" + "x".repeat(bytes) + "\"";
  }

  // ---- clients that fall behind

  @Test
  void whoDoesNotReadIsSlowThenStalledThenCut() {
    SharedMonitor monitor = new SharedMonitor().ready();
    Party deaf = monitor.joinReady();
    deaf.execute("query-qmp-schema", 1);
    monitor.answer(monitor.next(), text(2 * MIB));
    assertBehind(monitor, deaf, "slow");
    assertEquals(1, notes(monitor, "DEBUG client 1 slow: 20971"));
    monitor.pass(Duration.ofMillis(2_500));
    assertBehind(monitor, deaf, "stalled");
    assertEquals(2.5, monitor.status().path("behind").get(0).path("seconds").asDouble());
    assertEquals(1, notes(monitor, "WARNING client 1 stalled: it took nothing for 2.5 s: 20971"));
    monitor.pass(Duration.ofMillis(7_499));
    assertNull(deaf.client.cutReason());
    monitor.pass(Duration.ofMillis(1));
    deaf.assertCut("no progress for 10.0 s");
    assertEquals(0, monitor.status().path("behind").size());
  }

  @Test
  void toHaveTakenNothingIsNoProgress() {
    SharedMonitor monitor = new SharedMonitor().ready();
    Party deaf = monitor.joinReady();
    monitor.qemu(SharedMonitor.event("LONG", 2 * MIB));
    monitor.pass(Duration.ofSeconds(9));
    monitor.broker.wrote(deaf.client, 0, monitor.now());
    monitor.pass(Duration.ofSeconds(1));
    deaf.assertCut("no progress for 10.0 s");
  }

  @Test
  void whoReadsAgainHasRecovered() {
    SharedMonitor monitor = new SharedMonitor().ready();
    Party late = monitor.joinReady();
    late.execute("query-qmp-schema", 1);
    monitor.answer(monitor.next(), text(2 * MIB));
    monitor.pass(Duration.ofSeconds(3));
    late.lines();
    assertEquals(0, monitor.status().path("behind").size());
    assertEquals(1, notes(monitor, "INFO client 1 recovered after 3.0 s"));
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  @Tag("big")
  void whoIsSlowForAMomentIsNoNewsToAnOperator() {
    SharedMonitor monitor = new SharedMonitor().ready();
    Party client = monitor.joinReady();
    int before = notes(monitor, "INFO");
    for (int i = 0; i < 100; i++) {
      client.execute("query-qmp-schema", i);
      monitor.answer(monitor.next(), text(2 * MIB));
      client.lines();
    }
    assertEquals(before, notes(monitor, "INFO"));
    assertEquals(0, notes(monitor, "WARNING"));
    assertEquals(100, notes(monitor, "DEBUG client 1 slow: 20971"));
  }

  private static void assertBehind(SharedMonitor monitor, Party who, String state) {
    JsonNode behind = monitor.status().path("behind");
    assertEquals(1, behind.size());
    assertEquals(who.client.name(), behind.get(0).path("client").asString(""));
    assertEquals(state, behind.get(0).path("state").asString(""));
    assertEquals(who.client.outbox().size(), behind.get(0).path("bytes").asLong());
  }

  private static int notes(SharedMonitor monitor, String beginning) {
    return (int) monitor.notes.stream().filter(each -> each.startsWith(beginning)).count();
  }

  // ---- the longest answer that clients are passed

  @Test
  void anAnswerOverTheLimitBecomesAnErrorThatSaysSo() {
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT.withReply(MIB)).ready();
    Party client = monitor.joinReady();
    client.execute("query-block", 7);
    client.execute("query-name", 8);
    List<Sent> sent = monitor.sent();
    monitor.answer(sent.getFirst(), text(MIB));
    monitor.answer(sent.getLast());
    List<String> lines = client.lines();
    assertEquals(List.of("GenericError 7", "return 8"), lines.stream().map(Json::gist).toList());
    assertEquals(
        "qmpkit: refused: the answer to 'query-block' has 1048601 bytes, and clients of this"
            + " socket are passed at most 1048576",
        Json.desc(lines.getFirst()));
  }

  @Test
  void anAnswerOfJustTheLimitPasses() {
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT.withReply(1000)).ready();
    Party client = monitor.joinReady();
    int around = "{\"return\": \"\", \"id\": 1}\r\n".length();
    client.execute("a", 1);
    monitor.answer(monitor.next(), text(1000 - around));
    client.execute("b", 2);
    monitor.answer(monitor.next(), text(1001 - around));
    assertEquals(List.of("return 1", "GenericError 2"), client.gist());
  }

  @Test
  void anEventOverTheLimitIsDroppedAndCounted() {
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT.withReply(1000)).ready();
    Party client = monitor.joinReady();
    monitor.qemu(SharedMonitor.event("LONG", 1000));
    monitor.qemu(SharedMonitor.event("STOP"));
    assertEquals(List.of("event STOP"), client.gist());
    assertEquals(1, monitor.status().path("dropped").asInt());
  }

  // ---- half messages of QEMU

  private static byte[] half(int bytes) {
    return ("{\"return\": \"" + "x".repeat(bytes)).getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void halfMessagesOfAllQemusHaveOneBudgetAndTheLongestGoesFirst() {
    Backlog backlog = new Backlog(64 << 20, 4 << 20, 16 << 20);
    SharedMonitor first = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    SharedMonitor longest = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    SharedMonitor last = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    first.raw(half(MIB));
    longest.raw(half(2 * MIB));
    assertNull(longest.broker.broken());
    last.raw(half(3 * MIB / 2));
    String why = longest.broker.broken();
    assertNotNull(why);
    assertTrue(why.contains("half messages of all QEMUs"), why);
    assertEquals(1, longest.attention());
    assertNull(first.broker.broken());
    assertNull(last.broker.broken());
    long left = backlog.half();
    assertTrue(left <= 4 << 20);
    longest.raw(half(MIB));
    assertEquals(left, backlog.half(), "a broken session takes no more");
    assertNull(last.broker.broken());
  }

  @Test
  void aFaultOfQemuEndsTheSessionAtOnceHoweverMuchIsToFollow() {
    SharedMonitor monitor = new SharedMonitor().ready();
    monitor.raw("{\"return\": [1, ]".getBytes(StandardCharsets.US_ASCII));
    String why = monitor.broker.broken();
    assertNotNull(why);
    assertTrue(why.contains("expecting value"), why);
  }

  @Test
  void whatEndedOrWasLostCountsNoMore() {
    Backlog backlog = new Backlog(64 << 20, 64 << 20, 16 << 20);
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    monitor.raw(half(MIB));
    assertTrue(backlog.half() >= MIB);
    monitor.qemu("\", \"id\": \"nobody's\"}");
    assertEquals(0, backlog.half());
    monitor.raw(half(MIB));
    monitor.lose("it ended");
    assertEquals(0, backlog.half());
    assertThrows(IllegalArgumentException.class, () -> new Backlog(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Backlog(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Backlog(1, 1, 0));
  }

  @Test
  void aLongKeyCountsWithAllThatIsRememberedOfIt() {
    SharedMonitor monitor = new SharedMonitor().ready();
    // One wide character makes the others wide, too, while they are kept.
    monitor.raw(("{\"\u2603" + "x".repeat(400_000)).getBytes(StandardCharsets.UTF_8));
    monitor.pass(Duration.ofSeconds(30));
    String why = monitor.broker.broken();
    assertNotNull(why);
    assertTrue(why.contains("did not end within 30 s"), why);
  }

  @Test
  void aLongMessageMustEndWithinHalfAMinute() {
    Backlog backlog = new Backlog(64 << 20);
    SharedMonitor monitor = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    monitor.raw(half(MIB));
    for (int i = 0; i < 29; i++) {
      monitor.pass(Duration.ofSeconds(1));
      monitor.raw(new byte[] {'x'});
    }
    assertNull(monitor.broker.broken());
    monitor.pass(Duration.ofSeconds(1));
    String why = monitor.broker.broken();
    assertNotNull(why);
    assertTrue(why.contains("did not end within 30 s"), why);
    assertEquals(0, backlog.half());
  }

  @Test
  void aShortOneMayRestAsLongAsItLikes() {
    SharedMonitor monitor = new SharedMonitor().ready();
    monitor.raw(half(512 * KIB));
    monitor.pass(Duration.ofDays(1));
    assertNull(monitor.broker.broken());
  }

  /** Room is made for as long a message as the last one was. */
  @Test
  void aShortOneMayRestBehindALongOne() {
    SharedMonitor monitor = new SharedMonitor().ready();
    monitor.joinReady().execute("query-qmp-schema", 1);
    monitor.answer(monitor.next(), text(2 * MIB));
    monitor.raw(half(256 * KIB));
    monitor.raw("x".repeat(256 * KIB).getBytes(StandardCharsets.US_ASCII));
    monitor.pass(Duration.ofDays(1));
    assertNull(monitor.broker.broken());
  }

  @Test
  void oneLongMessageAfterTheOtherIsNoReasonToEnd() {
    SharedMonitor monitor = new SharedMonitor().ready();
    for (int i = 0; i < 10; i++) {
      monitor.raw(half(2 * MIB));
      monitor.pass(Duration.ofSeconds(20));
      monitor.qemu("\", \"id\": 0}");
    }
    assertNull(monitor.broker.broken());
  }
}
