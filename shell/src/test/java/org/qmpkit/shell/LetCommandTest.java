package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.FakeQemu;

/** What a QEMU that nobody trusts can put into the lines of a file. */
@Timeout(60)
final class LetCommandTest {
  @TempDir Path folder;

  private Shown let(String json, List<String> received) throws Exception {
    try (FakeQemu qemu =
            FakeQemu.start()
                .answers(request ->
                    request.contains("query-name")
                        ? FakeQemu.returning(request, "{\"name\": " + json + "}")
                        : null);
        ShellRig shell = ShellRig.on(qemu)) {
      Path file =
          Files.writeString(
              folder.resolve("f.qmp"), "set -e\nlet x query-name | .name\ndevice_del id=${x}\n");
      Shown shown = shell.line("source " + file);
      received.addAll(qemu.received());
      return shown;
    }
  }

  @Test
  void aPlainWordIsAValue() throws Exception {
    for (String each : List.of("#block045", "/vm/a-b.qcow2", "nbd://h:1/x,y", "é", "-7", "a@b")) {
      List<String> received = new ArrayList<>();
      Shown shown = let("\"" + each + "\"", received);
      assertEquals(ExitStatus.DONE, shown.status(), shown::toString);
      assertTrue(received.getLast().contains("device_del"), received::toString);
    }
    assertEquals(ExitStatus.DONE, let("17", new ArrayList<>()).status());
  }

  @Test
  void whatCouldMeanMoreIsNone() throws Exception {
    for (String each :
        List.of(
            "\"a force=true\"",
            "\"a\\nquit\"",
            "\"a\\tb\"",
            "\"a\\u00a0b\"",
            "\"\\u001b[2J\"",
            "\"a\\u009bb\"",
            "\"a'\"",
            "\"a\\\"\"",
            "\"a\\\\\"",
            "\"|\"",
            "\"a=b\"",
            "\"@/etc/passwd\"",
            "\"--all\"",
            "\")\"",
            "\"[1]\"",
            "{\"a\": 1}")) {
      List<String> received = new ArrayList<>();
      Shown shown = let(each, received);
      assertEquals(ExitStatus.USAGE, shown.status(), each + shown);
      assertTrue(shown.err().contains("the value for 'x' could mean more"), shown::toString);
      assertTrue(
          shown.err().chars().noneMatch(c -> c != '\n' && c != '\t' && Character.isISOControl(c)),
          shown::toString);
      assertTrue(received.getLast().contains("query-name"), received::toString);
    }
  }
}
