package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What QEMU says, by its shape; and strings between their two forms. */
final class MessageTest {
  private static final String EVENT =
      "\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}";

  private static @Nullable Message message(String text) {
    return Message.fromQemu(Scanner.document(text, Dialect.QEMU_OUTPUT));
  }

  @Test
  void aReturnHasTheValueAsQemuSpelledIt() {
    Message.Return success =
        assertInstanceOf(Message.Return.class, message("{\"return\": [1.50, {}], \"id\": 7}"));
    assertEquals("[1.50, {}]", success.value());
  }

  @Test
  void anEventOfAHelperHasACursor() {
    Message.Event plain = assertInstanceOf(Message.Event.class, message("{" + EVENT + "}"));
    assertEquals("STOP", plain.name());
    assertNull(plain.cursor());
    Message.Event kept =
        assertInstanceOf(
            Message.Event.class,
            message("{" + EVENT + ", \"data\": {}, \"__org.qmpkit_cursor\": \"c-1\"}"));
    assertEquals("c-1", kept.cursor());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{" + EVENT + ", \"data\": 1}",
        "{" + EVENT + ", \"__org.qmpkit_cursor\": 1}",
        "{" + EVENT + ", \"id\": 1}",
        "{\"event\": \"STOP\"}",
        "{\"event\": 1, \"timestamp\": {}}",
        "{\"return\": {}, \"error\": {}}",
        "{\"error\": \"no\"}",
        "{\"QMP\": {}}",
        "{\"id\": 1}",
        "[]"
      })
  void anyOtherShapeIsNoMessage(String text) {
    assertNull(message(text));
  }

  @Test
  void aGreetingOfMoreThan64KibIsNone() {
    int most = 64 * 1024 - SharedMonitor.GREETING.length() + "Debian".length();
    String just = SharedMonitor.GREETING.replace("Debian", "D".repeat(most));
    assertEquals("7.2.22", assertInstanceOf(Message.Greeting.class, message(just)).release());
    assertNull(message(SharedMonitor.GREETING.replace("Debian", "D".repeat(most + 1))));
  }

  @ParameterizedTest
  @CsvSource({"7, 7.2.22", "1234567890123456789, 1234567890123456789.2.22"})
  void aVersionIsOfNumbersAsPeopleWriteThem(String major, String release) {
    assertEquals(release, greetingOf(major).release());
  }

  @Test
  void aNumberThatNoVersionHasIsNotRepeated() {
    assertEquals("?.2.22", greetingOf("1".repeat(20)).release());
  }

  private static Message.Greeting greetingOf(String major) {
    String text = SharedMonitor.GREETING.replace("\"major\": 7", "\"major\": " + major);
    return assertInstanceOf(Message.Greeting.class, message(text));
  }

  @Test
  void whoDoesNotGreetHasNoVersionAndNoCapability() {
    Message.Greeting none = Message.Greeting.none();
    assertEquals("?", none.release());
    assertFalse(none.oob());
  }

  @ParameterizedTest
  @CsvSource({
    "1f, \\u001F",
    "20, ' '",
    "7e, ~",
    "7f, \\u007F",
    "e9, \\u00E9",
    "a, \\n",
    "22, \\\""
  })
  void aStringIsWrittenInPrintableAscii(String codePoint, String text) {
    String character = Character.toString(Integer.parseInt(codePoint, 16));
    assertEquals("\"" + text + "\"", JsonString.quote(character));
    assertEquals(character, JsonString.unquote("\"" + text + "\""));
  }
}
