package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.protocol.ClientSession.Heard;
import org.qmpkit.protocol.ClientSession.Phase;

/** A greeting is found behind whatever an earlier client has left in the rings (rule 12). */
final class GreetingSearchTest {
  private static final String LEFT =
      "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n"
          + "{\"return\": [{\"a\\\"b\": \"{[\\\\\", \"n\": [-1.5e3, true, null, \"\\u00fc\"]},"
          + " {\"QMP\": 1}, {\"QMP\"], \"id\": 7}\r\n";

  private static List<Heard> hear(ClientSession session, byte[] bytes, int chunk) {
    List<Heard> heard = new ArrayList<>();
    for (int from = 0; from < bytes.length; from += chunk) {
      ByteBuffer in = ByteBuffer.wrap(bytes, from, Math.min(chunk, bytes.length - from));
      while (in.hasRemaining()) {
        Heard each = session.next(in);
        if (each != null) {
          heard.add(each);
        }
      }
    }
    return heard;
  }

  private static ClientSession session() {
    return new ClientSession(1 << 20, new Random(7));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7, 64, 4096})
  void itIsFoundWhereverTheRestIsCut(int chunk) {
    for (int from = 0; from < LEFT.length(); from++) {
      for (int to = from; to <= LEFT.length(); to++) {
        String text = LEFT.substring(from, to) + SharedMonitor.GREETING + "\r\n";
        ClientSession session = session();
        List<Heard> heard = hear(session, Ascii.bytes(text), chunk);
        assertEquals(Phase.FENCING, session.phase(), text);
        // The event is not lost where it is whole.
        assertEquals(from == 0 && LEFT.indexOf('\r') <= to ? 1 : 0, heard.size(), text);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"QMP\":", "{\r\n    \"QMP\" : ", "{ \t\"QMP\": "})
  void itMayHaveWhiteSpace(String beginning) {
    ClientSession session = session();
    String greeting = SharedMonitor.GREETING.replace("{\"QMP\": ", beginning);
    assertNull(session.next(ByteBuffer.wrap(Ascii.bytes("{\"x\": \"" + greeting))));
    assertEquals(Phase.FENCING, session.phase());
  }

  @Test
  void whatLooksLikeOneIsNone() {
    ClientSession session = session();
    for (String each : List.of("{\"QMP\"", "{{\"QMP\": \"", "{\"QMP \": ", "\"QMP\": {\"x\": \"")) {
      assertNull(session.next(ByteBuffer.wrap(Ascii.bytes(each))));
      assertEquals(Phase.GREETING, session.phase());
    }
    assertNull(session.next(ByteBuffer.wrap(Ascii.bytes(SharedMonitor.GREETING))));
    assertEquals(Phase.FENCING, session.phase());
  }

  @Test
  void behindItNothingIsLookedFor() {
    ClientSession session = session();
    hear(session, Ascii.bytes(SharedMonitor.GREETING), 4096);
    byte[] fence = new byte[(int) session.outbox().size()];
    session.outbox().peek(ByteBuffer.wrap(fence));
    session.wrote(fence.length);
    String id = Json.parse(Ascii.text(fence, 0, fence.length)).get("id").toString();
    Heard ready =
        session.next(ByteBuffer.wrap(Ascii.bytes("{\"return\": {}, \"id\": " + id + "}\r\n")));
    assertInstanceOf(Heard.Ready.class, ready);
    Heard answered =
        session.next(ByteBuffer.wrap(Ascii.bytes("{\"return\": [{\"QMP\": {}}], \"id\": 1}\r\n")));
    assertInstanceOf(Heard.Answered.class, answered);
  }
}
