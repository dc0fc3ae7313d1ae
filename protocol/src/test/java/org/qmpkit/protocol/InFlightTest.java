package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** The rules of sharing about what QEMU is given at once, and who waits for it: 14 and 15. */
final class InFlightTest {
  private final SharedMonitor monitor = new SharedMonitor();

  private int dropped() {
    return monitor.status().get("dropped").intValue();
  }

  @Test
  @DisplayName("14: oob is always enabled upstream where offered, and only there")
  void rule14_enabledUpstream() {
    monitor.connect();
    monitor.qemu(SharedMonitor.GREETING);
    assertTrue(monitor.next().line().contains("\"arguments\":{\"enable\":[\"oob\"]}"));
    monitor.lose("next");
    monitor.connect();
    monitor.qemu(SharedMonitor.greeting(""));
    assertFalse(monitor.next().line().contains("arguments"));
  }

  @Test
  @DisplayName("14: exec-oob is for clients that enabled it")
  void rule14_whoEnabled() {
    monitor.ready();
    Party without = monitor.joinReady();
    Party with = monitor.joinReady("\"oob\"");
    without.executeOob("yank", 1);
    assertEquals(List.of("GenericError 1"), without.gist());
    assertEquals(List.of(), monitor.sent());
    with.executeOob("yank", 1);
    assertTrue(monitor.next().oob());
  }

