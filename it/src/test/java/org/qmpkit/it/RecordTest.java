package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.RealQemu;

/** A session is recorded on a terminal; then the recording is asked in the place of QEMU. */
@Timeout(300)
class RecordTest {
  private static final String PROMPT = "(QEMU)";
  private static final List<String> LINES =
      List.of(
          "query-status", "cont", "query-status", "qom-get path=/machine property=nope", "stop");

  @TempDir private Path folder;

  private Tmux shell(String address) throws IOException {
    List<String> flags = new ArrayList<>(Program.ON_TERMINAL);
    flags.add("-Duser.home=" + folder);
    Map<String, String> environment = Map.of("XDG_STATE_HOME", folder.resolve("state").toString());
    Tmux shell = Tmux.start(folder, 120, 30, environment, Program.command(flags, "shell", address));
    shell.awaitLastLine(PROMPT);
    return shell;
  }

  /** What is shown for each line; no event's time. */
  private static List<String> shown(Tmux shell) {
    return LINES.stream()
        .map(line -> shell.ask(PROMPT, line).replaceAll("\"timestamp\": \\{.*?}", ""))
        .toList();
  }

  @Test
  void whatIsRecordedStandsInForQemu() throws Exception {
    Path recording = folder.resolve("session.rec");
    Path socket = folder.resolve("fake");
    List<String> first;
    try (RealQemu qemu = RealQemu.start()) {
      try (Tmux shell = shell("unix:" + qemu.path())) {
        assertEquals(
            "recording to " + recording + "; 'record off' ends it",
            shell.ask(PROMPT, "record " + recording).replace("\n", ""));
        first = shown(shell);
        assertTrue(shell.ask(PROMPT, "record off").startsWith("recorded to "), shell::text);
        assertTrue(
            shell
                .ask(PROMPT, "replay " + recording)
                .contains("return.status: recorded \"prelaunch\", now \"paused\""),
            shell::text);
        shell.press("C-d");
        assertEquals(0, shell.awaitEnd(), shell::text);
      }
    }
    Process replay =
        new ProcessBuilder(
                Program.command(
                    "replay", recording.toString(), "--listen", "unix:" + socket + ",mode=0600"))
            .redirectError(Redirect.INHERIT)
            .start();
    try (BufferedReader out = replay.inputReader()) {
      assertEquals("unix:" + socket, out.readLine());
      try (Tmux shell = shell("unix:" + socket)) {
        assertEquals(first, shown(shell));
        shell.press("C-d");
        assertEquals(0, shell.awaitEnd(), shell::text);
      }
      Program.Outcome missing = Program.run("exec", "unix:" + socket, "query-uuid");
      assertEquals(1, missing.status());
      assertTrue(
          missing.err().startsWith("qmp exec: GenericError: not in the recording: 'query-uuid'; "),
          missing.err());
      replay.destroy();
      assertTrue(Program.ended(replay));
      assertEquals(0, replay.exitValue());
      assertTrue(Files.notExists(socket));
    } finally {
      replay.destroyForcibly();
    }
  }

  @Test
  void recordsFromTheGreetingOnAndServesOnce() throws Exception {
    Path recording = folder.resolve("session.rec");
    try (RealQemu qemu = RealQemu.start()) {
      String address = "unix:" + qemu.path();
      String file = recording.toString();
      assertEquals(
          0, Program.run("shell", "--record", file, "--execute", "query-name", address).status());
      Program.Outcome again =
          Program.run("shell", "--record", file, "--execute", "query-name", address);
      assertEquals(2, again.status());
      assertEquals(
          "ERROR: cannot record to "
              + file
              + ": there is such a file already; nothing is written over it\n",
          again.err());
      assertEquals(2, Program.run("shell", "-N", "--record", "x", address).status());
    }
    Process replay =
        new ProcessBuilder(Program.command("replay", recording.toString(), "--once"))
            .redirectError(Redirect.INHERIT)
            .start();
    try (BufferedReader out = replay.inputReader()) {
      assertEquals("{}\n", Program.run("exec", out.readLine(), "query-name").out());
      assertTrue(Program.ended(replay));
      assertEquals(0, replay.exitValue());
    } finally {
      replay.destroyForcibly();
    }
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    Path bad = Files.writeString(folder.resolve("bad"), "{\"qmp-recording\": 1}\n{\"at\": 0}\n");
    Program.Outcome outcome = Program.run("replay", bad.toString());
    assertEquals(2, outcome.status());
    assertEquals(
        "qmp replay: cannot read the recording "
            + bad
            + ": line 2: 'from' must be \"qemu\" or \"client\"\n",
        outcome.err());
    assertEquals(2, Program.run("replay").status());
    assertEquals(2, Program.run("replay", folder.resolve("none").toString()).status());
    Path good = Files.writeString(folder.resolve("good"), greeting());
    Program.Outcome nowhere =
        Program.run("replay", good.toString(), "--listen", "unix:" + folder.resolve("no/where"));
    assertEquals(3, nowhere.status());
    assertTrue(nowhere.err().startsWith("qmp replay: cannot listen on unix:"), nowhere.err());
  }

  private static String greeting() {
    return "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n";
  }
}
