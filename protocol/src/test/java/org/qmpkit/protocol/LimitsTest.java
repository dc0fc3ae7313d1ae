package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** The limits of docs/ARCHITECTURE, each at its value. */
final class LimitsTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  private final SharedMonitor monitor = new SharedMonitor();

  @Test
  void unaskedIsCounted() {
    Party client = monitor.ready().joinReady();
    long before = monitor.broker.gauges().unasked();
    client.execute("a", 1);
    monitor.answer(monitor.next(), "\"" + "x".repeat(1000) + "\"");
    long asked = monitor.broker.gauges().unasked() - before;
    assertTrue(asked >= 0 && asked < 10, asked + " bytes: line ends at most");
    monitor.qemu(SharedMonitor.event("STOP"));
    monitor.qemu("{\"return\": {}, \"id\": 99}");
    monitor.raw("{\"return\": \"".getBytes(StandardCharsets.US_ASCII));
    long unasked = monitor.broker.gauges().unasked() - before - asked;
    int said = SharedMonitor.event("STOP").length() + 25 + 12;
    assertTrue(unasked >= said && unasked < said + 10, unasked + " bytes of " + said);
  }

  @Test
  void after64QueuedCommandsAClientIsNotReadUntilOneIsAnswered() {
    Party client = monitor.ready().joinReady();
    byte[] many = "{\"execute\":\"a\"}".repeat(100).getBytes(StandardCharsets.US_ASCII);
    int one = many.length / 100;
    assertEquals(64 * one, client.offer(many, one));
    Sent first = monitor.sent().getFirst();
    assertFalse(client.client.wantsInput());
    monitor.answer(first);
    assertTrue(client.client.wantsInput());
    assertEquals(one, client.offer(Arrays.copyOf(many, 10 * one), one));
  }

  @Test
  void whatIsReadBeyondTheQueueIsKeptInOrderHoweverItCame() {
    Party client = monitor.ready().joinReady();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      text.append("{\"execute\":\"a\",\"id\":").append(i).append("}\n");
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
    for (int from = 0; from < bytes.length; from += 1000) {
      client.send(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 1000)));
    }
    for (List<Sent> sent = monitor.sent(); !sent.isEmpty(); sent = monitor.sent()) {
      sent.forEach(monitor::answer);
    }
    List<String> gist = client.gist();
    assertEquals(300, gist.size());
    for (int i = 0; i < 300; i++) {
      assertEquals("return " + i, gist.get(i));
    }
    assertTrue(client.client.wantsInput());
  }

  @Test
  void queuedCommandsOfMoreThanOneMessageInAllStopTheReadingToo() {
    Party client = monitor.ready().joinReady();
    String big = "{\"execute\":\"a\",\"arguments\":{\"x\":\"" + "y".repeat(300 * KIB) + "\"}}";
    byte[] bytes = big.repeat(10).getBytes(StandardCharsets.US_ASCII);
    assertEquals(4 * big.length(), client.offer(bytes, big.length()));
    monitor.answer(monitor.next());
    assertTrue(client.client.wantsInput());
  }

  @Test
  void whatAnUngreetedClientSendsIsBoundedToo() {
    Party client = monitor.join();
    byte[] many = "{\"execute\":\"a\"}".repeat(100).getBytes(StandardCharsets.US_ASCII);
    assertEquals(64 * 15, client.offer(many, 15));
    Party big = monitor.join();
    big.send("{\"execute\":\"a\",\"id\":\"" + "x".repeat(MIB - 30) + "\"}");
    assertTrue(big.client.wantsInput());
    big.send("{\"execute\":\"a\",\"id\":\"" + "x".repeat(MIB - 30) + "\"}");
    assertFalse(big.client.wantsInput());
  }

  @Test
  void whatWasAnsweredCountsNoMoreInBandOutOfBandOrEarly() {
    SharedMonitor tight = new SharedMonitor(Limits.DEFAULT.withMessages(KIB, MIB));
    Party client = tight.join();
    String argument = ",\"arguments\":{\"x\":\"" + "y".repeat(250) + "\"}}";
    client.send(("{\"execute\":\"early\"" + argument).repeat(5));
    client.send("{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}");
    tight.ready();
    for (int i = 0; i < 20; i++) {
      assertTrue(client.client.wantsInput());
      client.send((i % 2 == 0 ? "{\"exec-oob\":\"a\"" : "{\"execute\":\"a\"") + argument);
      tight.answer(tight.next());
    }
    assertEquals(27, client.lines().size());
  }

  @Test
  void commandsOutOfBandCountAsThoseInBandDo() {
    SharedMonitor few = new SharedMonitor(limits(4, MIB, MIB, 10, 32, 5)).ready();
    Party client = few.joinReady("\"oob\"");
    client.execute("a", 1);
    client.executeOob("b", 2);
    client.execute("a", 3);
    assertTrue(client.client.wantsInput());
    client.executeOob("b", 4);
    assertFalse(client.client.wantsInput());
    List<Sent> sent = few.sent();
    few.answer(sent.stream().filter(Sent::oob).findFirst().orElseThrow());
    assertTrue(client.client.wantsInput());
  }

  /** A command of so many canonical bytes. */
  private static String command(int bytes) {
    String frame = "{\"execute\":\"a\",\"id\":\"\"}";
    return frame.replace("\"\"", "\"" + "x".repeat(bytes - frame.length()) + "\"");
  }

  @Test
  void commandsThatWaitMayHaveAsManyBytesAsOneMessageTillTheReadingStops() {
    for (int last : new int[] {49, 50}) {
      SharedMonitor tight = new SharedMonitor(Limits.DEFAULT.withMessages(100, MIB)).ready();
      Party client = tight.joinReady();
      client.send(command(50) + command(last));
      assertEquals(last == 49, client.client.wantsInput());
    }
  }

  @Test
  void errorsThatWaitForTheirTurnCountAsWhatTheyAnswer() {
    SharedMonitor tight = new SharedMonitor(Limits.DEFAULT.withMessages(KIB, MIB)).ready();
    Party client = tight.joinReady();
    client.execute("slow");
    assertTrue(client.offer("}".repeat(50).getBytes(StandardCharsets.US_ASCII), 1) < 20);
    tight.answer(tight.next());
    assertTrue(client.lines().size() > 5);
    assertTrue(client.client.wantsInput());
  }

  @Test
  void anOutboxAtItsHighWaterIsNotReadForAndOneAtItsHardLimitTakesNoEvent() {
    String event = SharedMonitor.event("STOP", 200);
    int line = event.length() + 2;
    SharedMonitor tight = new SharedMonitor(limits(64, 2 * line, 4 * line, 10, 32, 5)).ready();
    Party client = tight.joinReady();
    tight.qemu(event);
    client.read(1);
    tight.qemu(event);
    assertTrue(client.client.wantsInput(), "a byte is missing");
    assertEquals(0, tight.status().get("behind").size());
    client.read(line - 1);
    tight.qemu(event);
    assertFalse(client.client.wantsInput());
    assertEquals(1, tight.status().get("behind").size());
    tight.qemu(event);
    tight.qemu(event);
    assertEquals(4L * line, client.client.outbox().size());
    assertFalse(client.client.finished());
    tight.qemu(event);
    client.assertCut("it does not read its events: " + 4 * line + " bytes wait");
  }

  @Test
  @Tag("big")
  void errorsThatNobodyReadsStopTheReading() {
    Party client = monitor.ready().joinReady();
    byte[] bad = "}".repeat(100_000).getBytes(StandardCharsets.US_ASCII);
    assertTrue(client.offer(bad, 100) < 50_000);
    assertTrue(client.client.outbox().size() < MIB + 10_000);
    assertNull(client.client.cutReason());
  }

  @Test
  void aBurstOfClientsMayNegotiateHoweverManyTheyAre() {
    monitor.ready();
    List<Party> burst = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      burst.add(monitor.join());
    }
    for (Party each : burst) {
      each.execute("qmp_capabilities");
      assertEquals(List.of("greeting", "return -"), each.gist());
    }
  }

  @Test
  void ofABurstThatNeverNegotiatesNoMoreThanThirtyTwoStay() {
    monitor.ready();
    List<Party> burst = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      burst.add(monitor.join());
    }
    monitor.pass(Duration.ofSeconds(1));
    Party next = monitor.join();
    assertEquals(32, monitor.broker.gauges().clients());
    burst.get(68).assertCut("did not negotiate");
    assertFalse(burst.get(69).client.finished());
    assertFalse(next.client.finished());
  }

  @Test
  void pastThirtyTwoClientsThatDidNotNegotiateTheOldestGoes() {
    monitor.ready();
    Party negotiated = monitor.joinReady();
    List<Party> strangers = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      strangers.add(monitor.join());
    }
    monitor.pass(Duration.ofDays(1));
    assertTrue(strangers.stream().noneMatch(each -> each.client.finished()));
    Party next = monitor.join();
    strangers.getFirst().assertCut("did not negotiate");
    assertEquals(1, strangers.stream().filter(each -> each.client.finished()).count());
    strangers.get(1).execute("qmp_capabilities");
    monitor.join();
    assertFalse(strangers.get(2).client.finished());
    assertEquals(List.of("greeting"), next.gist());
    assertFalse(negotiated.client.finished());
  }

  @Test
  void aThousandLevelsOfNestingPassAndOneMoreIsAnsweredOnce() {
    Party client = monitor.ready().joinReady();
    // The command's own two, and 1,022 more.
    String deep = "[".repeat(1022) + "]".repeat(1022);
    client.send("{\"execute\":\"a\",\"arguments\":{\"x\":" + deep + "}}");
    monitor.answer(monitor.next());
    client.send("{\"execute\":\"a\",\"arguments\":{\"x\":[" + deep + "]}}");
    client.execute("b", 2);
    monitor.answer(monitor.next());
    List<String> lines = client.lines();
    assertEquals(
        List.of("return -", "GenericError -", "return 2"), lines.stream().map(Json::gist).toList());
    assertEquals("JSON nesting depth limit exceeded", Json.desc(lines.get(1)));
  }

  @Test
  @Tag("big")
  void twoMebiTokensPassAndOneMoreIsAnsweredOnce() {
    SharedMonitor large = new SharedMonitor(Limits.DEFAULT.withMessages(8 * MIB, 8 * MIB)).ready();
    Party client = large.joinReady();
    // { "execute" : "a" , "arguments" : { "x" : [ 1 , 1 … 1 ] } }: 15 tokens and those in the list.
    int inList = (2 << 20) - 15;
    String fits =
        "{\"execute\":\"a\",\"arguments\":{\"x\":[1" + ",1".repeat((inList - 1) / 2) + "]}}";
    client.send(fits);
    large.answer(large.next());
    client.send(fits.replace("[1,", "[1,1,"));
    client.execute("b", 2);
    large.answer(large.next());
    List<String> lines = client.lines();
    assertEquals(
        List.of("return -", "GenericError -", "return 2"), lines.stream().map(Json::gist).toList());
    assertEquals("JSON token count limit exceeded", Json.desc(lines.get(1)));
  }

  @Test
  @Tag("big")
  void tenMibOfQemuPassAndOneByteMoreEndsTheSession() {
    Party client = monitor.ready().joinReady();
    client.execute("a");
    String frame = "{\"return\": \"\", \"id\": 1}";
    monitor.answer(monitor.next(), "\"" + "x".repeat(10 * MIB - frame.length()) + "\"");
    assertNull(monitor.broker.broken());
    assertEquals(1, client.lines().size());
    client.execute("a");
    monitor.answer(monitor.next(), "\"" + "x".repeat(10 * MIB - frame.length() + 1) + "\"");
    String broken = monitor.broker.broken();
    assertNotNull(broken);
    assertTrue(broken.contains("size limit"), broken);
    assertEquals(List.of(), client.lines());
  }

  /** All limits but those of messages, with one of them changed. */
  private static Limits limits(
      int queued, int high, int hard, int stall, int clients, int silence) {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        usual.clientMessage(),
        usual.qemuMessage(),
        queued,
        high,
        hard,
        Duration.ofSeconds(stall),
        clients,
        Duration.ofSeconds(silence),
        usual.reply(),
        usual.deadlines(),
        usual.history(),
        Math.min(hard, usual.historyBytes()));
  }

  private static void assertRefused(String message, Runnable limits) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, limits::run).getMessage());
  }

  @Test
  void everyLimitIsAtLeastOne() {
    limits(1, 1, 1, 1, 1, 1);
    assertRefused("queued (0) must be positive, in commands", () -> limits(0, 1, 1, 1, 1, 1));
    assertRefused("highWater (0) must be positive, in bytes", () -> limits(1, 0, 1, 1, 1, 1));
    assertRefused("stall (0) must be positive, in nanoseconds", () -> limits(1, 1, 1, 0, 1, 1));
    assertRefused("unnegotiated (0) must be positive, in clients", () -> limits(1, 1, 1, 1, 0, 1));
    assertRefused("silence (0) must be positive, in nanoseconds", () -> limits(1, 1, 1, 1, 1, 0));
    assertRefused(
        "hardLimit (1) must be at least highWater (2), in bytes", () -> limits(1, 2, 1, 1, 1, 1));
    assertRefused("reply (-1) must not be negative, in bytes", () -> Limits.DEFAULT.withReply(-1));
    Limits.DEFAULT.withHistory(1, 1);
    assertRefused(
        "history (0) must be positive, in events", () -> Limits.DEFAULT.withHistory(0, 1));
    assertRefused(
        "historyBytes (0) must be positive, in bytes", () -> Limits.DEFAULT.withHistory(1, 0));
  }

  @Test
  void aReplayMayFillAnOutboxAndNoMore() {
    int most = Limits.DEFAULT.hardLimit();
    assertEquals(most, Limits.DEFAULT.withHistory(1, most).historyBytes());
    assertRefused(
        "historyBytes (4194305) must be at most hardLimit (4194304)",
        () -> Limits.DEFAULT.withHistory(1, most + 1));
  }

  @Test
  void aLimitNamesItselfWhenItIsRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Limits.DEFAULT.withMessages(0, 1))
            .getMessage();
    assertEquals("clientMessage (0) must be positive, in bytes", message);
    assertRefused(
        "qemuMessage (0) must be positive, in bytes", () -> Limits.DEFAULT.withMessages(1, 0));
    assertEquals(2, Limits.DEFAULT.withMessages(1, 2).qemuMessage());
    assertThrows(IllegalArgumentException.class, () -> new Backlog(0));
    assertThrows(IllegalArgumentException.class, () -> new Scanner(Dialect.QEMU_INPUT, 0));
  }
}
