package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What tests say of single QMP messages. */
final class Messages {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private Messages() {}

  static JsonNode parse(String line) {
    return MAPPER.readTree(line);
  }

  /** A command without arguments under an id, on a line. */
  static String command(String name, String id) {
    return "{\"execute\": \"" + name + "\", \"id\": \"" + id + "\"}\r\n";
  }

  /** A line is an error of a class under an id that is a string; returns its text. */
  static String assertError(String errorClass, String id, String line) {
    JsonNode message = parse(line);
    assertEquals(errorClass, message.path("error").path("class").asString(""), line);
    assertEquals(id, message.path("id").asString(""), line);
    return message.path("error").path("desc").asString("");
  }

  /** A line is the helper's word that QEMU is gone, under an id. */
  static void assertGone(String id, String line) {
    String desc = assertError("GenericError", id, line);
    assertTrue(desc.startsWith("qmpkit: gone: "), line);
  }

  /** A line is an empty return under an id: what query-name says of a machine without name. */
  static void assertEmptyReturn(String id, String line) {
    assertEquals("{\"return\": {}, \"id\": \"" + id + "\"}", line);
  }
}
