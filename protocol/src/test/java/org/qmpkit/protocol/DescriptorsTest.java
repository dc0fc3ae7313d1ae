package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/** The rules of sharing about descriptors: 22 and 23. */
final class DescriptorsTest {
  /** Descriptors that know whether they are open. */
  private static final class Fds implements Attachment {
    private final @Nullable String objection;
    private int closed;

    Fds(@Nullable String objection) {
      this.objection = objection;
    }

    Fds() {
      this(null);
    }

    boolean open() {
      return closed == 0;
    }

    @Override
    public @Nullable String objection() {
      return objection;
    }

    @Override
    public void close() {
      closed++;
    }
  }

  private SharedMonitor monitor = new SharedMonitor();

  private Fds bring(Party party, String bytes) {
    Fds fds = new Fds();
    monitor.broker.brought(party.client, fds);
    party.send(bytes);
    return fds;
  }

  private static String getfd(String name, int id) {
    return "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"" + name + "\"},\"id\":" + id + "}";
  }

  /** QEMU reads the one command it was sent, which these descriptors came along with. */
  private Sent nextWith(Fds fds) {
    monitor.carried.clear();
    Sent sent = monitor.next();
    assertEquals(List.of(fds), monitor.carried);
    assertEquals(1, fds.closed, "what was passed on is closed here");
    return sent;
  }

  @Test
  @DisplayName("22: descriptors go with the command they came with, as libxl sends them")
  void rule22_onTheCommandsFirstByte() {
    Party client = monitor.ready().joinReady();
    Fds fds = bring(client, "{\"execute\":\"add-fd\",\"id\":1}");
    assertTrue(fds.open());
    monitor.answer(nextWith(fds));
    assertEquals(List.of("return 1"), client.gist());
  }

  @Test
  @DisplayName("22: descriptors on a blank go with the next command, as qemu.qmp sends them")
  void rule22_onABlank() {
    Party client = monitor.ready().joinReady();
    Fds fds = bring(client, " ");
    client.send(getfd("a", 1));
    monitor.answer(nextWith(fds));
    assertEquals(List.of("return 1"), client.gist());
  }

  @Test
  @DisplayName("22: and past commands that take none, which QEMU would keep them for others from")
  void rule22_pastOthers() {
    Party client = monitor.ready().joinReady();
    Fds fds = bring(client, "{\"execute\":\"query-name\"}");
    assertEquals("query-name", monitor.next().name());
    assertTrue(monitor.carried.isEmpty());
    client.send(getfd("a", 1));
    assertEquals("getfd", nextWith(fds).name());
  }

  @Test
  @DisplayName("22: only the command's own first byte carries them, with whatever is before it")
  void rule22_notEarlier() {
    Party client = monitor.ready().joinReady();
    client.execute("a");
    Fds fds = bring(client, getfd("a", 1));
    client.execute("b");
    monitor.read(3);
    assertTrue(monitor.carried.isEmpty());
    monitor.read(Integer.MAX_VALUE);
    assertEquals(List.of(fds), monitor.carried);
    assertEquals(List.of("a", "getfd", "b"), monitor.sentNames());
  }

  @Test
  @DisplayName("22: a newer batch replaces and closes the one before")
  void rule22_replaced() {
    Party client = monitor.ready().joinReady();
    Fds older = bring(client, " ");
    Fds newer = bring(client, " ");
    assertEquals(1, older.closed);
    client.send(getfd("a", 1));
    nextWith(newer);
    assertEquals(1, older.closed);
  }

  @Test
  @DisplayName("22: one command with descriptors is with QEMU, others overtake it meanwhile")
  void rule22_oneAtATime() {
    Party one = monitor.ready().joinReady();
    Party two = monitor.joinReady();
    Party third = monitor.joinReady();
    Fds first = bring(one, getfd("a", 1));
    Fds second = bring(two, getfd("b", 2));
    two.execute("behind", 3);
    third.execute("query-name", 4);
    List<Sent> sent = monitor.sent();
    assertEquals(List.of("getfd", "query-name"), sent.stream().map(Sent::name).toList());
    assertEquals(List.of(first), monitor.carried);
    assertTrue(second.open());
    sent.forEach(monitor::answer);
    monitor.carried.clear();
    List<Sent> next = monitor.sent();
    assertEquals(List.of("getfd", "behind"), next.stream().map(Sent::name).toList());
    assertEquals(List.of(second), monitor.carried);
  }

