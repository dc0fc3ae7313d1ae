package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** Commands that may not take for ever: docs/sharing-rules.md 15. */
final class DeadlinesTest {
  private static final Duration TIME = Duration.ofSeconds(30);
  private static final Duration INSTANT = Duration.ofNanos(1);

  private final SharedMonitor monitor = monitor(Deadlines.NONE.withUsual(TIME));

  private static SharedMonitor monitor(Deadlines deadlines) {
    return new SharedMonitor(Limits.DEFAULT.withDeadlines(deadlines));
  }

  @Test
  @DisplayName("15: at its deadline a caller hears so, and not a moment earlier")
  void rule15_timedOut() {
    Party client = monitor.ready().joinReady();
    client.execute("query-block", 1);
    monitor.pass(Duration.ofMillis(200));
    Sent sent = monitor.next();
    monitor.pass(TIME.minus(INSTANT));
    assertEquals(List.of(), client.lines());
    monitor.pass(INSTANT);
    String line = client.line();
    assertEquals("GenericError 1", Json.gist(line));
    assertEquals(
        "qmpkit: timed out: query-block has no answer for 30.0 s, after 0.2 s in the queue;"
            + " whether it was done is not known",
        Json.desc(line));
    monitor.answer(sent);
    assertEquals(List.of(), client.lines(), "the late answer is nobody's");
    assertEquals(1, monitor.status().path("dropped").asInt());
    client.execute("query-block", 2);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 2"), client.gist());
  }

