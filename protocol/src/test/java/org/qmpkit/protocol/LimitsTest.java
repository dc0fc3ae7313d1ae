package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** The limits of docs/ARCHITECTURE, each at its value. */
final class LimitsTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  private final SharedMonitor monitor = new SharedMonitor();

  private static long allocated(Runnable work) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    work.run();
    return threads.getCurrentThreadAllocatedBytes() - before;
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
  void errorsThatNobodyReadsStopTheReading() {
    Party client = monitor.ready().joinReady();
    byte[] bad = "}".repeat(100_000).getBytes(StandardCharsets.US_ASCII);
    assertTrue(client.offer(bad, 100) < 50_000);
    assertTrue(client.client.outbox().size() < MIB + 10_000);
    assertNull(client.client.cutReason());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"", "{'", "{\"\\x", "{\"\\ud800x", "[\"", "[tru", "[1,", "{\"a\":0.1", "{1"})
  void aMessagePastTheCapIsDiscardedAsItStreams(String start) {
    Party client = monitor.ready().joinReady();
    for (String filler : List.of("y", "'", "\u007f", "é", "\\u0041", "[", "1", ",")) {
      byte[] chunk = filler.repeat(64 * KIB / filler.length()).getBytes(StandardCharsets.UTF_8);
      client.send("\u0001\n" + start);
      long allocated =
          allocated(() -> {
            for (int i = 0; i < 4 * MIB / chunk.length; i++) {
              client.send(chunk);
            }
          });
      assertTrue(client.lines().size() <= 4);
      assertTrue(
          allocated < 7 * MIB, () -> start + filler + "… took " + allocated + " bytes of memory");
    }
  }

  @Test
  void theBiggestClientOfAllBrokersIsCutFirstWhen64MibWait() {
    Backlog backlog = new Backlog(64 << 20);
    SharedMonitor left = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    SharedMonitor right = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    List<Party> clients = new ArrayList<>();
    for (int i = 0; i < 18; i++) {
      SharedMonitor side = i % 2 == 0 ? left : right;
      clients.add(side.joinReady());
      fill(side, clients.get(i), i == 4 ? 3600 * KIB : 3500 * KIB);
    }
    assertTrue(clients.stream().noneMatch(each -> each.client.finished()));
    assertTrue(backlog.used() > 61L * MIB, "" + backlog.used());
    // What overdraws the account is the right one's; the biggest is the left one's.
    Party last = right.joinReady();
    fill(right, last, 3000 * KIB);
    clients.get(4).assertCut("hold too much");
    assertEquals(1, left.attention());
    assertEquals(0, right.attention());
    assertTrue(left.changed().contains(clients.get(4).client.name()));
    assertEquals(17, clients.stream().filter(each -> !each.client.finished()).count());
    assertFalse(last.client.finished());
    assertTrue(backlog.used() <= 64L * MIB);
    assertEquals(8, left.broker.clients());
  }

  private static void fill(SharedMonitor monitor, Party party, int bytes) {
    party.execute("x");
    for (Sent sent : monitor.sent()) {
      monitor.answer(sent, "\"" + "y".repeat(bytes) + "\"");
    }
  }

  @Test
  void theAccountOfAllOutboxesIsSettledEvenWhileQemuIsSilent() {
    Backlog backlog = new Backlog(MIB);
    SharedMonitor quiet = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    List<Party> clients = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Party client = quiet.joinReady();
      clients.add(client);
      client.send("}".repeat(4000));
      assertTrue(backlog.used() <= MIB, "" + backlog.used());
    }
    assertTrue(clients.stream().anyMatch(each -> each.client.finished()));
    for (Party each : clients) {
      each.leave();
    }
    assertEquals(0, backlog.used());
  }

  @Test
  void theAccountIsEvenWhenEverybodyHasReadOrLeft() {
    Backlog backlog = new Backlog(64 << 20);
    SharedMonitor one = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    Party reader = one.joinReady();
    Party leaver = one.joinReady();
    Party cut = one.joinReady();
    for (int i = 0; i < 10; i++) {
      one.qemu(SharedMonitor.event("STOP", 500 * KIB));
      reader.lines();
      if (i == 5) {
        leaver.leave();
        leaver.leave();
      }
    }
    cut.assertCut("does not read");
    cut.leave();
    assertEquals(0, backlog.used());
  }

  @Test
  void halfMessagesAreOnTheAccountToo() {
    Backlog backlog = new Backlog(4 * MIB);
    SharedMonitor quiet = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    Party small = quiet.joinReady();
    List<Party> hoarders = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Party hoarder = quiet.joinReady();
      hoarders.add(hoarder);
      hoarder.send("{\"execute\":\"" + "x".repeat(900 * KIB));
      assertTrue(backlog.used() <= 4 * MIB, "" + backlog.used());
    }
    hoarders.getFirst().assertCut("hold too much");
    assertFalse(hoarders.getLast().client.finished());
    assertFalse(small.client.finished());
    for (Party each : hoarders) {
      each.leave();
    }
    assertEquals(0, backlog.used());
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
    assertEquals(32, monitor.broker.clients());
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

  @Test
  void manyThousandMembersOfAHostileQemuAreNotRemembered() {
    monitor.ready();
    StringBuilder text = new StringBuilder("{\"a\": 1");
    for (int i = 0; i < 400_000; i++) {
      text.append(", \"").append(i).append("\": 1");
    }
    byte[] bytes = text.append('}').toString().getBytes(StandardCharsets.US_ASCII);
    long allocated = allocated(() -> monitor.raw(bytes));
    assertTrue(allocated < 10 * MIB, "took " + allocated + " bytes of memory");
    assertNotNull(monitor.broker.broken());
  }

  @Test
  void aGreetingOfAnyLengthIsNotHandedToClients() {
    monitor.connect();
    monitor.qemu(SharedMonitor.GREETING.replace("Debian", "D".repeat(MIB)));
    assertEquals("", monitor.status().get("qemu").stringValue());
    assertEquals(List.of(), monitor.sent());
    monitor.qemu(SharedMonitor.GREETING.replace("Debian", "D".repeat(1000)));
    monitor.answerFence();
    assertTrue(monitor.broker.ready());
  }

  @Test
  void aLimitNamesItselfWhenItIsRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Limits.DEFAULT.withMessages(0, 1))
            .getMessage();
    assertEquals("clientMessage (0) must be positive, in bytes", message);
    assertThrows(IllegalArgumentException.class, () -> Limits.DEFAULT.withMessages(1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Backlog(0));
    assertThrows(IllegalArgumentException.class, () -> new Scanner(Dialect.QEMU_INPUT, 0));
  }
}
