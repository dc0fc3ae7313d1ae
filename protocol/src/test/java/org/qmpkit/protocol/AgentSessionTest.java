package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;
import org.qmpkit.protocol.Message.Command;

/** A session with a guest agent: what is taken for an answer, and what is not. */
final class AgentSessionTest {
  private static final Command PING = new Command("guest-ping", false, null, null);

  private long number = 41;
  private final ClientSession session = ClientSession.withAgent(1000, () -> ++number << 12 | 0xfff);

  private String sent() {
    ByteBuffer sent = ByteBuffer.allocate((int) session.outbox().size());
    session.outbox().peek(sent);
    session.wrote(sent.position());
    return new String(sent.array(), StandardCharsets.ISO_8859_1);
  }

  /** As what an agent said is heard, {@code \xff} included. */
  private List<String> hear(String text, int piece) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    List<String> heard = new ArrayList<>();
    for (int from = 0; from < bytes.length; from += piece) {
      ByteBuffer in = ByteBuffer.wrap(bytes, from, Math.min(piece, bytes.length - from));
      for (Heard each = session.next(in); each != null; each = session.next(in)) {
        heard.add(
            switch (each) {
              case Heard.Ready _ -> "ready";
              case Heard.Answered(long id, Message.Answer answer) -> id + " " + answer.document();
              case Heard.Broke(String reason) -> "broke: " + reason;
              case Heard.Restarted _, Heard.Happened _ -> each.toString();
            });
      }
      assertFalse(in.hasRemaining(), "all is taken");
    }
    return heard;
  }

  private List<String> hear(String text) {
    return hear(text, text.length());
  }

  private void pass(int fence) {
    assertEquals(List.of("ready"), hear("\u00ff{\"return\": " + fence + "}\n"));
  }

  @Test
  void itBeginsWithTheFence() {
    assertEquals(Phase.FENCING, session.phase());
    assertEquals(
        "\u00ff{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":42}}\r\n", sent());
    assertThrows(IllegalStateException.class, () -> session.send(PING, 1));
    pass(42);
    assertEquals(Phase.READY, session.phase());
    assertEquals(0, session.dropped());
  }

  @Test
  void commandsGoWithoutIds() {
    sent();
    pass(42);
    session.send(PING, 7);
    assertEquals("{\"execute\":\"guest-ping\"}\r\n", sent());
    assertEquals(List.of("0 {\"return\": {}}"), hear("{\"return\": {}}\n"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void whatComesBeforeTheFenceIsDropped(int piece) {
    String before =
        """
        tine"}, {"open": "}
        {"return": {}}
        {"return": 42}
        {"error": {"class": "GenericError", "desc": "JSON parse error, stray '\\uFFFD'"}}
        """
            + "\u00ff{\"return\": 41}\n" // an earlier client's
            + "\u00ff{\"return\": \"42\"}\n"
            + "\u00ff{\"return\": 42.0}\n"
            + "\u00ff{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}\n"
            + "\u00ff\u00ff{\"return\": 4\u00ff2}\n"
            + "\u00ff]{\"return\": 42}\n"
            + "\u00ff{\"return\": \""
            + "x".repeat(1100)
            + "\u00ff{\"QMP\": ";
    List<String> heard =
        hear(before + "\u00ff{\"return\": 42}\n{\"return\": 1}{\"return\": 2}", piece);
    assertEquals(List.of("ready", "0 {\"return\": 1}", "0 {\"return\": 2}"), heard);
    assertTrue(session.dropped() > 5, () -> "dropped: " + session.dropped());
  }

  @Test
  void aLateAnswerIsDroppedByAFenceOfItsOwn() {
    sent();
    pass(42);
    session.send(PING, 1);
    sent();
    assertEquals(List.of(), hear("{\"return\": {\"half"));
    session.synchronize();
    assertEquals(Phase.FENCING, session.phase());
    assertEquals(
        "\u00ff{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":43}}\r\n", sent());
    assertEquals(List.of(), hear("\": 1}}\n\u00ff{\"return\": 42}\n"));
    pass(43);
    session.send(PING, 2);
    assertEquals(List.of("0 {\"return\": 2}"), hear("{\"return\": 2}\n"));
  }

  @Test
  void whatWasNotSentIsNotSentBehindAnotherFence() {
    ByteBuffer some = ByteBuffer.allocate(5);
    session.outbox().peek(some);
    session.wrote(5);
    for (int i = 0; i < 100; i++) {
      session.synchronize();
    }
    assertEquals(
        "\u00ff{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":142}}\r\n", sent());
  }

  @Test
  void afterTheFenceThereIsNothingButAnswers() {
    pass(42);
    assertEquals(List.of(), hear("{\"return\": {}, \"id\": 0}"));
    assertEquals(1, session.dropped());
    assertTrue(hear("\u00ff{\"return\": 42}").getFirst().startsWith("broke: "));
    assertEquals(Phase.BROKEN, session.phase());
  }

  @Test
  void anAnswerHasAnEnd() {
    pass(42);
    assertEquals(
        List.of("broke: JSON token size limit exceeded"),
        hear("{\"return\": \"" + "x".repeat(1000)));
    assertEquals(Phase.BROKEN, session.phase());
  }

  @Test
  void onlyAnAgentIsSynchronizedWith() {
    assertThrows(
        IllegalStateException.class, () -> ClientSession.withoutNegotiation(1000).synchronize());
  }
}
