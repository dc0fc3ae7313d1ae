package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;
import org.qmpkit.protocol.Message.Command;

/** A session with who does not greet, as a guest agent. */
final class ClientSessionTest {
  private final ClientSession session = ClientSession.withoutNegotiation(1 << 20);

  private Heard hear(String line) {
    Heard heard = session.next(ByteBuffer.wrap(Ascii.bytes(line + "\r\n")));
    return heard == null ? new Heard.Broke("nothing was heard") : heard;
  }

  @Test
  void isReadyAtOnceAndSendsUnderIdsOfItsOwn() {
    assertEquals(Phase.READY, session.phase());
    assertTrue(session.outbox().isEmpty());
    session.send(new Command("guest-ping", false, null, null), 7);
    ByteBuffer sent = ByteBuffer.allocate((int) session.outbox().size());
    session.outbox().peek(sent);
    assertEquals(
        "{\"execute\":\"guest-ping\",\"id\":7}\r\n", Ascii.text(sent.array(), 0, sent.position()));
  }

  @Test
  void anAnswerWithoutIdIsTheOneThatIsAwaited() {
    Heard.Answered success = assertInstanceOf(Heard.Answered.class, hear("{\"return\": {}}"));
    assertEquals(ClientSession.WITHOUT_ID, success.id());
    assertInstanceOf(Message.Return.class, success.answer());
    Heard.Answered failure =
        assertInstanceOf(
            Heard.Answered.class,
            hear("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}"));
    assertEquals(ClientSession.WITHOUT_ID, failure.id());
    assertInstanceOf(Message.Error.class, failure.answer());
  }

  @Test
  void anAnswerWithAnIdHasIt() {
    Heard.Answered answered =
        assertInstanceOf(Heard.Answered.class, hear("{\"return\": {}, \"id\": 7}"));
    assertEquals(7, answered.id());
    assertEquals(0, session.dropped());
  }

  @Test
  void aGreetingAndAnswersToOthersAreDropped() {
    assertNull(session.next(ByteBuffer.wrap(Ascii.bytes(SharedMonitor.GREETING))));
    assertNull(session.next(ByteBuffer.wrap(Ascii.bytes("{\"return\": {}, \"id\": \"x\"}"))));
    assertEquals(2, session.dropped());
    assertEquals(Phase.READY, session.phase());
  }
}
