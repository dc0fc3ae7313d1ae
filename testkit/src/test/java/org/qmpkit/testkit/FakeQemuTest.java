package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.testkit.Messages.assertMentions;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FakeQemuTest {
  private static final String NAME = "{\"execute\": \"query-name\", \"id\": 1}";
  private static final String ANSWER = "{\"return\": {}, \"id\": 1}";

  private FakeQemu fake;

  @BeforeEach
  void start() throws IOException {
    fake = FakeQemu.start();
  }

  @AfterEach
  void close() throws IOException {
    fake.close();
    assertFalse(Files.exists(fake.path()));
  }

  private LineClient connect() throws IOException {
    return LineClient.connect(fake.path());
  }

  private LineClient negotiated() throws IOException {
    LineClient client = connect();
    client.negotiate();
    return client;
  }

  /** What comes, as bytes, until {@code count} have come or the connection ends. */
  private static String raw(Path socket, String request, int count) throws IOException {
    try (Wire wire = Wire.connect(socket, Deadline.in(Deadline.USUAL))) {
      Deadline deadline = Deadline.in(Deadline.USUAL);
      wire.write(ByteBuffer.wrap(request.getBytes(UTF_8)), deadline);
      ByteBuffer bytes = ByteBuffer.allocate(count);
      while (bytes.hasRemaining() && wire.read(bytes, deadline) > 0) {}
      return new String(bytes.array(), 0, bytes.position(), UTF_8);
    }
  }

  @Test
  void answersLikeAQemuThatHasNothingToSay() throws Exception {
    try (LineClient client = connect()) {
      assertEquals(FakeQemu.GREETING, client.greeting());
      client.negotiate();
      assertEquals(ANSWER, client.ask(NAME));
      client.silent(Duration.ofMillis(20));
    }
    fake.greeting(FakeQemu.GREETING_WITHOUT_OOB);
    try (LineClient client = connect()) {
      assertEquals(FakeQemu.GREETING_WITHOUT_OOB, client.greeting());
    }
  }

  @Test
  void givesEveryIdBackAsItCame() throws Exception {
    try (LineClient client = negotiated()) {
      for (String id :
          List.of("1e3", "-0.0", "\"\\u00e9\\/\"", "[1,  {\"a\" : null}]", "{ }", "null", "true")) {
        String expected = "{\"return\": {}, \"id\": " + id + "}";
        assertEquals(expected, client.ask("{\"id\" : " + id + " , \"execute\": \"stop\"}"));
        assertEquals(expected, client.ask("{'execute':'stop','id':" + id + "}"));
      }
      assertEquals("{\"return\": {}, \"id\": 'a\\'b'}", clientLine("'a\\'b'"));
    }
  }

  private String clientLine(String id) {
    return FakeQemu.returning("{'execute': 'stop', 'id':" + id + "}", "{}");
  }

  @Test
  void findsRequestsByTheirBrackets() throws Exception {
    String tricky = "{\"execute\": \"stop\", 'id': ['}', \"]\", \"\\\"}\", {'\\'': \"'\"}]}";
    try (LineClient client = connect()) {
      client.send("{\"execute\": \"qmp_capabilities\"}" + NAME + "\r\n" + tricky);
      for (byte b : NAME.getBytes(UTF_8)) {
        client.sendBytes(new byte[] {b});
      }
      assertEquals(NAME, fake.awaitReceived(4));
      assertEquals(tricky, fake.received().get(2));
      client.greeting();
      assertEquals("{\"return\": {}}", client.reply());
      assertEquals(ANSWER, client.reply());
    }
  }

  @Test
  void whatIsNoObjectGetsAnErrorWithoutId() throws Exception {
    try (LineClient client = negotiated()) {
      for (String junk : List.of("\u0001", "}", "word ", "[1]", "{,}")) {
        assertEquals(FakeSession.ERROR_WITHOUT_ID, client.ask(junk));
      }
      assertEquals(ANSWER, client.ask(NAME));
    }
  }

  @Test
  void servesOneClientAtATime() throws Exception {
    try (LineClient first = negotiated();
        LineClient second = connect()) {
      second.silent(Duration.ofMillis(50));
      first.reset();
      fake.awaitConnections(2);
      second.negotiate();
    }
    fake.awaitNobody();
  }

  @Test
  void aHalfClosedClientGetsItsAnswers() throws Exception {
    try (LineClient client = negotiated()) {
      client.send(NAME + NAME);
      client.halfClose();
      assertEquals(List.of(ANSWER, ANSWER), client.expectEnd());
    }
  }

  @Test
  void answersByAHandler() throws Exception {
    fake.answers(request ->
        switch (Json.request(request).execute()) {
          case "query-name" -> FakeQemu.returning(request, "{\"name\": \"x\"}");
          case "stop" -> FakeQemu.failing(request, "GenericError", "no");
          case "quit" -> "";
          case null, default -> null;
        });
    try (LineClient client = negotiated()) {
      assertEquals("{\"return\": {\"name\": \"x\"}, \"id\": 1}", client.ask(NAME));
      assertEquals(
          "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}",
          client.ask("{\"execute\": \"stop\", \"id\": 2}"));
      client.send("{\"execute\": \"quit\"}");
      assertEquals("{\"return\": {}}", client.ask("{\"execute\": \"cont\"}"));
    }
  }

  @Test
  void aHandlerThatThrowsIsReportedByClose() throws Exception {
    try (FakeQemu broken = FakeQemu.start()) {
      broken.answers(request -> {
        throw new IllegalArgumentException("mine");
      });
      try (LineClient client = LineClient.connect(broken.path())) {
        client.send(NAME);
        client.expectEnd();
      }
      IllegalStateException e = assertThrows(IllegalStateException.class, broken::close);
      assertMentions(e, "mine");
    }
  }

  @Test
  void holdsRepliesButNotEvents() throws Exception {
    try (LineClient client = negotiated()) {
      fake.hold();
      client.send(NAME + "{\"execute\": \"stop\", \"id\": 2}");
      fake.awaitReceived(3);
      fake.event("STOP");
      client.event("STOP");
      client.silent(Duration.ofMillis(50));
      fake.release();
      assertEquals(ANSWER, client.reply());
      assertEquals("{\"return\": {}, \"id\": 2}", client.reply());
    }
  }

  @Test
  void hangsUpOnDemand() throws Exception {
    try (LineClient client = negotiated()) {
      fake.send("{\"return\": 1}\r\n");
      fake.hangUp();
      assertEquals(List.of("{\"return\": 1}"), client.expectEnd());
    }
  }

  @Test
  void tellsWhatItWaitedForInVain() throws Exception {
    try (FakeQemu idle = FakeQemu.start().patience(Duration.ofMillis(200))) {
      try (LineClient client = LineClient.connect(idle.path())) {
        client.send(NAME);
        AssertionError e = assertThrows(AssertionError.class, () -> idle.awaitReceived(2));
        assertMentions(e, "expected request 2 within PT0.2S");
        assertMentions(e, "query-name");
      }
    }
  }

  @Test
  void noGreeting() throws Exception {
    fake.next(Fault.NO_GREETING);
    try (LineClient client = connect()) {
      client.silent(Duration.ofMillis(50));
      assertEquals(ANSWER, client.ask(NAME));
    }
  }

  @Test
  void lateGreeting() throws Exception {
    fake.next(Fault.LATE_GREETING);
    try (LineClient client = connect()) {
      client.send(NAME);
      fake.awaitReceived(1);
      client.silent(Duration.ofMillis(50));
      fake.release();
      assertEquals(FakeQemu.GREETING, client.greeting());
      assertEquals(ANSWER, client.reply());
    }
  }

  @Test
  void garbageBeforeGreeting() throws Exception {
    fake.next(Fault.GARBAGE_BEFORE_GREETING);
    String garbage = "ype\": \"unknown\"}]}\r\n\u0001\u0002\u0003\r\n";
    assertEquals(garbage + "{\"QMP\"", raw(fake.path(), "", garbage.length() + 6));
  }

  @Test
  void staleReply() throws Exception {
    fake.next(Fault.STALE_REPLY);
    try (LineClient client = connect()) {
      client.greeting();
      assertTrue(client.line().endsWith("\"id\": \"stale\"}"));
      client.negotiate();
    }
  }

  @Test
  void faultsOfTheNextClientAreGoneForTheOneAfterIt() throws Exception {
    fake.next(Fault.NO_GREETING);
    connect().close();
    fake.awaitConnections(1);
    fake.awaitNobody();
    try (LineClient client = negotiated()) {
      assertEquals(ANSWER, client.ask(NAME));
    }
  }

  @Test
  void replyTwice() throws Exception {
    fake.next(Fault.REPLY_TWICE);
    try (LineClient client = negotiated()) {
      assertEquals(ANSWER, client.ask(NAME));
      assertEquals(ANSWER, client.reply());
      assertEquals(ANSWER, client.ask(NAME));
      client.silent(Duration.ofMillis(20));
    }
  }

  @Test
  void unknownId() throws Exception {
    try (LineClient client = negotiated()) {
      fake.now(Fault.UNKNOWN_ID);
      assertEquals("{\"return\":{},\"id\":\"nobody\"}", client.ask(NAME));
      assertEquals(ANSWER, client.ask(NAME));
    }
  }

  @Test
  void errorWithoutId() throws Exception {
    try (LineClient client = negotiated()) {
      fake.now(Fault.ERROR_WITHOUT_ID);
      assertEquals(FakeSession.ERROR_WITHOUT_ID, client.ask(NAME));
    }
  }

  @Test
  void secondGreeting() throws Exception {
    try (LineClient client = negotiated()) {
      fake.now(Fault.SECOND_GREETING);
      client.send(NAME);
      client.greeting();
      assertEquals(ANSWER, client.reply());
    }
  }

  @Test
  void eventStorm() throws Exception {
    try (LineClient client = negotiated()) {
      fake.now(Fault.EVENT_STORM);
      assertEquals(ANSWER, client.ask(NAME));
      assertEquals(1000, client.events().size());
      assertEquals(ANSWER, client.ask(NAME));
      assertEquals(2000, client.events().size());
    }
  }

  @Test
  void endlessString() throws Exception {
    fake.next(Fault.ENDLESS_STRING);
    String bytes = raw(fake.path(), NAME, 3 << 20);
    assertEquals(3 << 20, bytes.length());
    assertTrue(bytes.endsWith("xxxx"));
  }

  @Test
  void eofInReply() throws Exception {
    try (LineClient client = negotiated()) {
      fake.now(Fault.EOF_IN_REPLY);
      client.send(NAME);
      AssertionError e = assertThrows(AssertionError.class, client::expectEnd);
      assertMentions(e, "in the middle of a line: «{\"return\": ");
    }
  }

  @Test
  void stopReading() throws Exception {
    try (LineClient client = LineClient.connect(fake.path(), Duration.ofSeconds(2))) {
      client.negotiate();
      fake.now(Fault.STOP_READING);
      client.send(NAME);
      fake.awaitReceived(2);
      AssertionError e =
          assertThrows(AssertionError.class, () -> client.sendBytes(new byte[4 << 20]));
      assertMentions(e, "of 4194304 bytes were taken");
      fake.release();
      assertEquals(ANSWER, client.reply());
    }
  }

  @Test
  void stopReadingCanBeHungUp() throws Exception {
    try (LineClient client = negotiated()) {
      fake.now(Fault.STOP_READING);
      client.send(NAME);
      fake.awaitReceived(2);
      fake.hangUp();
      assertEquals(List.of(), client.expectEnd());
    }
  }

  @Test
  void pretty() throws Exception {
    fake.next(Fault.PRETTY);
    String greeting = raw(fake.path(), "", 60);
    assertTrue(
        greeting.startsWith("{\r\n    \"QMP\" : {\r\n        \"version\" : {\r\n"), greeting);
  }

  @Test
  void rawUtf8() throws Exception {
    fake.next(Fault.RAW_UTF8);
    try (LineClient client = connect()) {
      AssertionError e = assertThrows(AssertionError.class, client::greeting);
      assertMentions(e, "expected printable ASCII; came: 0xc3");
    }
    fake.next(Fault.RAW_UTF8);
    String expected =
        FakeQemu.GREETING.replace("FakeQemu", "Größe ☃")
            + "\r\n{\"return\": {\"name\": \"Größe ☃\"}, \"id\": 1}\r\n";
    assertEquals(expected, raw(fake.path(), NAME, expected.getBytes(UTF_8).length));
  }

  @Test
  void bareNewline() throws Exception {
    fake.next(Fault.BARE_NEWLINE);
    try (LineClient client = connect()) {
      AssertionError e = assertThrows(AssertionError.class, client::greeting);
      assertMentions(e, "expected a line ended by CR LF");
    }
  }

  @Test
  void byteByByte() throws Exception {
    fake.next(Fault.BYTE_BY_BYTE);
    try (LineClient client = negotiated()) {
      assertEquals(ANSWER, client.ask(NAME));
    }
  }

  @Test
  void isWhatARecordingTells(@TempDir Path folder) throws Exception {
    String greeting = "{\"QMP\": {\"version\": {\"a\": 1}, \"capabilities\": []}}";
    String stop = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}";
    Path file =
        Files.writeString(
            folder.resolve("x.replies"),
            String.join(
                "\n\n",
                greeting,
                "{\"execute\": \"stop\"}",
                stop,
                "{\"return\": {}}",
                stop.replace("STOP", "LATER")));
    try (FakeQemu replayed = FakeQemu.from(file);
        LineClient client = LineClient.connect(replayed.path())) {
      assertEquals(greeting, client.greeting());
      client.negotiate();
      client.send("{'execute': 'stop', 'id': \"x\"}");
      assertEquals(stop, client.event("STOP"));
      assertEquals("{\"return\": {}, \"id\": \"x\"}", client.reply());
      assertEquals(stop.replace("STOP", "LATER"), client.event("LATER"));
      assertEquals(
          "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\":"
              + " \"not in the recording: 'query-name'; it has stop\"}}",
          client.ask("{\"execute\": \"query-name\", \"id\": 2}"));
      assertEquals(FakeSession.ERROR_WITHOUT_ID, client.ask("[]"));
    }
  }
}