  @Test
  @DisplayName("22: a name that another live client holds is refused, whoever asked first")
  void rule22_nameHeld() {
    Party one = monitor.ready().joinReady();
    Party two = monitor.joinReady();
    Fds first = bring(one, getfd("a", 1));
    Fds early = bring(two, getfd("a", 2));
    assertEquals(1, early.closed);
    String refusal = "qmpkit: refused: client 1 holds a descriptor named 'a'; use another name";
    assertEquals(refusal, Json.desc(two.line()));
    monitor.answer(nextWith(first));
    Fds late = bring(two, getfd("a", 3));
    assertEquals(1, late.closed);
    assertEquals(refusal, Json.desc(two.line()));
    monitor.answer(nextWith(bring(one, getfd("a", 4))));
    assertEquals(List.of("return 1", "return 4"), one.gist());
  }

  @Test
  @DisplayName("22: a name is free when it is closed, when QEMU refused it, when its holder left")
  void rule22_nameFree() {
    Party one = monitor.ready().joinReady();
    Party two = monitor.joinReady();
    monitor.fail(nextWith(bring(one, getfd("refused", 1))), "no");
    monitor.answer(nextWith(bring(one, getfd("closed", 2))));
    one.send("{\"execute\":\"closefd\",\"arguments\":{\"fdname\":\"closed\"}}");
    monitor.answer(monitor.next());
    monitor.answer(nextWith(bring(one, getfd("left", 3))));
    for (String name : List.of("refused", "closed")) {
      monitor.answer(nextWith(bring(two, getfd(name, 4))));
    }
    one.leave();
    monitor.answer(nextWith(bring(two, getfd("left", 5))));
    assertEquals(List.of("return 4", "return 4", "return 5"), two.gist());
  }

  @Test
  @DisplayName("22: no command takes what another client's command left in QEMU")
  void rule22_noneOfOthers() {
    Party one = monitor.ready().joinReady();
    Party two = monitor.joinReady();
    two.execute("add-fd", 1);
    monitor.fail(monitor.next(), "QEMU's own");
    monitor.fail(nextWith(bring(one, "{\"execute\":\"add-fd\"}")), "disabled");
    two.execute("add-fd", 2);
    assertEquals(List.of(), monitor.sent());
    assertEquals(List.of("GenericError 1", "GenericError 2"), two.gist());
  }

