package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

final class RequestLogTest {
  @TempDir Path folder;

  private static ObjectNode answer(JsonNode value) {
    return Answers.success(value, null);
  }

  private static Request request(String line) throws LineException {
    return java.util.Objects.requireNonNull(new LineGrammar().read(line));
  }

  @Test
  void appendsAnObjectALine() throws Exception {
    Path file = folder.resolve("log");
    Instant before = Instant.now();
    for (int i = 0; i < 2; i++) {
      try (RequestLog log = RequestLog.open(file)) {
        log.add(request("a b=\"x\\ny\" c=é"), answer(JsonNodeFactory.instance.stringNode("x\ny")));
        log.add(
            request("{'exec-oob': 'd', 'id': [7]}"), answer(JsonNodeFactory.instance.nullNode()));
      }
    }
    List<String> lines = Files.readAllLines(file);
    assertEquals(4, lines.size());
    for (int i = 0; i < 4; i += 2) {
      JsonNode first = JsonText.read(lines.get(i));
      assertEquals(
          List.of("execute", "arguments", "return", "time"), List.copyOf(first.propertyNames()));
      assertEquals("x\ny", first.path("return").asString());
      assertEquals("é", first.path("arguments").path("c").asString());
      Instant time = Instant.parse(first.path("time").asString());
      assertTrue(!time.isBefore(before) && !time.isAfter(Instant.now()), time::toString);
      JsonNode second = JsonText.read(lines.get(i + 1));
      assertEquals("d", second.path("exec-oob").asString());
      assertEquals("[7]", second.path("id").toString());
    }
    assertTrue(Files.readString(file).chars().allMatch(each -> each < 0x7f), "ASCII alone");
  }

  @Test
  void whatIsWrittenIsThereAtOnce() throws Exception {
    Path file = folder.resolve("log");
    try (RequestLog log = RequestLog.open(file)) {
      log.add(request("a"), answer(JsonNodeFactory.instance.objectNode()));
      assertEquals(1, Files.readAllLines(file).size());
    }
  }

  @Test
  void isItsOwnersAloneAndHasNoSecrets() throws Exception {
    Path file = folder.resolve("log");
    try (RequestLog log = RequestLog.open(file)) {
      log.add(
          request("set_password protocol=vnc password=hunter2"),
          answer(JsonNodeFactory.instance.objectNode()));
    }
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    String text = Files.readString(file);
    assertTrue(text.contains("\"password\": \"***\"") && !text.contains("hunter2"), text);
  }

  @Test
  void whatWasInTheFileStaysWithItsMode() throws Exception {
    Path file = folder.resolve("log");
    Files.writeString(file, "before\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    try (RequestLog log = RequestLog.open(file)) {
      log.add(request("a"), answer(JsonNodeFactory.instance.objectNode()));
    }
    assertEquals("before", Files.readAllLines(file).getFirst());
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void aFolderIsNoLog() {
    assertThrows(IOException.class, () -> RequestLog.open(folder));
    assertThrows(IOException.class, () -> RequestLog.open(folder.resolve("none/log")));
  }
}
