package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** A session on a real QEMU is recorded, and what was recorded takes that QEMU's place. */
@Timeout(180)
final class ReplayTest {
  /** What is asked, at QEMU and at what stands in for it. */
  private static final List<String> LINES =
      List.of(
          "query-status",
          "cont",
          "query-status",
          "qom-list path=/",
          "qom-get path=/machine property=nope",
          "no-such-command",
          "stop",
          "query-status",
          "query-version",
          "query-memory-size-summary");

  private static final List<String> RAW =
      List.of(
          "{\"execute\": \"query-status\", \"id\": 1}",
          "{\"id\": \"\\u00e9\", \"execute\": \"cont\"}",
          "{\"execute\": \"query-status\", \"id\": [2, {\"a\": null}]}",
          "{\"arguments\": {\"property\": \"nope\", \"path\": \"/machine\"}, \"execute\": \"qom-get\"}",
          "{\"execute\": \"no-such-command\", \"id\": 3}",
          "{\"execute\": \"stop\"}",
          "{\"execute\": \"query-status\"}",
          "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"/\"}, \"id\": 7}",
          // What is no request needs no recording.
          "{\"execute\": 7, \"id\": 1}",
          "[]",
          "{\"execute\": \"qmp_capabilities\", \"id\": 2}",
          "{\"oops\": 1}");

  @TempDir private static Path folder;
  private static Path recording;
  private static final List<Shown> SHOWN = new ArrayList<>();
  private static final List<String> SAID = new ArrayList<>();