  @Test
  @DisplayName("22: what QEMU would not look at is not passed on")
  void rule22_malformed() {
    Party client = monitor.ready().joinReady("\"oob\"");
    for (String command :
        List.of(
            "{\"execute\":\"getfd\"}",
            "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":1}}",
            "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"a\",\"x\":1}}",
            "{\"execute\":\"add-fd\",\"arguments\":{\"fdset-id\":\"1\"}}")) {
      Fds fds = bring(client, command);
      assertEquals(1, fds.closed, command);
      monitor.fail(monitor.next(), "QEMU's own");
    }
    Fds fds = bring(client, "{\"exec-oob\":\"getfd\",\"arguments\":{\"fdname\":\"a\"}}");
    monitor.next();
    assertTrue(monitor.carried.isEmpty());
    assertTrue(fds.open());
  }

  @Test
  @DisplayName("22: what can't be carried is an error of the command that it came for")
  void rule22_cannotCarry() {
    Party client = monitor.ready().joinReady();
    Fds fds = new Fds("tcp:h:1 can't carry descriptors");
    monitor.broker.brought(client.client, fds);
    client.send("{\"execute\":\"query-name\"}" + getfd("a", 1));
    monitor.answer(monitor.next());
    List<String> lines = client.lines();
    assertEquals("qmpkit: refused: tcp:h:1 can't carry descriptors", Json.desc(lines.getLast()));
    assertEquals(1, fds.closed);
  }

  @Test
  @DisplayName("22: a name that is too long is refused")
  void rule22_longName() {
    Party client = monitor.ready().joinReady();
    Fds fds = bring(client, getfd("x".repeat(256), 1));
    assertTrue(Json.desc(client.line()).startsWith("qmpkit: refused: "));
    assertEquals(1, fds.closed);
    nextWith(bring(client, getfd("x".repeat(255), 1)));
  }

  @Test
  @DisplayName("22: a client whose commands with descriptors wait is not read")
  void rule22_bounded() {
    Party client = monitor.ready().joinReady();
    Fds first = bring(client, getfd("a", 1));
    assertTrue(client.client.wantsInput());
    Fds second = bring(client, getfd("b", 2));
    assertFalse(client.client.wantsInput());
    monitor.answer(nextWith(first));
    assertTrue(client.client.wantsInput());
    monitor.answer(nextWith(second));
    assertEquals(List.of("return 1", "return 2"), client.gist());
  }

  @Test
  @DisplayName("22: whoever vanishes, nothing stays open")
  void rule22_nothingLeaks() {
    Party leaving = monitor.ready().joinReady();
    Party cut = monitor.joinReady();
    Party other = monitor.joinReady();
    Fds unwritten = bring(leaving, getfd("a", 1));
    Fds queued = bring(leaving, getfd("b", 2));
    Fds pending = bring(leaving, " {");
    Fds ofCut = bring(cut, " ");
    leaving.leave();
    assertEquals(List.of(0, 1, 1), List.of(unwritten.closed, queued.closed, pending.closed));
    monitor.broker.cut(cut.client, "test");
    assertEquals(1, ofCut.closed);
    Fds after = bring(cut, " ");
    assertEquals(1, after.closed);
    Fds waiting = bring(other, getfd("c", 3));
    monitor.lose("test");
    assertEquals(List.of(1, 1), List.of(unwritten.closed, waiting.closed));
  }

  @Test
  @DisplayName("22: so it is when QEMU reconnects behind our back, and when the route ends")
  void rule22_nothingLeaksAtARestart() {
    Party client = monitor.ready().joinReady();
    Fds unwritten = bring(client, getfd("a", 1));
    monitor.restart(SharedMonitor.GREETING);
    assertEquals(1, unwritten.closed);
    monitor.answerFence();
    Fds last = bring(client, getfd("a", 2));
    monitor.broker.end();
    assertEquals(1, last.closed);
  }

  @Test
  @DisplayName("22: a command whose time is over before it is sent goes without its descriptors")
  void rule22_expired() {
    monitor =
        new SharedMonitor(
            Limits.DEFAULT.withDeadlines(Deadlines.NONE.withUsual(Duration.ofSeconds(1))));
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    client.execute("slow");
    Fds fds = bring(client, getfd("a", 1));
    monitor.pass(Duration.ofSeconds(2));
    assertEquals(1, fds.closed);
  }

  @Test
  @DisplayName(
      "15: descriptors of an orphan that others wait for make them hear so, though places are free")
  void rule15_descriptorsOfAnOrphan() {
    Party leaver = monitor.ready().joinReady();
    Sent orphan = nextWith(bring(leaver, getfd("a", 1)));
    leaver.leave();
    Party next = monitor.joinReady();
    Fds waiting = bring(next, "{\"execute\":\"add-fd\",\"id\":2}");
    monitor.pass(Duration.ofSeconds(4));
    assertEquals(List.of(), next.lines());
    assertTrue(waiting.open());
    monitor.pass(Duration.ofSeconds(1));
    assertEquals("qmpkit: busy: getfd since 5.0 s", Json.desc(next.line()));
    assertEquals(1, waiting.closed, "what does not go to QEMU is closed");
    monitor.answer(orphan);
    monitor.answer(nextWith(bring(next, "{\"execute\":\"add-fd\",\"id\":3}")));
    assertEquals(List.of("return 3"), next.gist());
  }

  // ---- 23

  private SharedMonitor cleansUp() {
    monitor = new SharedMonitor(Limits.DEFAULT, new Backlog(64 << 20), true);
    return monitor;
  }

  @Test
  @DisplayName("23: what a client gave QEMU stays there when it leaves")
  void rule23_stays() {
    Party client = monitor.ready().joinReady();
    monitor.answer(nextWith(bring(client, getfd("a", 1))));
    client.leave();
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  @DisplayName("23: what closes it is no command of a client's, and not counted as one")
  void rule23_cleanUpIsNotCounted() {
    List<String> told = new ArrayList<>();
    cleansUp().broker.countBy(new MeterTest.Told(told));
    Party client = monitor.ready().joinReady();
    monitor.answer(nextWith(bring(client, getfd("a", 1))));
    client.leave();
    monitor.answer(monitor.next());
    assertEquals(List.of("getfd OK 0 0"), told);
  }

  @Test
  @DisplayName("23: or is closed there, if that is wanted; errors are nobody's")
  void rule23_cleansUp() {
    cleansUp();
    Party other = monitor.ready().joinReady();
    Party client = monitor.joinReady();
    monitor.answer(nextWith(bring(other, getfd("of other", 1))));
    monitor.answer(nextWith(bring(client, getfd("a\\\"", 1))));
    Fds added = bring(client, "{\"execute\":\"add-fd\"}");
    monitor.answer(nextWith(added), "{\"fdset-id\": 3, \"fd\": 12}");
    Fds removed = bring(client, "{\"execute\":\"add-fd\"}");
    monitor.answer(nextWith(removed), "{\"fdset-id\": 4, \"fd\": 13}");
    client.send("{\"execute\":\"remove-fd\",\"arguments\":{\"fdset-id\":4}}");
    monitor.answer(monitor.next());
    client.leave();
    List<Sent> sent = monitor.sent();
    assertEquals(List.of("closefd", "remove-fd"), sent.stream().map(Sent::name).toList());
    assertTrue(sent.getFirst().line().contains("\"arguments\":{\"fdname\":\"a\\\"\"}"));
    assertTrue(sent.getLast().line().contains("\"arguments\":{\"fdset-id\":3,\"fd\":12}"));
    sent.forEach(each -> monitor.fail(each, "no such command"));
    other.execute("query-name", 2);
    monitor.answer(monitor.next());
    assertEquals(List.of("return 1", "return 2"), other.gist());
  }

  @Test
  @DisplayName("23: what QEMU takes after its client has left is closed, too")
  void rule23_late() {
    cleansUp();
    Party client = monitor.ready().joinReady();
    Sent getfd = nextWith(bring(client, getfd("a", 1)));
    client.leave();
    assertEquals(List.of(), monitor.sent());
    monitor.answer(getfd);
    assertEquals("closefd", monitor.next().name());
  }

  @Test
  @DisplayName("23: a name that is given anew is not closed for who had it before")
  void rule23_givenAnew() {
    cleansUp();
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    Party other = monitor.joinReady();
    monitor.answer(nextWith(bring(client, getfd("a", 1))));
    other.execute("slow", 1);
    client.leave();
    Fds fds = bring(other, getfd("a", 2));
    monitor.answer(monitor.next());
    monitor.answer(nextWith(fds));
    assertEquals(List.of(), monitor.sent());
    assertEquals(List.of("return 1", "return 2"), other.gist());
  }

  @Test
  @DisplayName("23: another QEMU is not told to close what this one had")
  void rule23_anotherQemu() {
    cleansUp();
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    Party other = monitor.joinReady();
    monitor.answer(nextWith(bring(client, getfd("a", 1))));
    monitor.answer(nextWith(bring(other, getfd("b", 1))));
    Party third = monitor.joinReady();
    third.execute("slow");
    client.leave();
    monitor.lose("test");
    other.leave();
    monitor.ready();
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  @DisplayName("23: nor is one that comes behind our back, and names are free there")
  void rule23_anotherQemuBehindOurBack() {
    cleansUp();
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    Party other = monitor.joinReady();
    Party third = monitor.joinReady();
    monitor.answer(nextWith(bring(client, getfd("a", 1))));
    monitor.answer(nextWith(bring(other, getfd("b", 1))));
    third.execute("slow", 1);
    client.leave();
    monitor.sent();
    monitor.restart(SharedMonitor.GREETING);
    monitor.answerFence();
    other.lines();
    assertEquals(List.of(), monitor.sent());
    monitor.answer(nextWith(bring(third, getfd("b", 2))));
    other.leave();
    assertEquals(List.of(), monitor.sent());
    assertEquals(List.of("GenericError 1", "return 2"), third.gist());
  }

  @Test
  @DisplayName("22: nor takes anybody there what a command brought that waited meanwhile")
  void rule22_noneOfOthersBehindOurBack() {
    Party one = monitor.ready(SharedMonitor.greeting("")).joinReady();
    Party two = monitor.joinReady();
    two.execute("slow", 1);
    monitor.sent();
    Fds fds = bring(one, getfd("a", 1));
    monitor.restart(SharedMonitor.greeting(""));
    monitor.answerFence();
    monitor.fail(nextWith(fds), "disabled");
    two.execute("add-fd", 2);
    assertEquals(List.of(), monitor.sent());
    assertEquals(List.of("GenericError 1", "GenericError 2"), two.gist());
  }

  @Test
  @DisplayName("15, 23: what is to be closed has no deadline, and is no client's that is late")
  void rule23_cleanUpIsNotLate() {
    Deadlines deadlines = Deadlines.NONE.withUsual(Duration.ofSeconds(1)).with("slow", null);
    monitor =
        new SharedMonitor(Limits.DEFAULT.withDeadlines(deadlines), new Backlog(64 << 20), true);
    Party client = monitor.ready(SharedMonitor.greeting("")).joinReady();
    Party other = monitor.joinReady();
    monitor.answer(nextWith(bring(client, getfd("a", 1))));
    other.execute("slow", 1);
    Sent slow = monitor.next();
    client.leave();
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
    monitor.pass(Duration.ofSeconds(2));
    monitor.answer(slow);
    assertEquals("closefd", monitor.next().name());
  }
}
