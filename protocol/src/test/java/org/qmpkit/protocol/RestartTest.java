package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.SharedMonitor.Party;
import org.qmpkit.protocol.SharedMonitor.Sent;

/**
 * What happens when QEMU's session ends: behind our back (rule 19), or with the connection (21).
 */
final class RestartTest {
  private final SharedMonitor monitor = new SharedMonitor();

  /** All that waits to be written to QEMU, as it is. */
  private String unsent() {
    Outbox outbox = monitor.broker.upstream();
    if (outbox == null) {
      return "";
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) outbox.size());
    outbox.peek(bytes);
    return new String(bytes.array(), StandardCharsets.ISO_8859_1);
  }

  @Test
  @DisplayName("19: a second greeting fails all callers, fences, and the clients stay")
  void rule19_secondGreeting() {
    Party client = monitor.ready().joinReady();
    for (int i = 0; i < 9; i++) {
      client.execute("a" + i, i);
    }
    List<Sent> sent = monitor.sent();
    monitor.qemu(SharedMonitor.GREETING);
    List<String> lines = client.lines();
    assertEquals(7, lines.size());
    assertEquals("GenericError 0", Json.gist(lines.getFirst()));
    assertEquals(
        "qmpkit: gone: QEMU's monitor was reopened while this command ran;"
            + " whether 'a0' was done is not known",
        Json.desc(lines.getFirst()));
    assertFalse(client.client.finished());
    assertFalse(monitor.broker.ready());
    monitor.answer(sent.getFirst(), "\"late\"");
    Sent fence = monitor.next();
    assertEquals("qmp_capabilities", fence.name());
    monitor.answer(fence);
    assertTrue(monitor.broker.ready());
    monitor.sent().forEach(monitor::answer);
    assertEquals(List.of("return 7", "return 8"), client.gist(), "queued ones were never sent");
    assertEquals(1, monitor.status().get("dropped").intValue());
    assertTrue(
        monitor.notes.contains("WARNING  the far side greeted again: it has reconnected"),
        monitor.notes::toString);
  }

  @Test
  @DisplayName("19: during the new fence nobody is greeted and nothing is forwarded")
  void rule19_fenceHolds() {
    Party old = monitor.ready().joinReady();
    monitor.qemu(SharedMonitor.GREETING);
    Party fresh = monitor.join();
    old.execute("a", 1);
    assertEquals(List.of(), fresh.lines());
    assertEquals("qmp_capabilities", monitor.next().name());
    monitor.pass(Duration.ofSeconds(6));
    assertEquals("busy", monitor.status().get("state").stringValue());
  }

  @Test
  @DisplayName("19: a third greeting fences anew; the answer to the second fence counts no more")
  void rule19_thirdGreeting() {
    monitor.connect();
    monitor.qemu(SharedMonitor.GREETING);
    Sent first = monitor.next();
    monitor.qemu(SharedMonitor.GREETING);
    monitor.answer(first);
    assertFalse(monitor.broker.ready());
    monitor.answerFence();
    assertTrue(monitor.broker.ready());
  }

  @Test
  @DisplayName("19: what the old session was not sent, the new one is not sent either")
  void rule19_unsentIsDropped() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    client.execute("b", 2);
    monitor.qemu(SharedMonitor.GREETING);
    assertEquals(List.of("qmp_capabilities"), monitor.sentNames());
    assertEquals(List.of("GenericError 1", "GenericError 2"), client.gist());
  }

  @Test
  @DisplayName("19: the insides of a command that was cut in two never become commands")
  void rule19_tornCommand() {
    Party client = monitor.ready().joinReady();
    client.send(
        "{\"execute\":\"allowed\",\"arguments\":{\"a\":["
            + "{\"execute\":\"qmp_capabilities\"},{\"execute\":\"quit\"}]}}");
    String line = unsent();
    monitor.read(line.indexOf("{\"execute\":\"qmp_capabilities\""));
    monitor.qemu(SharedMonitor.GREETING);
    String after = unsent();
    assertFalse(after.contains("quit"), after);
    assertTrue(after.startsWith("\u00ff{\"execute\":\"qmp_capabilities\",\"arg"), after);
  }

  @Test
  @DisplayName("19: what was written whole needs no byte to end it")
  void rule19_notTorn() {
    Party client = monitor.ready().joinReady();
    client.execute("a");
    client.execute("b");
    monitor.read(unsent().indexOf('\n') + 1);
    monitor.qemu(SharedMonitor.GREETING);
    assertTrue(unsent().startsWith("{\"execute\":\"qmp_capabilities\""), this::unsent);
  }

  @Test
  @DisplayName("19: if the new session has no oob, exec-oob is over for its clients")
  void rule19_withoutOob() {
    Party client = monitor.ready().joinReady("\"oob\"");
    monitor.qemu(SharedMonitor.greeting(""));
    monitor.answerFence();
    client.executeOob("yank", 1);
    assertEquals(List.of("GenericError 1"), client.gist());
    client.execute("a");
    client.execute("b");
    assertEquals(1, monitor.sent().size());
  }

  @Test
  @DisplayName("21: a client that is being closed is heard no more, by the next QEMU least of all")
  void rule21_closingIsDeaf() {
    Party client = monitor.ready().joinReady("\"oob\"");
    client.execute("a", 1);
    monitor.lose("it crashed");
    client.execute("b", 2);
    client.executeOob("c", 3);
    assertFalse(client.client.wantsInput());
    assertFalse(client.client.finished(), "its error is not written yet");
    monitor.ready();
    client.execute("d", 4);
    monitor.qemu(SharedMonitor.event("STOP"));
    assertEquals(List.of(), monitor.sent());
    assertEquals(List.of("GenericError 1"), client.gist());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("21: input that was held back is answered as far as it was read, then EOF")
  void rule21_heldBack() {
    Party client = monitor.ready().joinReady("\"oob\"");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      text.append(i % 10 == 9 ? "{\"exec-oob\":\"o\"}" : "{\"execute\":\"a\"}");
    }
    client.send(text.toString());
    monitor.lose("it crashed");
    List<String> gist = client.gist();
    assertTrue(gist.size() >= 64, gist::toString);
    assertTrue(gist.stream().allMatch("GenericError -"::equals), gist::toString);
    assertNull(client.finished());
    assertEquals(0, monitor.status().get("queued").intValue());
    monitor.ready();
    assertEquals(List.of(), monitor.sent());
  }

  @Test
  @DisplayName("21: who was not greeted yet waits for the next QEMU, over any number of failures")
  void rule21_ungreetedWait() {
    Party client = monitor.join();
    client.send("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"a\",\"id\":1}");
    for (int i = 0; i < 3; i++) {
      monitor.lose("cannot connect");
      monitor.pass(Duration.ofSeconds(5));
      monitor.connect();
    }
    monitor.qemu(SharedMonitor.GREETING);
    monitor.answerFence();
    monitor.answer(monitor.next());
    assertEquals(List.of("greeting", "return -", "return 1"), client.gist());
  }

  @Test
  @DisplayName("21: a client that does not take its last errors is cut after 10 s")
  void rule21_stall() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    monitor.lose("it crashed");
    monitor.pass(Duration.ofSeconds(10));
    client.assertCut("no progress");
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }

  @Test
  @DisplayName("21: to connect anew without a word about the old connection is to lose it")
  void rule21_openedTwice() {
    Party client = monitor.ready().joinReady();
    client.execute("a", 1);
    monitor.connect();
    assertEquals(List.of("GenericError 1"), client.gist());
    assertNull(client.finished());
  }

  @Test
  @DisplayName("18: while a broken session waits to be closed, nothing is due")
  void rule18_noSpin() {
    monitor.ready(SharedMonitor.greeting(""));
    Party client = monitor.joinReady();
    client.execute("a");
    client.leave();
    monitor.joinReady().execute("b");
    monitor.qemu("}");
    monitor.pass(Duration.ofMinutes(1));
    assertEquals(Long.MAX_VALUE, monitor.broker.deadline());
  }
}
