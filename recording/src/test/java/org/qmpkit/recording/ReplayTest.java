package org.qmpkit.recording;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplayTest {
  @TempDir private Path folder;
  private Replay replay;

  @BeforeEach
  void read() throws IOException {
    String form =
        """
        {"QMP": {"version": {}, "capabilities": []}}

        {"execute": "query-status", "id": 1}

        {"return": {"running": false}, "id": 1}

        {"execute": "cont", "id": 2}

        {"timestamp": {}, "event": "RESUME"}

        {"return": {}, "id": 2}

        {"execute": "query-status", "id": 3}

        {"return": {"running": true}, "id": 3}

        {"execute": "qom-get", "arguments": {"path": "/", "property": "a"}}

        {"return": 1}

        {"execute": "qom-get", "arguments": {"property": "b", "path": "/"}}

        {"return": 2}

        {"execute": "set_password", "arguments": {"protocol": "vnc", "password": "***"}}

        {"return": {}}

        {"execute": "quit"}
        """;
    replay = new Replay(Recording.read(Files.writeString(folder.resolve("replies"), form)));
  }

  private String text(String command, String arguments) {
    return replay.reply(command, Json.tree(arguments)).answer().text();
  }

  @Test
  void takesOneAfterAnotherAndThenTheLast() {
    assertEquals("{\"running\": false}", text("query-status", "{}"));
    assertEquals("{\"running\": true}", replay.reply("query-status", null).answer().text());
    assertEquals("{\"running\": true}", text("query-status", "{}"));
    assertEquals("RESUME", replay.reply("cont", null).before().getFirst().name());
    assertEquals("RESUME", replay.reply("cont", null).before().getFirst().name());
  }

  @Test
  void findsByArgumentsInAnyOrder() {
    assertEquals("2", text("qom-get", "{\"path\": \"/\", \"property\": \"b\"}"));
    assertEquals("1", text("qom-get", "{\"property\": \"a\", \"path\": \"/\"}"));
    assertEquals("{}", text("set_password", "{\"password\": \"hunter2\", \"protocol\": \"vnc\"}"));
  }

  @Test
  void saysWhatThereIs() {
    assertEquals(
        "{\"class\": \"GenericError\", \"desc\": \"not in the recording: 'query-name'; it has"
            + " query-status, cont, qom-get, set_password, quit\"}",
        text("query-name", "{}"));
    assertEquals(
        "{\"class\": \"GenericError\", \"desc\": \"not in the recording: 'qom-get' with these"
            + " arguments; it has {\\\"path\\\": \\\"/\\\", \\\"property\\\": \\\"a\\\"},"
            + " {\\\"property\\\": \\\"b\\\", \\\"path\\\": \\\"/\\\"}\"}",
        text("qom-get", "{\"path\": \"/\"}"));
    assertTrue(text("quit", "{}").contains("the answer to 'quit' of line 29"), text("quit", "{}"));
    assertFalse(replay.reply("quit", null).answer().success());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a": 1, "b": [true, null]}  | {"b": [true, null], "a": 1} | true
          {"a": 1}                     | {"a": 1, "b": 1}            | false
          {"a": 1, "b": 1}             | {"a": 1}                    | false
          {"a": 1}                     | {"b": 1}                    | false
          [1, 2]                       | [2, 1]                      | false
          [1, 2]                       | [1, 2, 3]                   | false
          1                            | 1.0                         | false
          1.0                          | 1.00                        | true
          1e999                        | 1e9999                      | true
          1e2                          | 100.0                       | true
          18446744073709551616         | 18446744073709551616        | true
          18446744073709551616         | 18446744073709551617        | false
          "***"                        | "anything"                  | true
          "***"                        | ""                          | true
          "***"                        | 7                           | false
          "nbd://u:***@h/***"          | "nbd://u:pw@h/x"            | true
          "nbd://u:***@h"              | "nbd://u:pw@other"          | false
          "a***a"                      | "a"                         | false
          "a***b***c"                  | "a1b2c"                     | true
          "a***b***c"                  | "a1c2b"                     | false
          "a"                          | "***"                       | false
          true                         | false                       | false
          null                         | null                        | true
          """)
  void matches(String recorded, String asked, boolean same) {
    assertEquals(same, Pattern.matches(Json.tree(recorded), Json.tree(asked)));
  }
}
