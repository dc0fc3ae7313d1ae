package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program says of itself, and of command lines that make no sense. */
@Timeout(300)
class CommandLineTest {
  /**
   * A command line, separated by blanks, and what the line of complaint must have in it.
   *
   * @param config the text of the file that is put for {@code CONFIG}
   */
  record Mistake(String line, String complaint, String config) {
    Mistake(String line, String complaint) {
      this(line, complaint, "");
    }

    @Override
    public String toString() {
      return line + (config.isEmpty() ? "" : " (" + config.strip() + ")");
    }
  }

  private static final String ROUTE = "[[route]]\nlisten = \"/tmp/a\"\nconnect = \"/tmp/b\"\n";

  static final List<Mistake> MISTAKES =
      List.of(
          new Mistake("helper --colour blue", "unknown option --colour"),
          new Mistake("helper -x", "unknown option -x"),
          new Mistake("helper --listen", "--listen needs a value"),
          new Mistake("helper", "no route: give --listen ADDR --connect ADDR"),
          new Mistake("helper --listen /tmp/a", "listen needs connect"),
          new Mistake("helper --connect /tmp/a", "connect needs listen"),
          new Mistake("helper 1 x", "'x' is no domain"),
          new Mistake("helper --transport argo", "are for all, which is not given"),
          new Mistake("helper --all --transport tcp", "is neither vchan nor argo nor v4v"),
          new Mistake("helper --listen a:b:c --connect /tmp/b", "'a' is no known scheme"),
          new Mistake("helper --listen tcp:host --connect /tmp/b", "is not HOST:PORT"),
          new Mistake("helper --listen tcp:h:99999 --connect /tmp/b", "port 99999 is not within"),
          new Mistake("helper --listen unix: --connect /tmp/b", "the path is empty"),
          new Mistake("helper --listen unix:/a,server=7 --connect /b", "neither on nor off"),
          new Mistake("helper --listen /a --listen /b --connect /c", "listen is given twice"),
          new Mistake("helper --route /tmp/a", "has no \"=>\""),
          new Mistake(
              "helper --listen /a --connect /b --client-message 1", "must be a size from 1k"),
          new Mistake("helper --relay=maybe --listen /a --connect /b", "must be true or false"),
          new Mistake("helper --config CONFIG", "CONFIG, line 5: ", ROUTE + "\nname = \"x\" 2\n"),
          new Mistake("helper --config CONFIG", "CONFIG, line 1: ", "listen = unix:/tmp/a\n"),
          new Mistake("helper --config CONFIG", "CONFIG: 'colour' is no setting", "colour = 7\n"),
          new Mistake(
              "helper --config CONFIG", "CONFIG: a [[route]] has", ROUTE + "quiet = true\n"),
          new Mistake("helper --config CONFIG", "CONFIG: 'verbose' must be", "verbose = [true]\n"),
          new Mistake("helper --config CONFIG", "CONFIG: relay (\"1\") must be", "relay = 1\n"),
          new Mistake("helper --config CONFIG", "listen needs connect", "listen = \"/tmp/a\"\n"),
          new Mistake("helper --config CONFIG", "no route", ""),
          new Mistake("health", "give one address"),
          new Mistake("health /a /b", "give one address"),
          new Mistake("health a:b:c", "'a' is no known scheme"),
          new Mistake("health /a --timeout 5", "must be a length of time"),
          new Mistake("health /a --timeout", "--timeout needs a value"),
          new Mistake("health /a --output xml", "--output must be text or json"),
          new Mistake("list all", "'all' is not expected"),
          new Mistake("list --output xml", "--output must be text, json or names"),
          new Mistake("list --timeout 5", "must be a length of time"),
          new Mistake("demo now", "'now' is not expected"),
          new Mistake("demo --walls", "unknown option --walls"),
          new Mistake("transports all", "'all' is not expected"),
          new Mistake("version 2", "'2' is not expected"));

  private final Path folder;

  CommandLineTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @FieldSource("MISTAKES")
  void aMistakeIsSaidInOneLineWithStatusTwo(Mistake mistake) throws Exception {
    Path config = Files.writeString(folder.resolve("helper.toml"), mistake.config());
    String[] words = mistake.line().replace("CONFIG", config.toString()).split(" ", -1);
    Program.Outcome outcome = Program.run(words);
    assertEquals(2, outcome.status(), outcome::toString);
    assertEquals("", outcome.out());
    List<String> lines = outcome.errLines();
    assertTrue(lines.getFirst().startsWith("qmp " + words[0] + ": "), outcome.err());
    String complaint = mistake.complaint().replace("CONFIG", config.toString());
    assertTrue(lines.getFirst().contains(complaint), outcome.err());
    assertEquals(List.of("See 'qmp " + words[0] + " --help'."), lines.subList(1, lines.size()));
  }

