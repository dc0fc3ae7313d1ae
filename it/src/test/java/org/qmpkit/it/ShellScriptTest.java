package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.RealQemu;

/** The shell without a terminal: results on standard output, and nothing else. */
@Timeout(300)
class ShellScriptTest {
  private static final String LINES =
      """
      # a comment
      {"execute": "query-name", "id": 1}

      no-such-command a=1
      query-name x
      transaction(
      abort
      )
      {"execute":
       "query-name", "id": 2}
      """;

  private static final List<String> RESULTS =
      List.of(
          "{\"return\": {}, \"id\": 1}",
          "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command no-such-command has"
              + " not been found\"}}",
          "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Transaction aborted using Abort"
              + " action\"}}",
          "{\"return\": {}, \"id\": 2}");

  @TempDir static Path folder;

  private static RealQemu qemu;

  @BeforeAll
  static void startQemu() throws IOException {
    qemu = RealQemu.startAt(folder.resolve("qemu.sock"));
  }

  @AfterAll
  static void endQemu() {
    qemu.close();
  }

  /** Runs a shell that reads lines, with $QMP_SOCKET. */
  private static Program.Outcome shell(String lines, String... arguments) throws IOException {
    Path input = Files.writeString(folder.resolve("lines"), lines);
    String[] words =
        Stream.concat(Stream.of("shell"), Arrays.stream(arguments)).toArray(String[]::new);
    ProcessBuilder builder = new ProcessBuilder(Program.command(words));
    builder.environment().put("QMP_SOCKET", qemu.path().toString());
    Program.Outcome outcome = Program.outcome(builder, input.toFile());
    // A busy machine takes its time to connect, and that is said.
    String err = outcome.err().replaceFirst("waiting for unix:\\S+ to greet .*\n", "");
    return new Program.Outcome(outcome.status(), outcome.out(), err);
  }

  @Test
  void readsLinesOnItsInput() throws IOException {
    Program.Outcome all = shell(LINES);
    assertEquals(0, all.status(), all::toString);
    assertEquals(RESULTS, all.out().lines().toList());
    assertEquals(
        List.of(
            "Error while parsing command line: Expected a key=value pair, got 'x'",
            "command format: <command-name> [arg-name1=arg1] ... [arg-nameN=argN"),
        all.errLines());

    Program.Outcome first = shell(LINES, "-e", qemu.path().toString());
    assertEquals(1, first.status(), first::toString);
    assertEquals(RESULTS.subList(0, 2), first.out().lines().toList());
  }

  @Test
  void executesAScript() throws IOException {
    StringBuilder lines = new StringBuilder();
    StringBuilder results = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      lines.append("{\"execute\": \"query-name\", \"id\": ").append(i).append("}\n");
      results.append("{\"return\": {}, \"id\": ").append(i).append("}\n");
    }
    Path script = Files.writeString(folder.resolve("script"), lines);
    Program.Outcome outcome = shell("query-status", "--script", script.toString());
    assertEquals(new Program.Outcome(0, results.toString(), ""), outcome);
  }

  @Test
  void takesOptionsAsQmpShellDoes() throws IOException {
    Path log = folder.resolve("log");
    Files.writeString(log, "what is there stays\n");
    Program.Outcome pretty = shell("query-name", "-vp", "-l" + log);
    assertEquals(
        new Program.Outcome(
            0,
            """
            {
                "arguments": {},
                "execute": "query-name"
            }
            {
                "return": {}
            }
            """,
            ""),
        pretty);
    Program.Outcome verbose =
        shell(
            "set_password protocol=vnc password=sesame",
            qemu.path().toString(),
            "--verb",
            "--logfile=" + log);
    assertEquals(0, verbose.status(), verbose::toString);
    assertTrue(verbose.out().startsWith("{\"execute\": \"set_password\", "), verbose.out());
    assertEquals(2, verbose.out().lines().count(), verbose.out());

    List<String> logged = Files.readAllLines(log);
    assertEquals(3, logged.size(), logged::toString);
    assertEquals("what is there stays", logged.getFirst());
    assertTrue(
        logged.get(1).startsWith("{\"execute\": \"query-name\", \"arguments\": {}, \"return\": {}"),
        logged::toString);
    assertTrue(logged.get(2).contains("\"password\": \"***\""), logged::toString);
    assertTrue(qemu.alive() && Files.exists(qemu.path()), "the log is not QEMU's socket");
  }

  @Test
  void writesInOtherFormats() throws IOException {
    String request = "query-status";
    Program.Outcome yaml = shell("", "--output", "yaml", "--execute", request);
    assertEquals(0, yaml.status(), yaml::toString);
    List<String> lines = yaml.out().lines().toList();
    assertEquals("---", lines.getFirst(), yaml::toString);
    assertTrue(lines.contains("status: prelaunch"), yaml::toString);

    Program.Outcome table =
        Program.run("exec", "--output=table", qemu.path().toString(), "query-chardev");
    assertEquals(0, table.status(), table::toString);
    List<String> rows = table.out().lines().toList();
    assertEquals(2, rows.size(), table::toString);
    for (String cell : List.of("label", "compat_monitor0")) {
      assertTrue(rows.stream().anyMatch(row -> row.contains(cell)), table::toString);
    }
  }

  @Test
  void refusesWhatItCannotUnderstand() {
    Program.Outcome port = Program.run("shell", "localhost:qmp");
    assertEquals(2, port.status(), port::toString);
    assertEquals("", port.out());
    assertTrue(port.err().contains("Bad port number: localhost:qmp"), port.err());
  }

  @Test
  void executesOneCommandOfAnyForm() {
    String address = qemu.path().toString();
    Program.Outcome typed = Program.run("exec", address, "qom-get", "path=/", "property:=\"type\"");
    assertEquals(new Program.Outcome(0, "\"container\"\n", ""), typed);
    Program.Outcome raw = Program.run("exec", address, "{\"execute\": \"query-name\"}");
    assertEquals(new Program.Outcome(0, "{}\n", ""), raw);
    Program.Outcome urgent = Program.run("exec", address, "exec-oob", "query-yank");
    assertEquals(0, urgent.status(), urgent::toString);
    assertTrue(urgent.out().startsWith("["), urgent::toString);
  }

  @Test
  void whatIsCutOffIsAnError() throws IOException {
    Program.Outcome transaction = shell("transaction(\nabort\n", "-e");
    assertEquals(2, transaction.status(), transaction::toString);
    assertTrue(transaction.err().contains("ends within a transaction"), transaction::toString);
    Program.Outcome json = shell("{\"execute\":\n\"query-name\"\n", "-e");
    assertEquals(2, json.status(), json::toString);
    assertTrue(json.err().contains("ends within JSON"), json::toString);
  }

  @Test
  void filesThatCannotBeReadAreNamed() throws IOException {
    Program.Outcome script = shell("", "--script", folder.toString());
    assertEquals(2, script.status(), script::toString);
    assertTrue(script.err().contains("the script " + folder), script::toString);
    Program.Outcome log = shell("query-name", "-l", "/nonexistent/log");
    assertEquals(2, log.status(), log::toString);
    assertTrue(log.err().contains("the log /nonexistent/log"), log::toString);
  }

  @Test
  void aBareWordWithColonsIsAPathInTheShellAlone() {
    Program.Outcome exec = Program.run("exec", "a:b:c", "query-status");
    assertEquals(2, exec.status(), exec::toString);
    Program.Outcome shell = Program.run("shell", "--execute", "query-status", "a:b:c");
    assertEquals(3, shell.status(), shell::toString);
    assertTrue(shell.err().contains("unix:a:b:c"), shell::toString);
  }
}
