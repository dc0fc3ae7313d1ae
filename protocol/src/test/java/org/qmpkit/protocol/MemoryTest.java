package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** That what is held for anybody is bounded, on the account of all, and let go of. */
final class MemoryTest {
  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;

  private final SharedMonitor monitor = new SharedMonitor();

  static long allocated(Runnable work) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    work.run();
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  @Test
  void whatIsKeptIsNotCopiedAgainForEachCommandOfIt() {
    Party client = monitor.ready().joinReady();
    client.send("{\"execute\":\"a\"}".repeat(20_000));
    long copied =
        allocated(() -> {
          for (int i = 0; i < 1000; i++) {
            monitor.read(Integer.MAX_VALUE);
            monitor.qemu("{\"return\": {}, \"id\": " + (i + 1) + "}");
          }
        });
    assertTrue(copied < 50 * MIB, "took " + copied + " bytes of memory");
    assertEquals(1000, client.lines().size());
  }

  @Test
  void aLongAnswerInPiecesIsHeldOnceIfTheLastWasAsLong() {
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 10 * MIB);
    assertTrue(ofAnAnswer(scanner, 200_000) > 400_000, "nothing is known before the first");
    long taken = ofAnAnswer(scanner, 200_000);
    assertTrue(taken < 250_000, "took " + taken + " bytes of memory");
  }

  @Test
  void aShortAnswerBehindAVeryLongOneTakesLittle() {
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 10 * MIB);
    ofAnAnswer(scanner, 9 * MIB);
    for (int bytes : new int[] {5_000, 20_000, 70_000}) {
      ofAnAnswer(scanner, 9 * MIB);
      long taken = ofAnAnswer(scanner, bytes);
      assertTrue(taken < 9L * bytes, bytes + " bytes took " + taken + " of memory");
    }
  }

  /** What one answer takes that comes in pieces, as it is read from a socket. */
  private static long ofAnAnswer(Scanner scanner, int bytes) {
    ByteBuffer answer = ByteBuffer.wrap(Ascii.bytes("[\"" + "x".repeat(bytes) + "\"]"));
    int end = answer.limit();
    return allocated(() -> {
      for (int to = 80_000; answer.position() < end; to += 80_000) {
        Scanned scanned = scanner.next(answer.limit(Math.min(to, end)));
        assertEquals(answer.position() == end, scanned != null);
      }
    });
  }

  @ParameterizedTest
  @Tag("big")
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
    assertEquals(10, right.changed().size(), "room is made when all were looked at");
    clients.get(4).assertCut("hold too much");
    assertEquals(1, left.attention());
    assertEquals(0, right.attention());
    assertTrue(left.changed().contains(clients.get(4).client.name()));
    assertEquals(17, clients.stream().filter(each -> !each.client.finished()).count());
    assertFalse(last.client.finished());
    assertTrue(backlog.used() <= 64L * MIB);
    assertEquals(8, left.broker.gauges().clients());
  }

  private static void fill(SharedMonitor monitor, Party party, int bytes) {
    party.execute("x");
    for (Sent sent : monitor.sent()) {
      monitor.answer(sent, "\"" + "y".repeat(bytes) + "\"");
    }
  }

  @Test
  void whoReadsIsNotCutForAnEventThatEverybodyGotAtOnce() {
    Backlog backlog = new Backlog(MIB);
    SharedMonitor one = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    List<Party> clients = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      clients.add(one.joinReady());
    }
    one.changed();
    Party reader = clients.getFirst();
    one.qemu(SharedMonitor.event("STOP", 50 * KIB));
    assertTrue(backlog.used() > MIB);
    // As a route does: it writes to each who changed, and only then is room made.
    assertEquals(List.of("event STOP"), reader.gist());
    one.changed();
    assertFalse(reader.client.finished());
    assertTrue(backlog.used() <= MIB, "" + backlog.used());
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
  void soIsWhatIsRememberedOfManyShortKeys() {
    Backlog backlog = new Backlog(4 * MIB);
    SharedMonitor quiet = new SharedMonitor(Limits.DEFAULT, backlog).ready();
    StringBuilder keys = new StringBuilder("{\"execute\":\"x\",\"arguments\":{\"\":1");
    for (int i = 0; i < 60_000; i++) {
      keys.append(",\"").append(Integer.toString(i, 36)).append("\":1");
    }
    Party frugal = quiet.joinReady();
    frugal.send(keys + "}}");
    assertEquals(1, quiet.sent().size());
    assertTrue(backlog.used() < MIB, "a whole command needs them no more");
    Party hoarder = quiet.joinReady();
    hoarder.send(keys.toString());
    hoarder.assertCut("hold too much");
    assertFalse(frugal.client.finished());
  }

  @Test
  void soAreTheCharactersOfLongOnes() {
    Backlog backlog = new Backlog(4 * MIB);
    Party client = new SharedMonitor(Limits.DEFAULT, backlog).ready().joinReady();
    StringBuilder keys = new StringBuilder("{\"execute\":\"x\",\"arguments\":{\"a\":{\"\":1");
    for (int i = 0; i < 50; i++) {
      keys.append(",\"").append(i).append("x".repeat(10 * KIB)).append("\":1");
    }
    client.send(keys.toString());
    long open = backlog.used();
    assertTrue(open > keys.length() + 50 * 20 * KIB, "" + open);
    client.send("}");
    assertTrue(backlog.used() < open - 50 * 20 * KIB, "they are let go of: " + backlog.used());
  }

  @Test
  void answersOfAHostileQemuAreNotHeldForTheirTurn() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 7; i++) {
      client.execute("x", i);
    }
    String value = "y".repeat(9 * MIB);
    List<byte[]> answers = new ArrayList<>();
    for (Sent each : monitor.sent().subList(1, 7)) {
      String answer = "{\"return\": \"" + value + "\", \"id\": " + each.id() + "}\r\n";
      answers.add(answer.getBytes(StandardCharsets.US_ASCII));
    }
    // No more can be held than was allocated.
    long allocated = allocated(() -> answers.forEach(monitor::raw));
    assertTrue(allocated < 20 * MIB, "took " + allocated + " bytes of memory");
    String why = monitor.broker.broken();
    assertNotNull(why);
    monitor.lose(why);
    assertEquals(7, client.lines().size(), "each caller hears so");
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
}