  @BeforeAll
  static void record() throws Exception {
    recording = folder.resolve("session.rec");
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      shell.line("record " + recording);
      for (String line : LINES) {
        SHOWN.add(shell.line(line));
      }
      shell.line("record off");
    }
    // Another QEMU of the same kind, for what it says to the letter.
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      SAID.addAll(said(client));
    }
  }

  @AfterAll
  static void forget() {
    SHOWN.clear();
    SAID.clear();
  }

  /** The greeting, and all that is said to {@link #RAW}; no event's time. */
  private static List<String> said(LineClient client) throws IOException {
    List<String> said = new ArrayList<>();
    said.add(client.greeting());
    client.negotiate();
    for (String each : RAW) {
      int events = client.events().size();
      String reply = client.ask(each);
      List<String> all = client.events();
      all.subList(events, all.size())
          .forEach(event ->
              said.add(event.replaceAll("\\{\"seconds\": \\d+, \"microseconds\": \\d+}", "-")));
      said.add(reply);
    }
    return said;
  }

  /** {@code qmp replay} in this JVM, at a socket of its own. */
  private static final class Served implements AutoCloseable {
    private static final Duration TO_END = Duration.ofSeconds(30);

    final Path socket;
    private final FutureTask<Integer> status;
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    Served(String name, boolean paced) throws Exception {
      this(recording, name, paced);
    }

    Served(Path file, String name, boolean paced) throws Exception {
      socket = folder.resolve(name);
      Address address = Address.unix(socket);
      PrintStream none = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
      PrintStream said = new PrintStream(err, true, StandardCharsets.UTF_8);
      status = new FutureTask<>(() -> ReplayServer.run(file, address, true, paced, none, said));
      Thread.ofPlatform().daemon().start(status);
      while (!Files.exists(socket) && !status.isDone()) {
        Thread.onSpinWait();
      }
    }

    /** The client has left, so it ends. */
    @Override
    public void close() {
      int ended = assertDoesNotThrow(() -> status.get(TO_END.toSeconds(), TimeUnit.SECONDS));
      assertEquals(ExitStatus.DONE, ended);
      assertEquals("", err.toString(StandardCharsets.UTF_8));
      assertTrue(Files.notExists(socket));
    }
  }

  @Test
  void saysToTheLetterWhatQemuSaid() throws Exception {
    try (Served served = new Served("raw", false);
        LineClient client = LineClient.connect(served.socket)) {
      assertEquals(SAID, said(client));
    }
  }

  @Test
  void theShellShowsTheSame() throws Exception {
    try (Served served = new Served("shell", false);
        ShellRig shell = ShellRig.on(served.socket)) {
      for (int i = 0; i < LINES.size(); i++) {
        assertEquals(SHOWN.get(i), shell.line(LINES.get(i)));
      }
      assertEquals(2, shell.session().history().count());
    }
  }

  @Test
  void testkitServesTheSame() throws Exception {
    try (FakeQemu fake = FakeQemu.from(recording);
        ShellRig shell = ShellRig.on(fake)) {
      for (int i = 0; i < LINES.size(); i++) {
        assertEquals(SHOWN.get(i), shell.line(LINES.get(i)));
      }
    }
  }

  @Test
  void whatIsNotThereIsNamed() throws Exception {
    try (Served served = new Served("missing", false);
        ShellRig shell = ShellRig.on(served.socket)) {
      Shown shown = shell.line("query-name");
      assertEquals(ExitStatus.FAILED, shown.status());
      assertTrue(
          shown
              .out()
              .startsWith(
                  "{\"error\": {\"class\": \"GenericError\", \"desc\": \"not in the recording:"
                      + " 'query-name'; it has query-status, cont, "),
          shown.out());
    }
  }

  private static Path written(String name, String... messages) throws IOException {
    String header = "{\"qmp-recording\": 1, \"started\": \"2026-11-30T00:00:00Z\"}\n";
    return Files.writeString(folder.resolve(name), header + String.join("\n", messages) + "\n");
  }

  private static String message(double at, String from, String message) {
    return "{\"at\": " + at + ", \"from\": \"" + from + "\", \"message\": " + message + "}";
  }

  @Test
  void takesItsTimeIfItIsTold() throws Exception {
    String shutdown = "{\"timestamp\": {}, \"event\": \"SHUTDOWN\"}";
    Path file =
        written(
            "timed.rec",
            message(0, "qemu", FakeQemu.GREETING),
            message(1, "client", "{\"execute\": \"quit\"}"),
            message(1.4, "qemu", "{\"return\": {}}"),
            message(1.8, "qemu", shutdown));
    try (Served served = new Served(file, "timed", true);
        LineClient client = LineClient.connect(served.socket)) {
      client.negotiate();
      long start = System.nanoTime();
      assertEquals("{\"return\": {}}", client.ask("{\"execute\": \"quit\"}"));
      assertTrue(System.nanoTime() - start >= Duration.ofMillis(400).toNanos());
      assertEquals(List.of(shutdown), client.expectEnd());
      assertTrue(System.nanoTime() - start >= Duration.ofMillis(800).toNanos());
    }
  }

  /** More than may wait to be written, all of which a socket then takes at once. */
  @Test
  void answersAllOfMany() throws Exception {
    int length = 1_100_000;
    Path file =
        written(
            "large.rec",
            message(0, "qemu", FakeQemu.GREETING),
            message(1, "client", "{\"execute\": \"a\"}"),
            message(1, "qemu", "{\"return\": \"" + "x".repeat(length) + "\"}"));
    PipedInputStream told = new PipedInputStream();
    try (PrintStream out =
            new PrintStream(new PipedOutputStream(told), true, StandardCharsets.UTF_8);
        BufferedReader address =
            new BufferedReader(new InputStreamReader(told, StandardCharsets.UTF_8))) {
      Address any = Address.parse("tcp:127.0.0.1:0");
      FutureTask<Integer> status =
          new FutureTask<>(() -> ReplayServer.run(file, any, true, false, out, out));
      Thread.ofPlatform().daemon().start(status);
      String port = String.valueOf(address.readLine()).replaceFirst(".*:", "");
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(port))) {
        client.setSoTimeout(30_000);
        String asked = "{\"execute\": \"qmp_capabilities\"}" + "{\"execute\": \"a\"}".repeat(20);
        client.getOutputStream().write(asked.getBytes(StandardCharsets.UTF_8));
        // It has written what the socket takes, and waits.
        Thread.sleep(300);
        client.getInputStream().skipNBytes(20L * length);
      }
      assertEquals(ExitStatus.DONE, status.get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void refusesAGreetingThatNoQemuSends() throws Exception {
    String long64 = FakeQemu.GREETING.replace("\"FakeQemu\"", "\"" + "x".repeat(70_000) + "\"");
    Path file = written("greeting.rec", message(0, "qemu", long64));
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status;
    try (PrintStream none =
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        PrintStream said = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      status = ReplayServer.run(file, null, true, false, none, said);
    }
    assertEquals(ExitStatus.USAGE, status);
    assertEquals(
        "qmp replay: cannot stand in for the QEMU of "
            + file
            + ": its greeting must have a version and capabilities, in 64 KiB at most",
        err.toString(StandardCharsets.UTF_8).strip());
  }

  @Test
  void saysTheSameInItsTime() throws Exception {
    try (Served served = new Served("paced", true);
        LineClient client = LineClient.connect(served.socket)) {
      assertEquals(SAID, said(client));
    }
  }

  @Test
  void theSameQemuAnswersTheSame() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      Shown shown = shell.line("replay " + recording);
      assertEquals("10 answers, all as recorded", shown.out());
      assertEquals(ExitStatus.DONE, shown.status());
    }
  }

  @Test
  void anotherQemuDiffersWhereItDoes() throws Exception {
    try (RealQemu qemu = RealQemu.start("-M", "q35", "-m", "256", "-S");
        ShellRig shell = ShellRig.on(qemu)) {
      Shown shown = shell.line("replay " + recording);
      assertEquals(ExitStatus.FAILED, shown.status());
      List<String> rows = shown.out().lines().toList();
      assertTrue(
          rows.stream()
              .anyMatch(row ->
                  row.matches(
                      "line \\d+: query-memory-size-summary: return.base-memory:"
                          + " recorded \\d+, now 268435456")),
          shown.out());
      assertTrue(
          rows.stream()
              .anyMatch(row ->
                  row.endsWith(
                          "qom-get: error.desc: recorded \"Property 'none-machine.nope' not found\","
                              + " now \"Property 'pc-q35-7.2-machine.nope' not found\"")
                      || row.contains("qom-get: error.desc: recorded \"Property 'none-machine")),
          shown.out());
      assertTrue(rows.getLast().matches("10 answers, \\d not as recorded.*"), shown.out());
      Shown ignoring = shell.line("replay " + recording + " --ignore base-memory --ignore desc");
      assertNotEquals(rows.getLast(), ignoring.out().lines().toList().getLast());
    }
  }

  @Test
  void anEventThatIsMissingIsADifference() throws Exception {
    try (FakeQemu fake = FakeQemu.from(recording)) {
      fake.answers(
          request -> request.contains("\"cont\"") ? FakeQemu.returning(request, "{}") : null);
      try (ShellRig shell = ShellRig.on(fake)) {
        Shown shown = shell.line("replay " + recording);
        assertEquals(
            "event RESUME: 1 recorded, now 0\n"
                + "10 answers, all as recorded; 1 kinds of events not as recorded",
            shown.out());
        assertEquals(ExitStatus.FAILED, shown.status());
      }
    }
  }

  /** Whatever comes, and however much of it, no more is kept than can be compared. */
  @Test
  void aFloodOfEventsIsADifference() throws Exception {
    String event = "{\"event\": \"%s\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n";
    StringBuilder flood = new StringBuilder(event.formatted("FLOOD").repeat(3000));
    for (int i = 0; i < 3000; i++) {
      flood.append(event.formatted("E" + i));
    }
    try (FakeQemu fake = FakeQemu.from(recording)) {
      fake.answers(request -> {
        if (request.contains("query-version")) {
          fake.send(flood.toString());
        }
        return null;
      });
      try (ShellRig shell = ShellRig.on(fake)) {
        Shown shown = shell.line("replay " + recording);
        List<String> rows = shown.out().lines().toList();
        assertEquals(1002, rows.size());
        assertEquals("event FLOOD: 0 recorded, now 3000", rows.getFirst());
        assertEquals("event E998: 0 recorded, now 1", rows.get(999));
        assertEquals("events: 2001 more, too many to be compared", rows.get(1000));
        assertEquals(
            "10 answers, all as recorded; 1001 kinds of events not as recorded", rows.getLast());
        assertEquals(ExitStatus.FAILED, shown.status());
      }
    }
  }

  @Test
  void leavesOutWhatReturnedASecret() throws Exception {
    Path file = folder.resolve("returned.rec");
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      shell.line("object-add qom-type=secret id=sec0 data=hunter2");
      shell.line("record " + file);
      shell.line("qom-get path=/objects/sec0 property=data");
      shell.line("record off");
      Shown shown = shell.line("replay " + file);
      assertEquals(
          "line 3: qom-get: left out: there is a secret in it, which was not recorded\n"
              + "0 answers, all as recorded; 1 commands left out",
          shown.out());
    }
  }

  @Test
  void leavesOutWhatHadASecret() throws Exception {
    Path file = folder.resolve("secret.rec");
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      shell.line("record " + file);
      shell.line("set_password protocol=vnc password=hunter2");
      shell.line("record off");
      Shown shown = shell.line("replay " + file);
      assertEquals(
          "line 3: set_password: left out: there is a secret in it, which was not recorded\n"
              + "0 answers, all as recorded; 1 commands left out",
          shown.out());
      assertEquals(ExitStatus.FAILED, shown.status());
    }
  }

  @Test
  void quitEndsBothRuns() throws Exception {
    Path file = folder.resolve("quit.rec");
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      shell.line("record " + file);
      shell.line("quit");
    }
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      Shown shown = shell.line("replay " + file);
      assertEquals("1 answers, all as recorded", shown.out());
      assertEquals(0, qemu.awaitExit());
    }
  }

  @Test
  void refusesWhatIsNoRecording() throws Exception {
    try (FakeQemu fake = FakeQemu.start();
        ShellRig shell = ShellRig.on(fake)) {
      Path bad = Files.writeString(folder.resolve("bad"), "{\"QMP\": 1}\n");
      Shown shown = shell.line("replay " + bad);
      assertEquals(ExitStatus.USAGE, shown.status());
      assertTrue(shown.err().contains("line 1: no greeting: it must have a version"), shown.err());
      assertTrue(
          shell.line("replay " + folder.resolve("none")).err().contains("there is no such file"));
      assertEquals(ExitStatus.USAGE, shell.line("replay").status());
      assertEquals(ExitStatus.USAGE, shell.line("replay a b").status());
      Path alone =
          Files.writeString(
              folder.resolve("alone"),
              FakeQemu.GREETING + "\n\n{\"return\": {}}\n\n{\"return\": {}}\n");
      assertTrue(shell.line("replay " + alone).err().contains("has answers alone"));
      assertEquals(0, fake.received().stream().filter(each -> !each.contains("qmp_cap")).count());
    }
  }
}
