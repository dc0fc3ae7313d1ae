package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A QEMU of the shell's own. */
@Timeout(300)
class WrapTest {
  private static final List<String> QEMU =
      List.of("qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-M");

  @TempDir Path folder;

  private List<String> command(List<String> flags, String machine, String... arguments) {
    List<String> words = new ArrayList<>(List.of("wrap"));
    words.addAll(List.of(arguments));
    words.addAll(QEMU);
    words.add(machine);
    return of(flags, words);
  }

  private List<String> of(List<String> flags, List<String> words) {
    List<String> all = new ArrayList<>(flags);
    all.addAll(List.of("-Duser.home=" + folder, "-Djava.io.tmpdir=" + folder));
    return Program.command(all, words.toArray(String[]::new));
  }

  private void nothingIsLeft(List<ProcessHandle> processes) throws IOException {
    for (ProcessHandle each : processes) {
      Patience.until("the end of " + each.pid(), () -> !each.isAlive());
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of(),
          files.filter(each -> each.getFileName().toString().startsWith("qmp-wrap")).toList());
    }
  }

  @Test
  void qemuEndsWithTheShell() throws IOException {
    List<String> command = command(Program.ON_TERMINAL, "none", "-v", "--");
    try (Tmux shell = Tmux.start(folder, 100, 30, Map.of(), command)) {
      shell.awaitLastLine("(QEMU)");
      assertEquals("Welcome to the QMP low-level shell!", shell.screen().getFirst());
      assertTrue(
          shell.ask("(QEMU)", "query-status").contains("\"status\": \"prelaunch\""), shell::text);
      List<ProcessHandle> processes = shell.processes();
      assertEquals(2, processes.size(), processes::toString);
      shell.press("C-d");
      assertEquals(0, shell.awaitEnd(), shell::text);
      nothingIsLeft(processes);
    }
  }

  /** What came of it, but for word that a QEMU on a busy machine takes its time. */
  private static Program.Outcome outcome(ProcessBuilder builder) throws IOException {
    Program.Outcome outcome = Program.outcome(builder);
    String err = outcome.err().replaceFirst("waiting for unix:\\S+ to greet .*\n", "");
    return new Program.Outcome(outcome.status(), outcome.out(), err);
  }

  @Test
  void aScriptMayQuit() throws IOException {
    List<String> command =
        command(List.of(), "none", "--execute", "query-name", "--execute", "quit");
    assertEquals(
        new Program.Outcome(0, "{\"return\": {}}\n{\"return\": {}}\n", "Disconnected\n"),
        outcome(new ProcessBuilder(command)));
    nothingIsLeft(List.of());
  }

  @Test
  void whatQemuSaysOfItsArgumentsIsSeen() throws IOException {
    Program.Outcome outcome = outcome(new ProcessBuilder(command(List.of(), "foo", "--")));
    assertEquals(3, outcome.status(), outcome::toString);
    assertEquals("", outcome.out());
    List<String> said = outcome.errLines();
    assertTrue(said.getFirst().contains("unsupported machine type"), outcome::toString);
    assertEquals("ERROR: QEMU ended with status 1 before it connected", said.getLast());
    nothingIsLeft(List.of());
  }

  @Test
  void thereMayBeNoQemu() throws IOException {
    Program.Outcome outcome =
        outcome(new ProcessBuilder(of(List.of(), List.of("wrap", "--", "qemu-system-none", "-S"))));
    assertEquals(
        new Program.Outcome(3, "", "ERROR: QEMU executable 'qemu-system-none' not found.\n"),
        outcome);
    nothingIsLeft(List.of());
  }

  @Test
  void theUsualQemuIsTheDefault() throws IOException {
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Path qemu =
        Files.writeString(
            bin.resolve("qemu-system-x86_64"),
            """
            #!/bin/sh
            PATH=${PATH#*:}
            exec qemu-system-x86_64 -nodefaults -display none -M none -name wrapped "$@"
            """);
    Files.setPosixFilePermissions(qemu, PosixFilePermissions.fromString("rwx------"));
    ProcessBuilder builder =
        new ProcessBuilder(of(List.of(), List.of("wrap", "--execute", "query-name")));
    builder.environment().merge("PATH", bin.toString(), (old, first) -> first + ":" + old);
    Program.Outcome outcome = outcome(builder);
    assertEquals(new Program.Outcome(0, "{\"return\": {\"name\": \"wrapped\"}}\n", ""), outcome);
    nothingIsLeft(List.of());
  }

  @Test
  void aQemuThatAScriptHasStartedEndsToo() throws IOException {
    Path started = folder.resolve("pid");
    Path script =
        Files.writeString(
            folder.resolve("start"),
            """
            #!/bin/sh
            qemu-system-x86_64 -nodefaults -display none -M none "$@" &
            echo $! >'%s'
            wait
            """
                .formatted(started));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    Program.Outcome outcome =
        outcome(
            new ProcessBuilder(
                of(
                    List.of(),
                    List.of("wrap", "--execute", "query-name", "--", script.toString()))));
    assertEquals(new Program.Outcome(0, "{\"return\": {}}\n", ""), outcome);
    long pid = Long.parseLong(Files.readString(started).strip());
    Patience.until(
        "the end of " + pid, () -> ProcessHandle.of(pid).map(each -> !each.isAlive()).orElse(true));
    nothingIsLeft(List.of());
  }
}
