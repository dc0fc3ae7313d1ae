package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;

/** {@code qmp demo}: green without a terminal, and nothing left afterwards. */
@Timeout(300)
class DemoTest {
  private final Path temporary;
  private final List<String> jvmFlags;

  DemoTest(@TempDir Path folder) throws IOException {
    temporary = Files.createDirectory(folder.resolve("tmp"));
    jvmFlags =
        List.of(
            "-Djava.io.tmpdir=" + temporary,
            "-Dqmpkit.launcher=" + Program.launcher(folder.resolve("qmp")));
  }

  private ProcessBuilder demo(String... flags) {
    List<String> command = new ArrayList<>(Program.command(jvmFlags, "demo"));
    command.addAll(List.of(flags));
    return new ProcessBuilder(command);
  }

  @Test
  void runsGreenAndLeavesNothing() throws Exception {
    Program.Outcome outcome = Program.outcome(demo());
    assertEquals(0, outcome.status(), outcome::toString);
    assertEquals("", outcome.err());
    String shown = outcome.out();
    for (String expected :
        List.of(
            "qemu-system-x86_64 -M none",
            "A < {\"QMP\": ",
            "B < {\"QMP\": ",
            "A > {\"execute\": \"query-status\", \"id\": 1}",
            "B > {\"execute\": \"query-version\", \"id\": 1}",
            "\"event\": \"RESUME\"",
            "\"event\": \"STOP\"",
            "C < {\"error\": ",
            "D has left",
            "✓ every reply went to whoever asked")) {
      assertTrue(shown.contains(expected), () -> "no " + expected + " in:\n" + shown);
    }
    assertTrue(shown.indexOf('\033') < 0, "colours where there is no terminal");
    assertNothingLeft();
  }

  @Test
  void keptItServesUntilItIsInterrupted() throws Exception {
    Path out = temporary.resolveSibling("out");
    Process demo =
        demo("--keep")
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      Patience.until(
          "the demo to be ready",
          () -> Files.readString(out).contains("It is yours now"),
          () -> String.valueOf(demo.isAlive()));
      Path socket;
      try (Stream<Path> files = Files.walk(temporary)) {
        socket = files.filter(file -> file.endsWith("shared.qmp")).findAny().orElseThrow();
      }
      try (LineClient client = SharedQemu.negotiated(socket)) {
        assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("\"status\""));
        Signals.send("INT", demo.pid());
        assertTrue(Program.ended(demo), "the demo does not end");
        client.expectEnd();
      }
      assertNothingLeft();
    } finally {
      demo.destroyForcibly();
    }
  }

  @Test
  void withoutQemuItSaysHowToGetIt() throws Exception {
    ProcessBuilder demo = demo();
    demo.environment().put("PATH", temporary.toString());
    Program.Outcome outcome = Program.outcome(demo);
    assertEquals(3, outcome.status(), outcome::toString);
    assertEquals(1, outcome.errLines().size(), outcome.err());
    assertTrue(outcome.err().contains("apt-get install qemu-system-x86"), outcome.err());
    assertNothingLeft();
  }

  @Test
  void whatGoesWrongIsSaidAndCleanedUp() throws Exception {
    ProcessBuilder demo =
        new ProcessBuilder(
            Program.command(
                List.of("-Djava.io.tmpdir=" + temporary, "-Dqmpkit.launcher=/bin/false"), "demo"));
    Program.Outcome outcome = Program.outcome(demo);
    assertEquals(1, outcome.status(), outcome::toString);
    assertTrue(outcome.err().startsWith("qmp demo: /bin/false made no socket"), outcome.err());
    assertNothingLeft();
  }

  /** No file in the folder for temporary ones, no process that was told of it. */
  private void assertNothingLeft() throws IOException {
    Patience.until(
        "no process of the demo's",
        () -> processes().isEmpty(),
        () -> String.join("\n", processes()));
    try (Stream<Path> files = Files.list(temporary)) {
      assertEquals(List.of(), files.toList());
    }
  }

  private List<String> processes() {
    return ProcessHandle.allProcesses()
        .map(DemoTest::commandLine)
        .filter(line -> line.contains(temporary.toString()))
        .toList();
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
    } catch (IOException e) {
      // It has ended since.
      return "";
    }
  }
}