  @Test
  @DisplayName("14: 7 in band in flight with oob, and one more for each that is answered")
  void rule14_seven() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 20; i++) {
      client.execute("a");
    }
    List<Sent> sent = new ArrayList<>(monitor.sent());
    assertEquals(7, sent.size());
    while (!sent.isEmpty()) {
      monitor.answer(sent.removeFirst());
      sent.addAll(monitor.sent());
      assertTrue(sent.size() <= 7);
    }
    assertEquals(20, client.lines().size());
  }

  @Test
  @DisplayName("14: 1 in band in flight without oob")
  void rule14_one() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("a");
    client.execute("b");
    monitor.answer(monitor.next());
    assertEquals("b", monitor.next().name());
  }

  @Test
  @DisplayName("14: oob goes one at a time, whoever they are of, beside 7 in band")
  void rule14_oobOneAtATime() {
    monitor.ready();
    Party one = monitor.joinReady("\"oob\"");
    Party other = monitor.joinReady("\"oob\"");
    for (int i = 0; i < 8; i++) {
      one.execute("slow");
    }
    assertEquals(7, monitor.sent().size());
    one.executeOob("a", 1);
    one.executeOob("b", 2);
    one.executeOob("c", 3);
    other.executeOob("d", 4);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Sent sent = monitor.next();
      assertTrue(sent.oob());
      names.add(sent.name());
      monitor.answer(sent);
    }
    assertEquals(List.of("a", "b", "d", "c"), names, "in turns");
    assertEquals(List.of("return 1", "return 2", "return 3"), one.gist());
    assertEquals(List.of("return 4"), other.gist());
  }

  @Test
  @DisplayName("14: a command that doesn't support oob gets QEMU's own error")
  void rule14_notSupported() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.executeOob("query-name", 1);
    monitor.fail(monitor.next(), "The command query-name does not support OOB");
    assertEquals("The command query-name does not support OOB", Json.desc(client.line()));
  }

  @Test
  @DisplayName("14: an answer in band before that to an older command ends the session")
  void rule14_outOfTurn() {
    Party one = monitor.ready().joinReady();
    Party other = monitor.joinReady();
    one.execute("a", 1);
    other.execute("b", 2);
    one.execute("c", 3);
    List<Sent> sent = monitor.sent();
    monitor.answer(sent.get(0));
    monitor.answer(sent.get(2));
    String broken = monitor.broker.broken();
    assertNotNull(broken);
    assertTrue(broken.contains("before that to an older command"), broken);
    monitor.answer(sent.get(1));
    assertEquals(List.of("return 1"), one.gist());
    assertEquals(List.of(), other.lines(), "nor what comes after");
    monitor.lose(broken);
    assertEquals(List.of("GenericError 3"), one.gist());
    assertTrue(Json.desc(other.line()).startsWith("qmpkit: gone: QEMU broke the protocol"));
  }

  @Test
  @DisplayName("14: what nobody waits for any more has its turn all the same")
  void rule14_outOfTurnOfAnOrphan() {
    Party leaver = monitor.ready().joinReady();
    Party stays = monitor.joinReady();
    leaver.execute("a", 1);
    stays.execute("b", 2);
    leaver.leave();
    monitor.answer(monitor.sent().get(1));
    assertNotNull(monitor.broker.broken());
    assertEquals(List.of(), stays.lines());
  }

  /** QEMU reads what it was sent but for so many bytes, and answers what came first. */
  private void answerFirstOf(String command, int unread) {
    Party client = monitor.ready().joinReady();
    client.execute(command, 7);
    long size = Objects.requireNonNull(monitor.broker.upstream()).size();
    monitor.read((int) size - unread);
    monitor.qemu("{\"return\": {}, \"id\": 1}");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 20, 1_000_000})
  @DisplayName("14: an answer to what was not written to QEMU ends the session")
  void rule14_notWritten(int unread) {
    answerFirstOf("a".repeat(Math.max(1, unread - 20)), unread);
    String broken = monitor.broker.broken();
    assertNotNull(broken);
    assertTrue(broken.contains("a command that was not written to it"), broken);
    assertEquals(List.of(), monitor.parties.getFirst().lines());
    monitor.lose(broken);
    assertEquals(List.of("GenericError 7"), monitor.parties.getFirst().gist());
  }

  @Test
  @DisplayName("14: nor is what was not written behind what was, out of band no more than in band")
  void rule14_laterIsNotWritten() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("a", 1);
    monitor.sent();
    client.executeOob("yank", 2);
    monitor.qemu("{\"return\": {}, \"id\": 2}");
    assertNotNull(monitor.broker.broken());
    assertEquals(List.of(), client.lines());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  @DisplayName("14: QEMU may answer at the closing brace, before it has read the line's end")
  void rule14_beforeTheLineEnd(int unread) {
    answerFirstOf("a", unread);
    assertNull(monitor.broker.broken());
    assertEquals(List.of("return 7"), monitor.parties.getFirst().gist());
  }

  @Test
  @DisplayName("15: our own ids upstream, integers, never used twice, not even over connections")
  void rule15_ownIds() {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      Party client = monitor.ready().joinReady();
      for (int j = 0; j < 10; j++) {
        client.execute("a", 1);
        Sent sent = monitor.next();
        assertNotEquals(1, sent.line().indexOf("\"id\":1,"));
        assertTrue(ids.add(sent.id()));
        monitor.answer(sent);
      }
      monitor.lose("again");
    }
    assertEquals(30, ids.size());
  }

  @Test
  @DisplayName("15: an orphan keeps its slot until QEMU answers")
  void rule15_orphan() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("snapshot");
    Sent orphan = monitor.next();
    client.leave();
    Party next = monitor.joinReady();
    next.execute("stop", 1);
    assertEquals(List.of(), monitor.sent());
    monitor.pass(Duration.ofSeconds(4));
    assertEquals(List.of(), next.lines());
    monitor.answer(orphan);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1"), next.gist());
    assertEquals(0, dropped(), "an orphan's answer is ours");
  }

  @Test
  @DisplayName("15: with all slots stuck callers see who holds them, and at once from then on")
  void rule15_busy() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("snapshot");
    Sent orphan = monitor.next();
    client.leave();
    Party early = monitor.joinReady();
    early.execute("stop", 1);
    early.execute("cont", 2);
    monitor.pass(Duration.ofSeconds(5));
    List<String> lines = early.lines();
    assertEquals(
        List.of("GenericError 1", "GenericError 2"), lines.stream().map(Json::gist).toList());
    assertEquals("qmpkit: busy: snapshot since 5.0 s", Json.desc(lines.getFirst()));
    monitor.pass(Duration.ofSeconds(60));
    Party late = monitor.joinReady();
    late.execute("stop", 3);
    assertEquals("qmpkit: busy: snapshot since 65.0 s", Json.desc(late.line()));
    monitor.answer(orphan);
    late.execute("stop", 4);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 4"), late.gist());
  }

  @Test
  @DisplayName("15: a name of any length that its client likes is cut short for the others")
  void rule15_busyWithALongName() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("x".repeat(500_000));
    client.leave();
    Party next = monitor.joinReady();
    for (int i = 0; i < 60; i++) {
      next.execute("stop", i);
    }
    monitor.pass(Duration.ofSeconds(5));
    String cut = "x".repeat(64) + "…";
    List<String> lines = next.lines();
    assertEquals(60, lines.size());
    for (String line : lines) {
      assertEquals("qmpkit: busy: " + cut + " since 5.0 s", Json.desc(line));
    }
    assertEquals(
        cut + " since 5.0 s for client 1, which has left",
        monitor.status().get("reason").stringValue());
    assertEquals(cut, monitor.status().at("/in-flight/0/command").stringValue());
  }

  @Test
  @DisplayName("15: no character is cut in two")
  void rule15_busyWithALongNameOfPairs() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("x" + "\ud83d\ude00".repeat(40));
    client.leave();
    assertEquals(
        "x" + "\ud83d\ude00".repeat(31) + "…",
        monitor.status().at("/in-flight/0/command").stringValue());
  }

  @Test
  @DisplayName("15: a slow command that somebody waits for refuses nobody")
  void rule15_slowIsNotStuck() {
    monitor.ready(SharedMonitor.greeting(""));
    Party patient = monitor.joinReady();
    Party next = monitor.joinReady();
    patient.execute("snapshot", 1);
    Sent slow = monitor.next();
    next.execute("stop", 2);
    monitor.pass(Duration.ofMinutes(3));
    assertEquals(List.of(), next.lines());
    monitor.answer(slow);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1"), patient.gist());
    assertEquals(List.of("return 2"), next.gist());
  }

  @Test
  @DisplayName("15: with 7 slots, all 7 must be stuck")
  void rule15_sevenOrphans() {
    monitor.ready();
    for (int i = 0; i < 7; i++) {
      Party client = monitor.joinReady();
      client.execute("slow" + i);
      client.leave();
    }
    assertEquals(7, monitor.sent().size());
    Party next = monitor.joinReady();
    next.execute("stop", 1);
    monitor.pass(Duration.ofSeconds(5));
    assertEquals("qmpkit: busy: slow0 since 5.0 s", Json.desc(next.line()));
  }

  /** Somebody waits, and places are free, behind the long command of one who has left. */
  private Party behindALongOrphan() {
    Party leaver = monitor.ready().joinReady();
    leaver.execute("x".repeat(500_000));
    leaver.leave();
    Party next = monitor.joinReady();
    next.execute("stop", 1);
    return next;
  }

  @Test
  @DisplayName("15: while QEMU takes the bytes of an orphan that are in the way nobody is refused")
  void rule15_bytesOfAnOrphan() {
    Party next = behindALongOrphan();
    for (int i = 0; i < 5; i++) {
      monitor.read(100_000);
      monitor.pass(Duration.ofSeconds(4));
    }
    assertEquals(List.of(), next.lines());
    Sent orphan = monitor.next();
    monitor.pass(Duration.ofSeconds(4));
    monitor.answer(orphan);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1"), next.gist());
  }

  @Test
  @DisplayName("15: nor where it holds the only place")
  void rule15_bytesOfAnOrphanInTheOnlyPlace() {
    Party leaver = monitor.ready(SharedMonitor.greeting("")).joinReady();
    leaver.execute("x".repeat(500_000));
    leaver.leave();
    Party next = monitor.joinReady();
    next.execute("stop", 1);
    for (int i = 0; i < 5; i++) {
      monitor.read(100_000);
      monitor.pass(Duration.ofSeconds(4));
    }
    assertEquals(List.of(), next.lines());
    monitor.read(100_000);
    monitor.pass(Duration.ofSeconds(5));
    assertTrue(Json.desc(next.line()).endsWith("… since 25.0 s"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 600_000})
  @DisplayName("15: when it takes no more of them, or has taken all and is silent, callers hear so")
  void rule15_bytesOfAnOrphanNotTaken(int taken) {
    Party next = behindALongOrphan();
    monitor.pass(Duration.ofSeconds(4));
    monitor.read(taken);
    monitor.pass(Duration.ofSeconds(5).minusNanos(1));
    assertEquals(List.of(), next.lines());
    monitor.pass(Duration.ofNanos(1));
    assertTrue(Json.desc(next.line()).endsWith("… since 9.0 s"));
  }

  @Test
  @DisplayName("15: a stuck oob slot refuses exec-oob, and in band goes on")
  void rule15_oobOrphan() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.executeOob("yank", 1);
    Sent orphan = monitor.next();
    client.leave();
    Party next = monitor.joinReady("\"oob\"");
    next.executeOob("query-yank", 2);
    next.execute("stop", 3);
    monitor.answer(monitor.next());
    monitor.pass(Duration.ofSeconds(5));
    List<String> lines = next.lines();
    assertEquals(List.of("return 3", "GenericError 2"), lines.stream().map(Json::gist).toList());
    assertEquals("qmpkit: busy: yank since 5.0 s", Json.desc(lines.getLast()));
    monitor.answer(orphan);
    next.executeOob("query-yank", 4);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 4"), next.gist());
  }

  @Test
  @DisplayName("15: when all waiters have left too, nothing is due any more")
  void rule15_noSpin() {
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("snapshot");
    client.leave();
    Party next = monitor.joinReady();
    next.execute("stop");
    next.leave();
    monitor.pass(Duration.ofMinutes(1));
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }
}
