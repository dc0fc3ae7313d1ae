package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** {@code qmp top}: many monitors, one line each. */
@Timeout(300)
class TopTest {
  private final Path folder;

  TopTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static String line(Program.Outcome outcome, String name) {
    return outcome.out().lines().filter(each -> each.contains(name)).findFirst().orElse("");
  }

  @Test
  void everyMonitorOfAFolderHasALine() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper =
            HelperProcess.sharing(
                folder.resolve("vm1.qmp"),
                qemu.path(),
                "--route",
                folder.resolve("qmp-libxl-7") + " => /nowhere");
        LineClient client = SharedQemu.negotiated(folder.resolve("vm1.qmp"))) {
      Files.writeString(folder.resolve("other"), "");
      client.ask(command("cont", "1"));
      Program.Outcome outcome = Program.run("top", folder.toString());
      // One is gone: that is the status, and what to do about it is in its line.
      assertEquals(3, outcome.status(), outcome::toString);
      assertEquals(3, outcome.out().lines().count(), outcome.out());
      String vm1 = line(outcome, "vm1.qmp");
      assertTrue(vm1.matches(".* connected +\\S+s +2 +0 +RESUME \\S+s +-"), outcome.out());
      assertTrue(line(outcome, "qmp-libxl-7").contains("there is no such file"), outcome.out());
      qemu.pause();
      client.send(command("query-block", "2"));
      Program.Outcome only = Program.run("top", "--once", folder.resolve("vm1.qmp").toString());
      assertEquals(0, only.status(), only::toString);
      assertTrue(line(only, "vm1.qmp").matches(".* query-block \\S+s, client 1 .*"), only.out());
      qemu.resume();
      assertTrue(helper.alive());
    }
  }

  @Test
  void forProgramsItIsWhatHealthSays() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = HelperProcess.sharing(folder.resolve("vm1.qmp"), qemu.path())) {
      helper.awaitLog("is ready");
      Program.Outcome outcome =
          Program.run("top", folder.toString(), "/nowhere", "--output", "json");
      assertEquals(3, outcome.status(), outcome::toString);
      List<JsonNode> lines = outcome.out().lines().map(Messages::parse).toList();
      assertEquals("connected", lines.get(0).path("state").asString());
      assertEquals(1, lines.get(0).path("helper").path("clients").asInt());
      assertEquals("gone", lines.get(1).path("state").asString());
      assertEquals("unix:/nowhere", lines.get(1).path("address").asString());
    }
  }

  @Test
  void noMonitorsIsSaidSo() {
    Program.Outcome outcome = Program.run("top", folder.toString());
    assertEquals(3, outcome.status());
    assertEquals("", outcome.out());
    assertTrue(outcome.err().startsWith("qmp top: no monitors in " + folder), outcome.err());
    assertTrue(outcome.err().contains("qmp top ADDR…"), outcome.err());
  }

  private static void awaitRow(Tmux terminal, String pattern) {
    Patience.until(
        "a row as " + pattern,
        () -> terminal.screen().stream().anyMatch(each -> each.matches(pattern)),
        terminal::text);
  }

  @Test
  void onATerminalItWatches() throws Exception {
    List<String> words = new ArrayList<>(Program.command(Program.ON_TERMINAL, "top"));
    words.addAll(List.of("--interval", "100ms", folder.toString()));
    try (RealQemu qemu = RealQemu.start();
        Tmux terminal = Tmux.start(folder, 60, 10, Map.of(), words)) {
      terminal.await("MONITOR");
      terminal.await("no monitors in ");
      terminal.await("qmp top ADDR…");
      try (HelperProcess helper = HelperProcess.sharing(folder.resolve("vm1.qmp"), qemu.path())) {
        // It comes, in as many columns as there are.
        awaitRow(terminal, ".*vm1\\.qmp +connected .*");
        qemu.kill();
        awaitRow(terminal, ".*vm1\\.qmp +gone .*…");
        assertTrue(helper.alive());
      }
    }
  }
}
