package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;

/** What a broker tells whoever counts: each command once, with what became of it. */
final class MeterTest {
  private final List<String> told = new ArrayList<>();

  /** Notes what it is told of. */
  record Told(List<String> notes) implements Meter {
    @Override
    public void answered(String command, Outcome outcome, long waited, long took) {
      notes.add(command + " " + outcome + " " + seconds(waited) + " " + seconds(took));
    }

    @Override
    public void unanswered(String command, Outcome outcome) {
      notes.add(command + " " + outcome);
    }

    @Override
    public void happened() {
      notes.add("event");
    }
  }

  private SharedMonitor counted(Limits limits) {
    SharedMonitor monitor = new SharedMonitor(limits);
    monitor.broker.countBy(new Told(told));
    return monitor;
  }

  private static long seconds(long nanos) {
    return Duration.ofNanos(nanos).toSeconds();
  }

  @Test
  void timesBeginWhenACommandComesAndWhenItsTurnHasCome() {
    SharedMonitor monitor = counted(Limits.DEFAULT).ready(SharedMonitor.greeting(""));
    Party client = monitor.joinReady();
    client.execute("first", 1);
    client.execute("second", 2);
    SharedMonitor.Sent first = monitor.next();
    monitor.pass(Duration.ofSeconds(2));
    monitor.answer(first);
    SharedMonitor.Sent second = monitor.next();
    monitor.pass(Duration.ofSeconds(3));
    monitor.fail(second, "no");
    assertEquals(List.of("first OK 0 2", "second ERROR 2 3"), told);
  }

  @Test
  void whatIsNotPassedOnIsRefused() {
    SharedMonitor monitor = counted(Limits.DEFAULT.withReply(1000)).ready();
    monitor.joinReady().execute("long", 1);
    SharedMonitor.Sent sent = monitor.next();
    monitor.qemu("{\"return\": \"" + "x".repeat(2000) + "\", \"id\": " + sent.id() + "}");
    assertEquals(List.of("long REFUSED 0 0"), told);
  }

  @Test
  void whatTakesTooLongIsCountedOnceThen() {
    Deadlines deadlines = Deadlines.NONE.withUsual(Duration.ofSeconds(1));
    SharedMonitor monitor = counted(Limits.DEFAULT.withDeadlines(deadlines)).ready();
    monitor.joinReady().execute("late", 1);
    SharedMonitor.Sent sent = monitor.next();
    monitor.pass(Duration.ofSeconds(2));
    monitor.answer(sent);
    assertEquals(List.of("late TIMEOUT"), told);
  }

  @Test
  void whatALostQemuWillNotAnswerIsGoneWhetherItWasSentOrNot() {
    SharedMonitor monitor = counted(Limits.DEFAULT).ready(SharedMonitor.greeting(""));
    Party client = monitor.joinReady();
    client.execute("sent", 1);
    client.execute("waiting", 2);
    monitor.next();
    monitor.lose("it crashed");
    assertEquals(List.of("sent GONE", "waiting GONE"), told);
  }

  @Test
  void whatTheHelperAsksByItselfIsNobodysCommand() {
    SharedMonitor monitor = counted(Limits.DEFAULT).ready();
    monitor.joinForStatistics();
    monitor.answer(monitor.sent().getFirst(), "[]");
    monitor.lose("it crashed");
    assertEquals(List.of(), told);
  }

  @Test
  void whatFindsNoPlaceIsBusy() {
    SharedMonitor monitor = counted(Limits.DEFAULT).ready(SharedMonitor.greeting(""));
    Party leaver = monitor.joinReady();
    leaver.execute("stuck", 1);
    monitor.next();
    leaver.leave();
    monitor.joinReady().execute("next", 1);
    monitor.pass(Duration.ofSeconds(5));
    assertEquals(List.of("next BUSY"), told);
  }

  @Test
  void eventsAreToldOfAndTheLastIsInTheStatus() {
    SharedMonitor monitor = counted(Limits.DEFAULT).ready();
    assertEquals(true, monitor.status().path("last-event").isMissingNode());
    monitor.qemu(SharedMonitor.event("STOP"));
    monitor.qemu(SharedMonitor.event("RESUME"));
    monitor.pass(Duration.ofSeconds(4));
    assertEquals(List.of("event", "event"), told);
    assertEquals("RESUME", monitor.status().path("last-event").path("event").asString(""));
    assertEquals(4.0, monitor.status().path("last-event").path("seconds").asDouble());
  }

  @Test
  void oneThatWasNeverConnectedIsGoneSinceTheFirstFailure() {
    SharedMonitor monitor = new SharedMonitor();
    monitor.pass(Duration.ofSeconds(100));
    monitor.lose("nobody listens");
    monitor.pass(Duration.ofSeconds(2));
    monitor.lose("nobody listens");
    monitor.pass(Duration.ofSeconds(1));
    assertEquals(3.0, monitor.status().path("seconds").asDouble());
  }
}
