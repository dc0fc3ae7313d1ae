package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** The shell on a terminal, as a person sees it, on a real QEMU. */
@Timeout(300)
class ShellTest {
  private static final String PROMPT = "(QEMU)";

  @TempDir Path folder;

  private Tmux shell(Map<String, String> environment, int columns, String... arguments)
      throws IOException {
    return Tmux.shell(folder, environment, columns, 30, arguments);
  }

  private Tmux shell(String... arguments) throws IOException {
    return shell(Map.of(), 100, arguments);
  }

  private Tmux shell(RealQemu qemu, String... flags) throws IOException {
    String address = "unix:" + qemu.path();
    return shell(Stream.concat(Arrays.stream(flags), Stream.of(address)).toArray(String[]::new));
  }

  @Test
  void isUsedAsQmpShellIs() throws IOException {
    String release = RealQemu.version();
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"))) {
      try (Tmux shell = shell(Map.of("PAGER", "less"), 100, qemu.path().toString())) {
        shell.awaitLastLine(PROMPT);
        assertEquals(
            List.of(
                "Welcome to the QMP low-level shell!", "Connected to QEMU " + release, "", PROMPT),
            shell.screen().subList(0, 4));
        assertEquals(
            "{\"return\": {\"status\": \"prelaunch\", \"running\": false}}",
            // Newer ones have no "singlestep".
            shell.ask(PROMPT, "query-status").replace("\"singlestep\": false, ", ""));
        assertTrue(
            shell
                .ask(PROMPT, "bogus a=1")
                .startsWith("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": "));
        assertEquals(
            """
            Error while parsing command line: Expected a key=value pair, got 'x'
            command format: <command-name> [arg-name1=arg1] ... [arg-nameN=argN\
            """,
            shell.ask(PROMPT, "query-status x"));
        assertEquals("", shell.ask(PROMPT, "# no command"));
        linesThatBelongTogether(shell);
        completes(shell);
        pages(shell);
        shell.ask(PROMPT, "set_password protocol=vnc password=sesame");
        shell.press("C-d");
        assertEquals(0, shell.awaitEnd(), shell::text);
      }
      remembers(qemu);
      assertEquals(0, qemu.awaitExit());
    }
  }

  private static void linesThatBelongTogether(Tmux shell) throws IOException {
    shell.enter("transaction(");
    shell.awaitLastLine("TRANS>");
    shell.enter("abort");
    shell.awaitLastLine("TRANS>");
    assertEquals(
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"Transaction aborted using Abort"
            + " action\"}}",
        shell.ask(PROMPT, ")"));

    shell.enter("transaction(");
    shell.awaitLastLine("TRANS>");
    shell.type("block-dirty");
    shell.press("C-c");
    shell.await("transaction dropped");
    shell.awaitLastLine(PROMPT);
    shell.type("half a line");
    shell.press("C-c");
    shell.awaitLastLine(PROMPT);

    shell.enter("{\"execute\":");
    shell.awaitLastLine("  ...>");
    assertEquals("{\"return\": {}, \"id\": 1}", shell.ask(PROMPT, "\"query-name\", \"id\": 1}"));

    shell.paste(
        """
        {"execute": "query-name", "id": "first"}
        {"execute": "query-name", "id": "second"}
        {"execute": "query-name", "id": "third"}
        """);
    shell.press("Enter");
    for (String id : List.of("first", "second", "third")) {
      shell.await("{\"return\": {}, \"id\": \"" + id + "\"}");
    }
    shell.awaitLastLine(PROMPT);
  }

  private static void completes(Tmux shell) {
    shell.type("query-kv");
    shell.complete("(QEMU) query-kvm");
    shell.press("C-c");
    shell.awaitLastLine(PROMPT);
    shell.type("device_add dri");
    shell.press("Tab");
    shell.awaitLastLine("(QEMU) device_add driver=");
    shell.press("C-c");
    shell.awaitLastLine(PROMPT);
    shell.type("blockdev-add read-only=t");
    shell.press("Tab");
    shell.await("(QEMU) blockdev-add read-only=true driver= ");
    shell.press("C-c");
    shell.awaitLastLine(PROMPT);
    // More than the screen has rows.
    shell.type("block");
    shell.press("Tab");
    shell.await("possibilities");
    shell.press("y");
    shell.awaitLastLine("(QEMU) block");
    for (String first : List.of("block-commit ", "block_resize ", "blockgraph ")) {
      assertTrue(shell.text().lines().anyMatch(line -> line.startsWith(first)), shell::text);
    }
    shell.press("C-c");
    shell.awaitLastLine(PROMPT);
  }

  private static void pages(Tmux shell) {
    shell.enter("query-qmp-schema");
    shell.awaitLastRow(":");
    assertFalse(shell.text().contains("ESC["), "less is not told of colours: " + shell.text());
    shell.press("q");
    shell.awaitLastLine(PROMPT);
    assertTrue(shell.ask(PROMPT, "query-version").contains("{\"return\": "), shell::text);
  }

  private void remembers(RealQemu qemu) throws IOException {
    String history = Files.readString(folder.resolve("state/qmpkit/history"));
    assertTrue(history.contains("query-status\n"), history);
    assertFalse(history.contains("sesame"), history);
    try (Tmux shell = shell(qemu)) {
      shell.awaitLastLine(PROMPT);
      shell.press("Up");
      shell.awaitLastLine("(QEMU) query-version");
      shell.press("C-c");
      shell.awaitLastLine(PROMPT);
      shell.press("C-r");
      shell.await("bck-i-search");
      shell.press("bogu");
      shell.awaitLastLine("bck-i-search: bogu_");
      shell.press("Enter");
      shell.await("CommandNotFound");
      shell.awaitLastLine(PROMPT);
      shell.enter("quit");
      assertEquals(0, shell.awaitEnd(), shell::text);
      List<String> last = shell.text().lines().filter(line -> !line.isBlank()).toList();
      int quit = last.indexOf("(QEMU) quit");
      assertTrue(last.get(quit + 1).contains("\"event\": \"SHUTDOWN\""), shell::text);
      assertEquals("{\"return\": {}}", last.get(quit + 2), shell::text);
      assertEquals("Disconnected", last.get(quit + 3), shell::text);
    }
  }

  @Test
  void eventsDoNotTearWhatIsTyped() throws IOException {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient other = shared.client();
        Tmux shell = shell("unix:" + shared.socket())) {
      shell.awaitLastLine(PROMPT);
      String half = "{\"execute\": \"query-name\", \"id\": 4";
      shell.type(half);
      for (int i = 0; i < 100; i++) {
        other.ask("{\"execute\": \"cont\"}");
        other.ask("{\"execute\": \"stop\"}");
        if (i % 10 == 0) {
          shell.awaitLastLine("(QEMU) " + half);
        }
      }
      awaitEvents(shell, 200);
      shell.awaitLastLine("(QEMU) " + half);
      assertEquals(
          List.of("(QEMU) " + half),
          shell
              .text()
              .lines()
              .skip(3)
              .filter(line -> !line.matches("\\{\"timestamp\": .*\"event\": \"(STOP|RESUME)\"}"))
              .toList(),
          "nothing but whole events above a whole line");
      assertEquals("{\"return\": {}, \"id\": 42}", shell.ask(PROMPT, "2}"));

      shell.ask(PROMPT, "events off");
      other.ask("{\"execute\": \"cont\"}");
      assertEquals(
          "{\"return\": {}, \"id\": \"quiet\"}",
          shell.ask(PROMPT, "{\"execute\": \"query-name\", \"id\": \"quiet\"}"));
      awaitEvents(shell, 200);
      shell.press("Enter");
      awaitEvents(shell, 201);
      shell.awaitLastLine(PROMPT);
      shell.ask(PROMPT, "events on");
      other.ask("{\"execute\": \"stop\"}");
      awaitEvents(shell, 202);
      shell.awaitLastLine(PROMPT);
      narrow(shell, other);
    }
  }

