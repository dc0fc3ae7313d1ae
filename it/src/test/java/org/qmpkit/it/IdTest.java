package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.JsonGenerator;
import org.qmpkit.testkit.LineClient;

/** An id comes back as its canonical text, which is more than QEMU itself does. */
@Timeout(300)
class IdTest {
  /** What is sent, and how it comes back. */
  private static final Map<String, String> IDS = new LinkedHashMap<>();

  static {
    for (String same :
        new String[] {
          "0",
          "-0",
          "1e3",
          "1E+3",
          "0.1",
          "1.50",
          "-12.5e-3",
          "9223372036854775808",
          "123456789012345678901234567890",
          "-123456789012345678901234567890",
          "1e400",
          "-1e400",
          "1e-400",
          "null",
          "true",
          "false",
          "\"\"",
          "\"1\"",
          "\"a b\"",
          "\"\\u0041\\/\\n\"",
          "\"a\\u0000b\"",
          "[]",
          "{}",
          "[null,[1e3,0.1],{}]",
          "{\"b\":1,\"a\":{\"id\":[1e400,\"x\"]}}",
          "\"" + "long".repeat(5000) + "\"",
          "[".repeat(500) + "]".repeat(500),
        }) {
      IDS.put(same, same);
    }
    IDS.put("'single'", "\"single\"");
    IDS.put("'it\\'s'", "\"it's\"");
    IDS.put("'say \"it\"'", "\"say \\\"it\\\"\"");
    IDS.put("\"\u00e9\"", "\"\\u00E9\"");
    IDS.put("\"\u20ac\"", "\"\\u20AC\"");
    IDS.put("\"\ud83d\ude00\"", "\"\\uD83D\\uDE00\"");
    IDS.put("{'\u00e9' : 'x'}", "{\"\\u00E9\":\"x\"}");
    IDS.put(" [ 1 ,\t2 ,\r\n{ \"a\" : 1.0 } ] ", "[1,2,{\"a\":1.0}]");
  }

  @Test
  void everyKindComesBackAsItWasWritten(@TempDir Path folder) throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      IDS.forEach((sent, back) -> {
        assertReturned(back, ask(client, "{\"execute\": \"query-name\", \"id\": " + sent + "}"));
        // QEMU's own error, and one that the helper answers in QEMU's place.
        assertFailed(back, ask(client, "{\"id\": " + sent + ", \"execute\": \"no-such\"}"));
        assertFailed(
            back, ask(client, "{\"execute\": \"query-name\", \"id\": " + sent + ", 'x': 1}"));
      });
      assertEquals("{\"return\": {}}", client.ask("{\"execute\": \"query-name\"}"));
    }
  }

  @Test
  void soDoGeneratedOnesOfEverySpelling(@TempDir Path folder) throws Exception {
    JsonGenerator generator = new JsonGenerator(20261122);
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client("oob")) {
      for (int i = 0; i < 1000; i++) {
        JsonGenerator.Command command = generator.command();
        String reply = client.ask(command.wild());
        if (command.id() == null) {
          assertTrue(!Messages.parse(reply).has("id"), () -> command.wild() + " got " + reply);
        } else if (reply.startsWith("{\"return\": ")) {
          assertReturned(command.id().strict(), reply);
        } else {
          assertFailed(command.id().strict(), reply);
        }
      }
    }
  }

  private static String ask(LineClient client, String command) {
    try {
      return client.ask(command);
    } catch (IOException e) {
      throw new AssertionError(command, e);
    }
  }

  private static void assertReturned(String id, String reply) {
    assertTrue(reply.startsWith("{\"return\": "), reply);
    assertTrue(reply.endsWith(", \"id\": " + id + "}"), () -> id + " came back in " + reply);
  }

  private static void assertFailed(String id, String reply) {
    assertTrue(
        reply.startsWith("{\"id\": " + id + ", \"error\": {"), () -> id + " came back in " + reply);
  }
}
