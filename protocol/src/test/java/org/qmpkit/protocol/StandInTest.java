package org.qmpkit.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StandInTest {
  private static final String GREETING =
      "{\"QMP\": {\"version\": {\"a\": 1}, \"capabilities\": [\"oob\", \"more\"]}}";
  private static final String GREETED =
      "{\"QMP\": {\"version\": {\"a\": 1}, \"capabilities\": [\"oob\"]}}\r\n";

  private final StandIn qemu = new StandIn(GREETING);

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(US_ASCII));
  }

  private String written() {
    ByteBuffer out = ByteBuffer.allocate(4096);
    qemu.outbox().peek(out);
    qemu.wrote(out.position());
    return new String(out.array(), 0, out.position(), US_ASCII);
  }

  @Test
  void greetsAndNegotiatesAndHandsOutTheRest() {
    assertEquals(GREETED, written());
    qemu.event("{\"event\": \"EARLY\"}");
    assertNull(qemu.next(bytes("{\"execute\": \"stop\", \"id\": 1}")));
    assertTrue(written().contains("Expecting capabilities negotiation"));
    assertFalse(qemu.ready());

    // Out of band was not enabled, and so is no word of the protocol.
    assertNull(qemu.next(bytes("{\"execute\": \"qmp_capabilities\"} {'exec-oob': 'a', 'id': 2}")));
    assertTrue(qemu.ready());
    assertEquals(
        "{\"return\": {}}\r\n"
            + "{\"id\": 2, \"error\": {\"class\": \"GenericError\","
            + " \"desc\": \"QMP input member 'exec-oob' is unexpected\"}}\r\n",
        written());
  }

  @Test
  void answersOneAfterTheOther() {
    written();
    ByteBuffer in =
        bytes("{\"execute\": \"qmp_capabilities\"} [] {'execute': 'a', 'id': 7} {'execute': 'b'}");
    Message.Command first = Objects.requireNonNull(qemu.next(in));
    assertEquals("a", first.name());
    assertEquals("7", first.id());
    assertTrue(qemu.ready());
    assertThrows(IllegalStateException.class, () -> qemu.next(in));
    qemu.event("{\"event\": \"STOP\"}");
    qemu.answer("{\"return\": {}, \"id\": 7}");
    assertThrows(IllegalStateException.class, () -> qemu.answer("{}"));
    assertEquals("b", Objects.requireNonNull(qemu.next(in)).name());
    assertEquals(
        "{\"return\": {}}\r\n"
            + "{\"error\": {\"class\": \"GenericError\","
            + " \"desc\": \"QMP input must be a JSON object\"}}\r\n"
            + "{\"event\": \"STOP\"}\r\n"
            + "{\"return\": {}, \"id\": 7}\r\n",
        written());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "garbage",
        "{\"return\": {}}",
        "{\"QMP\": {}}",
        "{\"QMP\": {\"version\": {}, \"capabilities\": []}"
      })
  void greetsWithAGreetingOnly(String greeting) {
    assertThrows(IllegalArgumentException.class, () -> new StandIn(greeting));
  }
}