  @Test
  @DisplayName("15: an answer in time ends the matter")
  void rule15_inTime() {
    Party client = monitor.ready().joinReady();
    client.execute("query-block", 1);
    Sent sent = monitor.next();
    monitor.pass(TIME.minus(INSTANT));
    monitor.answer(sent);
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline(), "nothing is due any more");
    monitor.pass(TIME.multipliedBy(3));
    assertEquals(List.of("return 1"), client.gist());
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  @DisplayName("15: so it does where the line's end is written after the answer came")
  void rule15_inTimeBeforeTheLineEnd() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.executeOob("yank", 1);
    monitor.read((int) Objects.requireNonNull(monitor.broker.upstream()).size() - 2);
    monitor.qemu("{\"return\": {}, \"id\": 1}");
    monitor.read(2);
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline(), "nothing is due any more");
    monitor.pass(TIME.multipliedBy(2));
    assertEquals(List.of("return 1"), client.gist());
  }

  @Test
  @DisplayName("15: commands that are due at the same moment all hear so")
  void rule15_sameMoment() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    client.execute("b", 2);
    client.execute("c", 3);
    assertEquals(3, monitor.sent().size());
    monitor.pass(TIME);
    assertEquals(List.of("GenericError 1", "GenericError 2", "GenericError 3"), client.gist());
  }

  @Test
  @DisplayName("15: nothing is due for who has left, nor for what was lost with QEMU")
  void rule15_nobodyWaits() {
    Party slow = monitor.ready(SharedMonitor.greeting("")).joinReady();
    slow.execute("snapshot", 1);
    Sent sent = monitor.next();
    Party leaver = monitor.joinReady();
    leaver.execute("stop", 2);
    leaver.leave();
    monitor.answer(sent);
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
    slow.execute("cont", 3);
    monitor.lose("it crashed before it was written");
    slow.lines();
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
    monitor.ready();
    Party next = monitor.joinReady();
    next.execute("a command that is longer than the one which was not written", 4);
    monitor.answer(monitor.next());
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  @DisplayName(
      "15: what timed out keeps its slot; those who wait for a turn hear of their own time")
  void rule15_queue() {
    SharedMonitor narrow = monitor(Deadlines.NONE.withUsual(TIME));
    Party slow = narrow.ready(SharedMonitor.greeting("")).joinReady();
    slow.execute("snapshot", 1);
    Sent stuck = narrow.next();
    narrow.pass(Duration.ofSeconds(10));
    Party next = narrow.joinReady();
    next.execute("stop", 2);
    narrow.pass(Duration.ofSeconds(20));
    assertEquals(List.of("GenericError 1"), slow.gist());
    assertEquals(List.of(), narrow.sent());
    // It was refused at that moment: the one slot is held by what nobody waits for.
    assertEquals("qmpkit: busy: snapshot since 30.0 s", Json.desc(next.line()));
    narrow.answer(stuck);
    next.execute("stop", 3);
    assertEquals(List.of("stop"), narrow.sentNames());
  }

  @Test
  @DisplayName("15: a command that never had its turn is not sent after its time")
  void rule15_notSent() {
    SharedMonitor narrow = monitor(Deadlines.NONE.withUsual(TIME).with("snapshot", null));
    Party slow = narrow.ready(SharedMonitor.greeting("")).joinReady();
    slow.execute("snapshot", 1);
    Sent patient = narrow.next();
    Party next = narrow.joinReady();
    next.execute("stop", 2);
    narrow.pass(TIME);
    assertEquals(
        "qmpkit: timed out: stop waited 30.0 s for its turn and was not sent",
        Json.desc(next.line()));
    narrow.answer(patient);
    assertEquals(List.of("return 1"), slow.gist());
    assertEquals(List.of(), narrow.sent());
    assertEquals(0, narrow.status().path("queued").asInt());
  }

  @Test
  @DisplayName("15: QEMU that does not read what it is sent is no reason to wait for ever")
  void rule15_notTaken() {
    Party client = monitor.ready().joinReady();
    client.execute("stop", 1);
    monitor.pass(TIME);
    assertEquals(
        "qmpkit: timed out: stop was not taken by QEMU for 30.0 s; whether it will be done is not"
            + " known",
        Json.desc(client.line()));
    Sent late = monitor.next();
    monitor.pass(TIME.multipliedBy(2));
    monitor.answer(late);
    assertEquals(List.of(), client.lines());
  }

  @Test
  @DisplayName("5, 15: what timed out keeps its place among the answers")
  void rule15_inPlace() {
    SharedMonitor patient = monitor(Deadlines.NONE.withUsual(TIME).with("first", null));
    Party client = patient.ready().joinReady();
    client.execute("first", 1);
    client.execute("second", 2);
    Sent first = patient.sent().getFirst();
    patient.pass(TIME);
    assertEquals(List.of(), client.lines());
    patient.answer(first);
    assertEquals(List.of("return 1", "GenericError 2"), client.gist());
  }

  @Test
  @DisplayName("15, 21: a caller that timed out is not told twice when QEMU is lost")
  void rule15_thenLost() {
    Party client = monitor.ready().joinReady();
    client.execute("query-block", 1);
    monitor.sent();
    monitor.pass(TIME);
    assertEquals(List.of("GenericError 1"), client.gist());
    monitor.lose("it ended");
    assertEquals(List.of(), client.lines());
  }

  @Test
  void whatAClientThatLeftHadAskedHasNoDeadline() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 20; i++) {
      client.execute("query-block", i);
    }
    monitor.sent();
    client.leave();
    monitor.pass(TIME.multipliedBy(2));
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  void theFirstPatternThatFitsCounts() {
    Deadlines some =
        Deadlines.NONE
            .withUsual(TIME)
            .with("query-block", null)
            .with("query-*", Duration.ofSeconds(5))
            .with("query-name", Duration.ofSeconds(7));
    assertEquals(TIME, some.of("stop"));
    assertNull(some.of("query-block"));
    assertEquals(Duration.ofSeconds(5), some.of("query-name"));
    assertEquals(TIME, some.of("query"));
    assertNull(Deadlines.NONE.of("stop"));
    assertEquals(Duration.ofSeconds(1), Deadlines.NONE.with("*", Duration.ofSeconds(1)).of("stop"));
  }

  @Test
  void timesArePositive() {
    assertThrows(IllegalArgumentException.class, () -> Deadlines.NONE.withUsual(Duration.ZERO));
    assertThrows(
        IllegalArgumentException.class, () -> Deadlines.NONE.with("stop", Duration.ofSeconds(-1)));
  }
}
