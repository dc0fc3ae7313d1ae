package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;

/**
 * A real QEMU with our chardevs, over emulated Argo and V4V: with our helper at the other end, with
 * models of OpenXT's, and with who says what no helper would.
 */
@Timeout(300)
class ChardevTest {
  private static final String NEGOTIATE = "{\"execute\": \"qmp_capabilities\"}\n";

  private final Path folder;
  private final ArgoHost host;

  ChardevTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    host = new ArgoHost(folder);
  }

  private HelperProcess qemu(String chardev, String... more) throws IOException {
    return host.chardevQemu("", Chardev.monitorAnd(chardev, more));
  }

  private void assertOtherMonitorAnswers() throws IOException {
    try (LineClient other = LineClient.connect(host.monitor())) {
      other.negotiate();
      for (int i = 0; i < 20; i++) {
        assertTrue(other.ask("{\"execute\": \"query-status\"}").contains("return"));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "v4v,2"})
  void ourHelperSharesTheMonitor(String family, int generation) throws Exception {
    String generations = ",generation=" + generation;
    try (HelperProcess qemu = qemu(family + generations)) {
      for (int round = 0; round < 2; round++) {
        try (HelperProcess helper = host.sharing(family + ":5" + generations)) {
          host.assertServes();
          helper.kill(); // says nothing
        }
      }
      try (HelperProcess helper = host.sharing(family + ":5" + generations);
          LineClient client = SharedQemu.negotiated(host.socket())) {
        client.send("{\"execute\": \"quit\"}\n");
        assertTrue(client.event("SHUTDOWN").contains("host-qmp-quit"));
        assertEquals(0, qemu.awaitExit());
        helper.awaitLog("QEMU's monitor at .* was closed");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,3", "v4v,2"})
  void openXtsHelperFindsItThreeTimes(String family, int generation) throws Exception {
    try (HelperProcess qemu = qemu(family + ",generation=" + generation);
        HelperProcess helper = host.stockHelper(family, generation, host.socket())) {
      for (int client = 0; client < 3; client++) {
        LibxlClient libxl = new LibxlClient(host.socket());
        assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
        assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void openXtsFirstHelperFindsIt(String family) throws Exception {
    try (HelperProcess qemu = qemu(family + ",generation=1");
        HelperProcess helper = host.stockHelper(family, 1, host.socket());
        LineClient client = LineClient.connect(host.socket())) {
      client.negotiate();
      assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("return"));
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void commandsOutOfBandAreOffered() throws Exception {
    try (HelperProcess qemu = qemu("argo");
        HelperProcess helper = host.stockHelper("argo", 3, host.socket());
        LineClient client = LineClient.connect(host.socket())) {
      assertTrue(client.greeting().contains("\"capabilities\": [\"oob\"]"));
      client.negotiate("oob");
      String yanked = client.ask("{\"exec-oob\": \"query-yank\", \"id\": \"urgent\"}\n");
      assertTrue(yanked.matches("\\{\"return\": \\[.*], \"id\": \"urgent\"}"), yanked);
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void aConsoleShowsTheFirmwareBesideAMonitor() throws Exception {
    assumeTrue(QmpStub.emulates());
    try (HelperProcess qemu =
            qemu(
                "argo,port=5101",
                "-M",
                "pc,graphics=off",
                "-vga",
                "none",
                "-chardev",
                "argo,id=console,full=drop",
                "-serial",
                "chardev:console");
        HelperProcess helper = host.sharing("argo:5:15101,localport=5101")) {
      host.awaitStatus();
      try (HelperProcess console =
              HelperProcess.started(host.talk("live", "!open", "?SeaBIOS (version"));
          LineClient client = SharedQemu.negotiated(host.socket())) {
        console.awaitLog("open");
        client.ask("{\"execute\": \"cont\"}");
        console.awaitLog("SeaBIOS");
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void failuresThatPassAreTriedAgain() throws Exception {
    try (HelperProcess qemu = host.chardevQemu("efault=5,eintr=3", Chardev.monitorAnd("argo"));
        HelperProcess helper = host.sharing("argo:5")) {
      host.assertServes();
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  private static void askForTheSchema(LineClient client, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      client.send("{\"execute\": \"query-qmp-schema\", \"id\": " + i + "}\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void whoDoesNotReadOrDiesMeanwhileStopsNothing(String family) throws Exception {
    int asked = 12;
    try (HelperProcess qemu = qemu(family)) {
      try (HelperProcess helper = host.stockHelper(family, 3, host.socket());
          LineClient stalled = LineClient.connect(host.socket())) {
        stalled.negotiate();
        askForTheSchema(stalled, asked);
        assertOtherMonitorAnswers();
        for (int i = 0; i < asked; i++) {
          String reply = stalled.reply();
          assertTrue(
              reply.length() > 100_000 && reply.endsWith("\"id\": " + i + "}"), "reply " + i);
        }
        askForTheSchema(stalled, asked);
        assertTrue(stalled.reply().endsWith("\"id\": 0}"));
        assertOtherMonitorAnswers();
        helper.kill(); // with a full ring, which is gone now
        assertOtherMonitorAnswers();
      }
      try (HelperProcess helper = host.stockHelper(family, 3, host.socket())) {
        host.awaitStatus();
        assertTrue(qemu.alive() && helper.alive());
      }
    }
  }

  @Test
  void whatQemuKeptForOneClientIsNotForTheNext() throws Exception {
    int asked = 8; // more than is kept here, so that the monitor keeps the rest
    List<String> words = new ArrayList<>(List.of("live", "?", NEGOTIATE, "?"));
    for (int i = 0; i < asked; i++) {
      words.add("{\"execute\": \"query-qmp-schema\", \"id\": " + i + "}\n");
    }
    Path answered = folder.resolve("answered");
    words.addAll(List.of("!asked", "=" + answered, "live", "?{\"QMP\"", "!greeted"));
    try (HelperProcess qemu = qemu("argo");
        HelperProcess talk = HelperProcess.started(host.talk(words.toArray(String[]::new)))) {
      talk.awaitLog("asked");
      assertOtherMonitorAnswers(); // each in its turn
      Files.createFile(answered);
      talk.awaitLog("greeted");
      assertFalse(talk.log().stream().anyMatch(each -> each.contains("\"id\": " + (asked - 1))));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void onlyFourBytesAreAWordAndNothingRepeatsIt() throws Exception {
    try (HelperProcess qemu = qemu("argo")) {
      String said =
          Program.outcome(
                  host.talk(
                      "dead",
                      "",
                      "stray",
                      "live",
                      "?",
                      "",
                      "",
                      NEGOTIATE,
                      "?",
                      "",
                      "live",
                      "?",
                      "{\"execute\": \"qmp_capabilities\", \"id\": \"",
                      "dead ",
                      "live \"}\n",
                      "?",
                      "dead",
                      "",
                      "live",
                      "?"))
              .err();
      List<String> lines = said.lines().toList();
      assertEquals(5, lines.size(), said);
      for (int greeting : new int[] {0, 2, 4}) {
        assertTrue(lines.get(greeting).startsWith("{\"QMP\""), said);
      }
      assertEquals("{\"return\": {}}", lines.get(1));
      assertEquals("{\"return\": {}, \"id\": \"dead live \"}", lines.get(3));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void noiseHarmsNothing() throws Exception {
    try (HelperProcess qemu = qemu("argo")) {
      List<String> words = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        words.addAll(List.of("live", "{[\"\\".repeat(i), "x".repeat(16_272 - i), "", "dead"));
      }
      words.addAll(List.of("@5101", "live", "{\"execute\": \"quit\"}", "@5100", "live", "?"));
      Program.Outcome talk = Program.outcome(host.talk(words.toArray(String[]::new)));
      assertEquals(0, talk.status(), talk::err);
      qemu.awaitLog("datagrams of other domains or ports come, and are dropped");
      try (HelperProcess helper = host.sharing("argo:5")) {
        host.assertServes();
        assertTrue(qemu.alive() && helper.alive());
      }
    }
  }

  @Test
  void aStreamIsDialledAgainAndCostsNothingMeanwhile() throws Exception {
    String near = "argo:5:15100,localport=5100,stream=on,server=on";
    try (HelperProcess qemu = qemu("argo,stream=on")) {
      long ended = System.nanoTime();
      Duration used = cpu(qemu);
      for (int round = 0; round < 2; round++) {
        try (HelperProcess helper = host.sharing(near)) {
          helper.awaitLog("is ready");
          // It was alone meanwhile. Who tries at full speed uses all of that time.
          Duration alone = Duration.ofNanos(System.nanoTime() - ended);
          Duration more = cpu(qemu).minus(used);
          assertTrue(
              more.compareTo(alone.dividedBy(10).plusMillis(150)) < 0, more + " of " + alone);
          host.assertServes();
          helper.kill();
        }
        ended = System.nanoTime();
        used = cpu(qemu);
      }
      assertTrue(qemu.alive());
    }
  }

  private static Duration cpu(HelperProcess process) {
    return ProcessHandle.of(process.pid()).orElseThrow().info().totalCpuDuration().orElseThrow();
  }

  @Test
  void eachHasAPortOfItsOwn() throws Exception {
    List<String> words = new ArrayList<>(Chardev.monitor("argo", "first"));
    words.addAll(Chardev.monitor("argo,localport=15102", "second"));
    try (HelperProcess qemu = host.chardevQemu("", words)) {
      assertTrue(qemu.alive());
    }
    words.addAll(Chardev.monitor("argo", "third"));
    Program.Outcome outcome = Program.outcome(host.withChardevs("", words));
    assertEquals(1, outcome.status());
    assertTrue(
        outcome
            .err()
            .contains("chardev third: port 15100 for domain 0 is taken: choose another localport="),
        outcome::err);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "domid=32752 | domid '32752' is not a number within 0 to 32751",
        "domid=x | domid 'x' is not a number within 0 to 32751",
        "domid=77 | there is no domain 77",
        "port=0 | port '0' is not a number within 1 to 4294967294",
        "generation=4 | generation '4' is not a number within 1 to 3",
        "stream=on,generation=2 | generation is of datagrams, and stream is on",
        "stream=on,server=on | server=on is qmp-stub's; this side dials",
        "chunk=15 | chunk '15' is not a number within 16 to 16272",
        "full=maybe | full 'maybe' is none of wait, drop, end",
      })
  void wrongOptionsAreNamed(String options, String reason) {
    Program.Outcome outcome =
        Program.outcome(host.withChardevs("", Chardev.monitorAnd("argo," + options)));
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains(reason), outcome::err);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no-argo | no /dev/argo_dgram: load the module xen-argo",
        "off | this Xen has no argo: boot it with argo=1",
        "denied | /dev/argo_dgram is for root: run as root",
      })
  void whatIsMissingIsNamed(String traps, String reason) {
    Program.Outcome outcome = Program.outcome(host.withChardevs(traps, Chardev.monitorAnd("argo")));
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("chardev qmp: " + reason), outcome::err);
  }

  @Test
  void shortFormsAndQmpHaveIt() throws Exception {
    assumeTrue(Chardev.BUILT_IN);
    List<String> words =
        List.of("-qmp", "v4v", "-qmp", "argo:0:5101,chunk=64", "-serial", "argo:0:5102,full=drop");
    try (HelperProcess qemu = host.chardevQemu("", words);
        LineClient client = LineClient.connect(host.monitor())) {
      client.negotiate();
      String add =
          "{\"execute\": \"chardev-add\", \"arguments\": {\"id\": \"%s\", \"backend\":"
              + " {\"type\": \"%s\", \"data\": {%s}}}}\n";
      assertTrue(client.ask(add.formatted("a", "argo", "")).contains("return"));
      assertTrue(
          client
              .ask(add.formatted("b", "v4v", "\"port\": 5103, \"generation\": 2"))
              .contains("return"));
      assertTrue(
          client
              .ask(add.formatted("c", "argo", "\"port\": 0"))
              .contains("port '0' is not a number"));
      assertTrue(
          client.ask(add.formatted("d", "argo", "")).contains("port 15100 for domain 0 is taken"));
      String listed = client.ask("{\"execute\": \"query-chardev\"}\n");
      for (String name :
          List.of(
              "v4v:0:5100,localport=15100",
              "argo:0:5101,localport=15101",
              "argo:0:5102,localport=15102",
              "argo:0:5100,localport=15100",
              "v4v:0:5103,localport=15103")) {
        assertTrue(listed.contains("\"filename\": \"" + name + "\""), listed);
      }
      String remove = "{\"execute\": \"chardev-remove\", \"arguments\": {\"id\": \"a\"}}\n";
      long open = qemu.descriptors();
      for (int i = 0; i < 20; i++) {
        assertTrue(client.ask(remove).contains("return"));
        assertTrue(client.ask(add.formatted("a", "argo", "")).contains("return"));
      }
      assertEquals(open, qemu.descriptors());
      try (HelperProcess helper = host.sharing("argo:5:15101,localport=5101")) {
        host.assertServes();
        assertTrue(helper.alive());
      }
      assertTrue(qemu.alive());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "qemu-system-new | -DMAJOR=12 | chardev-argo.so knows QEMU 7.2 and 10.0 from inside, and not"
            + " 12.0.1",
        "qemu-system-old | -DMAJOR=6 | chardev-argo.so knows QEMU 7.2 and 10.0 from inside, and not"
            + " 6.0.1",
        "qemu-system-closed | -DCLOSED | chardev-argo.so: this QEMU does not export its symbols",
        "other | -DCLOSED | ''",
        "other-tool | -DMAJOR=0 | ''",
      })
  void isSilentElsewhereAndRefusesWhatItDoesNotKnow(
      String name, String flag, String reason, @TempDir Path folder) throws Exception {
    Path root = Path.of(System.getProperty("qmpkit.it.root"));
    Path program = folder.resolve(name);
    Program.Outcome built =
        Program.outcome(
            new ProcessBuilder(
                "cc",
                "-rdynamic",
                flag,
                "-o",
                program.toString(),
                root.resolve("it/src/test/c/no-qemu.c").toString()));
    assertEquals(0, built.status(), built::err);
    ProcessBuilder builder = new ProcessBuilder(program.toString());
    builder.environment().put("LD_PRELOAD", Chardev.OBJECT.toString());
    builder.environment().put("LD_BIND_NOW", "1");
    String line =
        reason.isEmpty()
            ? ""
            : name + ": " + reason + ": build QEMU with chardev-argo, or start it under qmp-stub\n";
    assertEquals(new Program.Outcome(0, "main\n", line), Program.outcome(builder));
  }
}