  @Test
  void aConfigurationThatCannotBeReadIsNamed() throws Exception {
    for (Path file : List.of(folder.resolve("missing.toml"), folder)) {
      Program.Outcome outcome = Program.run("helper", "--config", file.toString());
      assertEquals(3, outcome.status(), outcome::toString);
      assertEquals(1, outcome.errLines().size(), outcome.err());
      assertTrue(
          outcome.err().startsWith("qmp helper: cannot read the configuration " + file + ": "),
          outcome.err());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "Helper", "--verbose", ""})
  void anUnknownToolIsSaidInOneLine(String tool) {
    Program.Outcome outcome = Program.run(tool);
    assertEquals(2, outcome.status(), outcome::toString);
    assertEquals(
        List.of("qmp: there is no tool '" + tool + "'; 'qmp help' lists them"), outcome.errLines());
    assertEquals("", outcome.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"helper", "health", "demo", "transports", "version"})
  void everyToolHelps(String tool) {
    Program.Outcome outcome = Program.run(tool, "--help");
    assertEquals(0, outcome.status(), outcome::toString);
    assertEquals("", outcome.err());
    assertTrue(outcome.out().startsWith("Usage: qmp " + tool), outcome.out());
    assertTrue(
        outcome.out().lines().allMatch(line -> line.length() <= 100), "a line is too long to read");
    assertEquals(outcome, Program.run("help", tool));
    assertEquals(outcome, Program.run(tool, "-h", "--nonsense"));
  }

  @Test
  void helpListsTheTools() {
    Program.Outcome outcome = Program.run();
    assertEquals(0, outcome.status(), outcome::toString);
    assertEquals("", outcome.err());
    for (String tool : List.of("helper", "health", "demo", "transports", "version")) {
      assertTrue(outcome.out().contains("\n  " + tool + " "), outcome.out());
    }
    assertEquals(outcome, Program.run("help"));
    assertEquals(outcome, Program.run("--help"));
    assertEquals(outcome, Program.run("help", "help"));
    assertEquals(outcome, Program.run("help", "--help"));
  }

  @Test
  void versionAndTransportsAreForScriptsToo() {
    Program.Outcome version = Program.run("version");
    assertEquals(0, version.status(), version::toString);
    assertTrue(
        version.out().matches("qmpkit \\d+\\.\\d+\\.\\d+\\S*, Java 2[5-9].*\\R"), version.out());
    // No JVM's warning on any start.
    assertEquals("", version.err());
    assertEquals(version, Program.run("--version"));
    Program.Outcome transports = Program.run("transports");
    assertEquals(0, transports.status(), transports::toString);
    for (String scheme : List.of("unix", "tcp")) {
      assertTrue(
          transports.out().lines().anyMatch(line -> line.matches(scheme + " +ready +\\S.*")),
          transports.out());
    }
  }

  @Test
  void calledAsQmpHelperItIsTheHelper() {
    for (String name : List.of("qmp-helper", "qmp_helper")) {
      Program.Outcome outcome =
          Program.outcome(
              new ProcessBuilder(
                  Program.command(List.of("-Dqmpkit.called=/usr/bin/" + name), "--help")));
      assertEquals(0, outcome.status(), outcome::toString);
      assertTrue(outcome.out().startsWith("Usage: qmp helper"), outcome.out());
    }
  }

  @Test
  void allItsModulesAreNamedModules() {
    List<String> words = Program.command();
    String modules = words.get(words.indexOf("-p") + 1);
    Program.Outcome outcome =
        Program.outcome(new ProcessBuilder(words.getFirst(), "-p", modules, "--list-modules"));
    List<String> ours = outcome.out().lines().filter(line -> line.contains(modules)).toList();
    assertFalse(ours.isEmpty(), outcome::toString);
    assertEquals(
        List.of(), ours.stream().filter(line -> line.contains("automatic")).toList(), "jlink");
    for (String module : List.of("protocol", "net", "helper", "cli")) {
      assertTrue(
          ours.stream().anyMatch(line -> line.startsWith("org.qmpkit." + module)), ours::toString);
    }
  }
}
