package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ShellHistoryTest {
  @TempDir Path folder;

  private Path file() {
    return folder.resolve("state/qmpkit/history");
  }

  private Path other() {
    return folder.resolve(".qmp-shell_history");
  }

  /** The lines that a shell begins with, after it has added some. */
  private List<String> lines(String... added) throws IOException {
    try (Terminal terminal =
        new DumbTerminal(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream())) {
      ShellHistory history = ShellHistory.of(file(), other(), true);
      history.attach(
          LineReaderBuilder.builder()
              .terminal(terminal)
              .history(history)
              .variable(LineReader.HISTORY_FILE, history.file())
              .option(LineReader.Option.HISTORY_TIMESTAMPED, false)
              .option(LineReader.Option.HISTORY_INCREMENTAL, true)
              .build());
      for (String each : added) {
        history.add(Instant.now(), each);
      }
      history.save();
      List<String> lines = new ArrayList<>();
      history.forEach(each -> lines.add(each.line()));
      return lines;
    }
  }

  @Test
  void remembersFromOneShellToTheNext() throws IOException {
    lines("query-status", "a b=\"x\\n\\\"y\\\\\"", "a b=é😀");
    assertEquals(
        List.of("query-status", "a b=\"x\\n\\\"y\\\\\"", "a b=é😀", "quit"), lines("quit"));
  }

  @Test
  void isItsOwnersAlone() throws IOException {
    lines("query-status");
    assertEquals("rw-------", mode(file()));
    assertEquals("rwx------", mode(file().getParent()));
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void beginsWithWhatQmpShellRemembersOnceAndNeverAgain() throws IOException {
    Files.writeString(
        other(),
        "query-status\na b=\"x\\ty\\\\\"\nset_password protocol=vnc password=hunter2\ncont\n");
    assertEquals(List.of("query-status", "a b=\"x\\ty\\\\\"", "cont"), lines());
    Files.writeString(other(), "query-status\nstop\n");
    assertEquals(List.of("query-status", "a b=\"x\\ty\\\\\"", "cont"), lines());
    assertEquals("query-status\nstop\n", Files.readString(other()), "it is not touched");
    assertFalse(Files.readString(file()).contains("hunter2"));
    assertEquals("rw-------", mode(file()));
  }

  @Test
  void libeditsFilesAreReadAsWell() throws IOException {
    Files.writeString(
        other(),
        "_HiStOrY_V2_\nquery-status\na\\040b=1\nc\\040d=\"x\\\\ny\"\nset_password\\040vnc\\040x\n");
    assertEquals(List.of("query-status", "a b=1", "c d=\"x\\ny\""), lines());
  }

  @Test
  void aHistoryThatIsNoTextIsNoFault() throws IOException {
    Files.write(other(), new byte[] {'a', '\n', (byte) 0xff, '\n', 'b', '\n'});
    assertEquals(List.of("a", "\ufffd", "b"), lines());
    Files.write(file(), new byte[] {'a', '\n', (byte) 0xff, '\n', 'b', '\n'});
    assertEquals(List.of("a", "\ufffd", "b", "c"), lines("c"));
    assertEquals(List.of("a", "\ufffd", "b", "c", "d"), lines("d"));
  }

  @Test
  void whereItCannotBeWrittenItLastsAsLongAsTheShell() throws IOException {
    Files.writeString(folder.resolve("state"), "a file in the place of a folder");
    ShellHistory history = ShellHistory.of(file(), other(), true);
    assertFalse(Files.exists(history.file()));
  }

  @Test
  void secretsAreNotRemembered() throws IOException {
    lines(
        "query-status",
        "set_password protocol=vnc password=hunter2",
        "object-add qom-type=secret id=s data=hunter2",
        "{\"execute\": \"object-add\", \"arguments\": {\"qom-type\": \"secret\", \"data\": \"hunter2\"}}",
        "blockdev-add driver=luks key-secret=s");
    assertEquals(List.of("query-status", "blockdev-add driver=luks key-secret=s"), lines());
  }

  /** The line with the secret alone does not look like one. */
  @Test
  void aRequestOfSeveralLinesIsRememberedWholeOrNotAtAll() throws IOException {
    lines(
        "{\"arguments\": {",
        "\"data\": \"hunter2\",",
        "\"qom-type\": \"secret\"},",
        "\"execute\": \"object-add\"}",
        "{\"execute\":",
        "\"query-status\"}",
        "cont");
    assertEquals(List.of("{\"execute\":\n\"query-status\"}", "cont"), lines());
    assertFalse(Files.readString(file()).contains("hunter2"));
  }

  @Test
  void whatIsWrongIsRememberedToBeMended() throws IOException {
    lines("a b", "{\"execute\"; 1}", "{\"execute\":", "oops", "}", "stop");
    assertEquals(List.of("a b", "{\"execute\"; 1}", "{\"execute\":\noops\n}", "stop"), lines());
  }

  @Test
  void whatIsGivenUpIsForgotten() {
    ShellHistory history = ShellHistory.of(file(), other(), true);
    history.add(Instant.now(), "{\"execute\":");
    history.abandon();
    history.add(Instant.now(), "query-status");
    assertEquals(1, history.size());
    assertEquals("query-status", history.get(0));
  }

  @Test
  void linesOfOthersAreUtf8() throws IOException {
    Files.write(other(), "a b=é\n".getBytes(StandardCharsets.UTF_8));
    assertEquals(List.of("a b=é"), lines());
  }
}