  /** Waits until so many have been shown. */
  private static void awaitEvents(Tmux shell, int count) {
    Pattern event = Pattern.compile("\"event\": \"(STOP|RESUME)\"");
    Patience.until(
        count + " events",
        () -> event.matcher(shell.text()).results().count() == count,
        shell::text);
  }

  private static void narrow(Tmux shell, LineClient other) throws IOException {
    shell.type("query-n");
    shell.resize(20, 10);
    other.ask("{\"execute\": \"cont\"}");
    awaitEvents(shell, 203);
    shell.type("ame");
    shell.awaitLastLine("(QEMU) query-name");
    assertEquals("{\"return\": {}}", shell.ask(PROMPT, ""));
    shell.resize(100, 30);
    shell.ask(PROMPT, "query-kvm");
  }

  @Test
  void drawsInPlaceWhatItWatchesAndWaitsFor() throws IOException {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient other = shared.client();
        Tmux shell = shell("unix:" + shared.socket())) {
      shell.awaitLastLine(PROMPT);
      shell.enter("watch 50ms query-status | .status until .running");
      shell.await("every 0.05 s: query-status | .status");
      shell.await("no. 9");
      other.ask("{\"execute\": \"cont\"}");
      shell.awaitLastLine(PROMPT);
      String text = shell.text();
      assertEquals(2, text.split("every 0.05 s", -1).length, text);
      assertEquals(2, text.split("\"running\"", -1).length, text);
      assertFalse(text.contains("prelaunch"), text);
      // The event came while the answer was drawn, and stands above it.
      assertTrue(text.indexOf("RESUME") < text.indexOf("every"), text);

      shell.ask(PROMPT, "blockdev-add driver=null-co node-name=from size=1073741824");
      shell.ask(PROMPT, "blockdev-add driver=null-co node-name=to size=1073741824");
      shell.ask(PROMPT, "events mute JOB_* BLOCK_JOB_*");
      shell.ask(PROMPT, "blockdev-mirror device=from target=to sync=full job-id=copy speed=1");
      shell.enter("job wait copy");
      shell.await("copy (mirror)  running  ");
      shell.await(" remaining  ");
      shell.press("C-c");
      shell.await("no longer waiting for 'copy', which goes on");
      shell.awaitLastLine(PROMPT);
      assertEquals(
          "{\"return\": {}}", shell.ask(PROMPT, "block-job-set-speed device=copy speed=0"));
      assertTrue(
          shell.ask(PROMPT, "job wait copy").contains("  ready  0 B remaining  1.0 GiB done"),
          shell::text);

      shell.ask(PROMPT, "set confirm on");
      shell.enter("quit");
      shell.awaitLastLine("'quit' ends QEMU and the guest. Really? [y/N]");
      shell.press("n", "Enter");
      shell.await("'quit' was not executed");
      shell.awaitLastLine(PROMPT);
      // The answer is not among the lines.
      shell.press("Up");
      shell.awaitLastLine("(QEMU) quit");
      shell.press("C-c");
      shell.awaitLastLine(PROMPT);
    }
  }

  @Test
  void staysUsableWhileEventsPourIn() throws IOException {
    try (LoudQemu qemu = new LoudQemu(folder.resolve("qemu.sock"));
        Tmux shell = shell(Map.of(), 250, folder.resolve("qemu.sock").toString())) {
      shell.awaitLastLine(PROMPT);
      ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
      try {
        // 500 a second.
        var _ = clock.scheduleAtFixedRate(() -> qemu.storm(50), 0, 100, TimeUnit.MILLISECONDS);
        for (int i = 0; i < 3; i++) {
          long before = qemu.events();
          shell.enter("{\"execute\": \"query-name\", \"id\": \"no. " + i + "\"}");
          shell.await("{\"return\": {}, \"id\": \"no. " + i + "\"}");
          Patience.until("more events", () -> qemu.events() > before + 200);
        }
      } finally {
        clock.shutdown();
        assertTrue(clock.awaitTermination(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS));
      }
      String last = "\"offset\": " + (qemu.events() - 1) + ",";
      shell.await(last);
      shell.awaitLastLine(PROMPT);
      String text = shell.text();
      long lost =
          Pattern.compile("\\((\\d+) events were lost here\\)")
              .matcher(text)
              .results()
              .mapToLong(each -> Long.parseLong(each.group(1)))
              .sum();
      List<Long> shown =
          Pattern.compile("\"offset\": (\\d+),")
              .matcher(text)
              .results()
              .map(each -> Long.valueOf(each.group(1)))
              .toList();
      assertEquals(shown.stream().sorted().distinct().toList(), shown, "in order, each once");
      assertEquals(qemu.events(), shown.size() + lost, "none is lost without a word");
      shell.press("C-d");
      assertEquals(0, shell.awaitEnd(), shell::text);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Test
  void survivesQemu() throws IOException {
    Path socket = folder.resolve("qemu.sock");
    RealQemu first = RealQemu.startAt(socket);
    try (Tmux shell = shell(first, "--no-pager")) {
      shell.awaitLastLine(PROMPT);
      first.pause();
      shell.enter("query-status");
      shell.await("waiting for 'query-status' for 5 s; Ctrl-C ends the wait");
      shell.press("C-c");
      shell.await("no longer waiting for 'query-status'; it may run yet");
      shell.awaitLastLine(PROMPT);
      first.resume();
      assertEquals(
          "{\"return\": {}, \"id\": 7}",
          shell.ask(PROMPT, "{\"execute\": \"query-name\", \"id\": 7}"));
      assertTrue(shell.ask(PROMPT, "query-qmp-schema").endsWith("}]}"), shell::text);

      shell.type("query-na");
      first.kill();
      shell.await("'reconnect' connects again, Ctrl-D leaves");
      shell.await("Disconnected: ");
      shell.awaitLastLine("(QEMU) query-na");
      assertEquals(
          "ERROR: not connected; 'reconnect' connects again, Ctrl-D leaves",
          shell.ask(PROMPT, "me"));
      assertTrue(
          shell.ask(PROMPT, "reconnect").startsWith("ERROR: Couldn't connect to unix:" + socket),
          shell::text);
      try (RealQemu second = RealQemu.startAt(socket)) {
        assertTrue(shell.ask(PROMPT, "reconnect").startsWith("Connected to QEMU "), shell::text);
        shell.press("Up", "Up");
        shell.awaitLastLine("(QEMU) query-name");
        shell.press("Enter");
        shell.await("{\"return\": {}}");
        shell.press("C-d");
        assertEquals(0, shell.awaitEnd(), shell::text);
        assertTrue(second.alive());
      }
    } finally {
      first.close();
    }
  }

  @Test
  void theHumanMonitorAsQmpShellHasIt() throws IOException {
    Path socket = folder.resolve("qemu.sock");
    try (RealQemu qemu = RealQemu.startAt(socket, "-M", "pc", "-S", "-smp", "2");
        Tmux shell = shell(qemu, "-H")) {
      shell.awaitLastLine(PROMPT);
      assertEquals(
          List.of("Welcome to the HMP shell!", "Connected to QEMU " + RealQemu.version(), ""),
          shell.screen().subList(0, 3));
      assertEquals("VM status: paused (prelaunch)", shell.ask(PROMPT, "info status"));
      assertEquals("", shell.ask(PROMPT, "cpu 1"));
      assertTrue(shell.ask(PROMPT, "info cpus").contains("* CPU #1"), shell::text);
      assertEquals("cpu command takes an integer argument", shell.ask(PROMPT, "cpu"));
      assertEquals("bad CPU index", shell.ask(PROMPT, "cpu 7"));
      assertTrue(shell.ask(PROMPT, "# 1").startsWith("unknown command"), shell::text);
      shell.type("info vers");
      shell.complete("(QEMU) info version");
      shell.press("C-c");
      shell.awaitLastLine(PROMPT);
      assertEquals("unknown command: 'nonsense'", shell.ask(PROMPT, "nonsense"));
      shell.enter("quit");
      shell.await("Disconnected");
      assertEquals(0, shell.awaitEnd(), shell::text);
    }
  }

  /** No processor, a terminal that can't do anything, and no character beyond ASCII. */
  @Test
  void needsLittle() throws IOException {
    Path raw = folder.resolve("raw");
    Map<String, String> poor = Map.of("TERM", "dumb", "LC_ALL", "C");
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"), "-name", "Zo\u00eb");
        Tmux shell = shell(poor, 100, "-H", qemu.path().toString())) {
      shell.record(raw);
      shell.awaitLastLine(PROMPT);
      // What is typed this early may be on the screen twice.
      assertTrue(shell.ask(PROMPT, "info name").endsWith("Zo?"), shell::text);
      shell.press("Space", "Enter");
      Patience.until(
          "a prompt behind the blank line",
          () -> shell.text().lines().filter(line -> line.startsWith("(QEMU)")).count() == 3,
          shell::text);
      assertTrue(shell.ask(PROMPT, "cpu 0").endsWith("bad CPU index"), shell::text);
      Patience.until(
          "a record", () -> Files.readString(raw).contains("bad CPU index"), shell::text);
      shell.press("C-d");
      assertEquals(0, shell.awaitEnd(), shell::text);
    }
    assertFalse(Files.readString(raw).contains("\033"), Files.readString(raw));
  }

  @Test
  void saysThatAnotherHoldsTheMonitor() throws IOException {
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qmp-libxl-7"));
        LineClient holder = SharedQemu.negotiated(qemu.path())) {
      Program.Outcome shell = Program.run("shell", qemu.path().toString());
      assertEquals(4, shell.status(), shell::toString);
      assertEquals("", shell.out());
      for (String part :
          List.of("ERROR: Couldn't connect to unix:" + qemu.path(), "qmp helper", "libxl")) {
        assertTrue(shell.err().contains(part), shell.err());
      }
      assertTrue(holder.ask("{\"execute\": \"query-name\"}").contains("return"));
    }
  }
}
