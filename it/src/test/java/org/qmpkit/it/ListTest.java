package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** {@code qmp list}, and names in the place of addresses. */
@Timeout(300)
class ListTest {
  private final Path folder;

  /** What other QEMUs of this machine are not called. */
  private final String name;

  ListTest(@TempDir Path folder) {
    this.folder = folder;
    this.name = "web-" + folder.getFileName();
  }

  /** The list's line about a socket. */
  private static JsonNode line(Program.Outcome outcome, Path socket) {
    assertEquals(0, outcome.status(), outcome::toString);
    return outcome
        .out()
        .lines()
        .map(Messages::parse)
        .filter(each -> each.path("address").asString("").equals("unix:" + socket))
        .findFirst()
        .orElseThrow(() -> new AssertionError(socket + " is not in " + outcome));
  }

  /** Where a path of this machine is on one that has some of its processes, and no others. */
  private Path there(Path path) {
    return folder.resolve(Path.of("/").relativize(path));
  }

  private void link(String path) throws IOException {
    Path link = there(Path.of(path));
    if (Files.notExists(link, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(link, Path.of(path));
    }
  }

  /**
   * What is listed of a socket where these are the only processes: helpers of other tests, which
   * count their clients, are not asked.
   */
  private JsonNode assertListed(String state, String by, Path socket, long... pids)
      throws IOException {
    link("/tmp");
    for (long pid : pids) {
      link("/proc/" + pid);
    }
    JsonNode line = line(planted("list", "--output", "json", "--timeout", "20s"), there(socket));
    assertEquals(state, line.path("state").asString(""), line::toString);
    assertEquals(by, line.path("by").asString(""), line::toString);
    return line;
  }

  private static void assertNote(String part, JsonNode line) {
    assertTrue(line.path("note").asString("").contains(part), line::toString);
  }

  private static void assertNames(List<String> names, JsonNode line) {
    List<String> found = new ArrayList<>();
    line.path("names").forEach(each -> found.add(each.asString("")));
    assertEquals(names, found);
  }

  /** What the list says where the folder stands for the machine. */
  private Program.Outcome planted(String... arguments) throws IOException {
    link("/usr/bin/ss");
    return Program.outcome(new ProcessBuilder(plantedCommand(arguments)));
  }

  private List<String> plantedCommand(String... arguments) {
    return Program.command(List.of("-Dqmpkit.machine=" + folder), arguments);
  }

  private void plantQemu(int pid, String called, Path socket) throws IOException {
    Path process = Files.createDirectories(folder.resolve("proc/" + pid));
    Files.writeString(
        process.resolve("cmdline"),
        String.join("\0", "kvm", "-name", called, "-qmp", "unix:/" + socket + ",server=on"));
    int user = (int) Files.getAttribute(folder, "unix:uid");
    Files.writeString(process.resolve("status"), "Uid:\t%1$d\t%1$d\t%1$d\t%1$d\n".formatted(user));
  }

  private static ServerSocketChannel listen(Path socket) throws IOException {
    Files.createDirectories(socket.getParent());
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    return server;
  }

  @Test
  void aMonitorFromItsStartToItsEnd() throws Exception {
    Path shared = folder.resolve("shared.qmp");
    try (RealQemu qemu = RealQemu.start("-name", name)) {
      assertNames(List.of(name), assertListed("free", "QEMU", qemu.path(), qemu.pid()));
      try (LineClient client = SharedQemu.negotiated(qemu.path())) {
        JsonNode held = assertListed("busy", "QEMU", qemu.path());
        assertNote("held by java (pid " + ProcessHandle.current().pid() + ")", held);
        // Of the client nothing was taken.
        assertTrue(client.ask(command("query-name", "1")).contains(name));
      }
      try (HelperProcess helper = HelperProcess.sharing(shared, qemu.path())) {
        helper.awaitLog("is ready");
        JsonNode line = assertListed("connected", "helper", shared, helper.pid());
        assertNames(List.of(name, "shared"), line);
        assertEquals(RealQemu.version(), line.path("qemu").asString(""));
        assertNote("at unix:" + there(shared), assertListed("shared", "QEMU", qemu.path()));
        qemu.kill();
        SharedQemu.awaitStatus(
            shared, "gone", status -> status.path("state").asString("").equals("gone"));
        assertNote("cannot connect", assertListed("gone", "helper", shared));
      }
    }
  }

  @Test
  void aRelayIsNotConnectedTo() throws Exception {
    Path relay = folder.resolve("relay.qmp");
    try (RealQemu qemu = RealQemu.start("-name", name);
        HelperProcess helper = HelperProcess.relaying(relay, qemu.path())) {
      assertNote("relay", assertListed("free", "helper", relay, qemu.pid(), helper.pid()));
      try (LineClient client = SharedQemu.negotiated(relay)) {
        assertNote("held by java", assertListed("busy", "helper", relay));
        assertTrue(client.ask(command("query-name", "1")).contains(name));
      }
      assertTrue(helper.alive());
    }
  }

  @Test
  void whoListensIsNotConnectedTo() throws Exception {
    Path socket = folder.resolve("tmp/monitor");
    // This process listens: the list believes no other.
    plantQemu(Math.toIntExact(ProcessHandle.current().pid()), "web1", Path.of("tmp/monitor"));
    try (ServerSocketChannel server = listen(socket)) {
      server.configureBlocking(false);
      JsonNode line = line(planted("list", "--output", "json"), socket);
      assertEquals("free", line.path("state").asString(""), line::toString);
      assertNull(server.accept());
    }
  }

  @Test
  void aNameStandsWhereverAnAddressDoes() throws Exception {
    try (RealQemu qemu = RealQemu.start("-name", name)) {
      Program.Outcome exec = Program.run("exec", name, "query-name");
      assertEquals("{\"name\": \"" + name + "\"}\n", exec.out(), exec::toString);
      assertEquals("", exec.err());
      String told = "'" + name + "' is unix:" + qemu.path() + "\n";
      exec = Program.run("exec", "-v", name, "query-name");
      assertEquals("qmp exec: " + told, exec.err(), exec::toString);
      Program.Outcome events = Program.run("events", name, "-v", "--timeout", "10s");
      assertEquals(0, events.status(), events::toString);
      assertEquals("qmp events: " + told, events.err());
      Program.Outcome shell = Program.run("shell", "--execute", "query-name", name);
      assertTrue(shell.out().contains("\"" + name + "\""), shell::toString);
      assertEquals("qmp shell: " + told, shell.err());
      Program.Outcome health = Program.run("health", name);
      assertTrue(health.out().contains("\"connected\""), health::toString);
      Program.Outcome top = Program.run("top", "--output", "json", name);
      assertTrue(top.out().contains("\"unix:" + qemu.path() + "\""), top::toString);
      Program.Outcome doctor = Program.run("doctor", name);
      assertTrue(doctor.out().contains(told), doctor::toString);
      assertTrue(doctor.out().contains("is connected: QEMU"), doctor::toString);
      assertTrue(qemu.alive());
    }
  }

  @Test
  void aShellConnectsToOneMoreByItsName() throws Exception {
    try (RealQemu here = RealQemu.start();
        RealQemu other = RealQemu.start("-name", name)) {
      Program.Outcome shell =
          Program.run(
              "shell",
              "--execute",
              "connect " + name + " as other",
              "--execute",
              "@other query-name",
              here.path().toString());
      assertEquals(0, shell.status(), shell::toString);
      assertTrue(shell.out().contains("other: {\"return\": {\"name\": \"" + name), shell::toString);
      assertTrue(shell.err().contains("'other' is unix:" + other.path()), shell::toString);
      shell =
          Program.run("shell", "--execute", "connect no-" + name + " as x", here.path().toString());
      assertEquals(2, shell.status(), shell::toString);
      assertTrue(shell.err().contains("no monitor of that name"), shell::toString);
    }
  }

  @Test
  void ofTwoOfANameNoneIsTaken() throws Exception {
    try (RealQemu first = RealQemu.start("-name", name);
        RealQemu second = RealQemu.start("-name", name)) {
      Program.Outcome exec = Program.run("exec", name, "query-name");
      assertEquals(2, exec.status(), exec::toString);
      assertTrue(exec.err().contains("is the name of 2 monitors"), exec::toString);
      assertTrue(exec.err().contains("unix:" + first.path()), exec::toString);
      assertTrue(exec.err().contains("unix:" + second.path()), exec::toString);
    }
  }

  @Test
  void ofTwoMonitorsOfOneQemuTheFreeOneIsTaken() throws Exception {
    Path second = folder.resolve("second");
    String monitor = "unix:" + second + ",server=on,wait=off";
    Path shared = folder.resolve("shared.qmp");
    try (RealQemu qemu = RealQemu.start("-name", name, "-qmp", monitor)) {
      assertEquals(2, Program.run("exec", name, "query-name").status());
      try (LineClient client = SharedQemu.negotiated(qemu.path())) {
        Program.Outcome exec = Program.run("exec", "-v", name, "query-name");
        assertEquals(0, exec.status(), exec::toString);
        assertTrue(exec.err().contains("is unix:" + second), exec::toString);
        assertTrue(client.ask(command("query-name", "1")).contains(name));
        try (HelperProcess helper = HelperProcess.sharing(shared, second)) {
          exec = Program.run("exec", "-v", name, "query-name");
          assertEquals(0, exec.status(), exec::toString);
          assertTrue(exec.err().contains("is unix:" + shared), exec::toString);
          assertTrue(helper.alive());
        }
      }
    }
  }

  @Test
  void whatIsNotThereIsAskedBack() throws Exception {
    try (RealQemu qemu = RealQemu.start("-name", name)) {
      String wrong = name.replaceFirst("web", "wbe");
      Program.Outcome exec = Program.run("exec", wrong, "query-name");
      assertEquals(3, exec.status(), exec::toString);
      assertTrue(exec.err().contains("did you mean '" + name + "'?"), exec::toString);
      assertEquals(1, exec.errLines().size(), exec::toString);
      // Health keeps its form.
      Program.Outcome health = Program.run("health", wrong);
      assertEquals(3, health.status(), health::toString);
      JsonNode json = Messages.parse(health.out());
      assertEquals("gone", json.path("state").asString(""));
      assertTrue(json.path("reason").asString("").contains("no monitor of that name"));
      assertTrue(qemu.alive());
    }
  }

  private Program.Outcome withXenstore(Path store, String... arguments) {
    ProcessBuilder builder = new ProcessBuilder(plantedCommand(arguments));
    builder.environment().put("XENSTORED_PATH", store.toString());
    return Program.outcome(builder);
  }

  @Test
  void ofXensGuestsXenstoreHasTheNames() throws Exception {
    Path socket = Files.createDirectories(folder.resolve("run/xen")).resolve("qmp-libxl-6");
    Path store = folder.resolve("xenstored");
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      try (XenstoreDaemon xenstored = new XenstoreDaemon(store)) {
        xenstored.write("/local/domain/6/name", "my-guest");
        JsonNode line = line(withXenstore(store, "list", "--output", "json"), socket);
        assertNames(List.of("my-guest", "dom6"), line);
        assertEquals("Xen", line.path("by").asString(""));
        for (String each : List.of("my-guest", "dom6")) {
          assertEquals(0, withXenstore(store, "exec", each, "query-status").status(), each);
        }
      }
      // Without it there are numbers, and it is said why.
      Program.Outcome outcome = withXenstore(store, "list", "--output", "json");
      assertNames(List.of("dom6"), line(outcome, socket));
      assertTrue(outcome.err().contains("qmp list: can't look into xenstore ("), outcome::toString);
      assertTrue(qemu.alive());
    }
  }

  @Test
  void hundredsOfDeadSocketsAreGone() throws Exception {
    for (int i = 0; i < 450; i++) {
      listen(folder.resolve("run/qmp/" + i + ".qmp")).close();
    }
    Program.Outcome outcome = planted("list", "--timeout", "60s");
    assertEquals(0, outcome.status(), outcome::toString);
    assertEquals(451, outcome.out().lines().count());
    assertEquals(
        450,
        outcome.out().lines().filter(each -> each.endsWith("nobody listens there")).count(),
        outcome.out());
  }

  @Test
  void oneThatHangsKeepsNobodyWaiting() throws Exception {
    // It listens where helpers do, unseen since there is no ss: so it is asked, and never answers.
    try (ServerSocketChannel hangs = listen(folder.resolve("run/qmp/hangs.qmp"));
        RealQemu qemu = RealQemu.startAt(folder.resolve("run/qmp/web1.qmp"))) {
      Program.Outcome outcome =
          Program.outcome(
              new ProcessBuilder(plantedCommand("list", "--output", "json", "--timeout", "2s")));
      JsonNode line = line(outcome, folder.resolve("run/qmp/hangs.qmp"));
      assertEquals("busy", line.path("state").asString(""), line::toString);
      line = line(outcome, qemu.path());
      assertEquals("free", line.path("state").asString(""), line::toString);
      assertEquals(RealQemu.version(), line.path("qemu").asString(""), line::toString);
      assertTrue(hangs.isOpen());
    }
  }

  @Test
  void whatIsNoMonitorIsSaidSo() throws Exception {
    Path socket = folder.resolve("run/qmp/http.qmp");
    try (ServerSocketChannel server = listen(socket)) {
      Thread.ofVirtual()
          .start(() -> {
            try (var client = server.accept()) {
              client.write(StandardCharsets.US_ASCII.encode("HTTP/1.1 400 \033[31m\r\n\r\n"));
              client.read(ByteBuffer.allocate(4096));
            } catch (IOException e) {
              // The test is over.
            }
          });
      Program.Outcome outcome =
          Program.outcome(new ProcessBuilder(plantedCommand("list", "--output", "text")));
      String line = outcome.out().lines().skip(1).findFirst().orElse("");
      assertTrue(line.contains(" broken "), outcome::toString);
      assertFalse(line.contains("\033"), outcome::toString);
    }
  }

  @Test
  void whoMayNotConnectIsToldWhoMay() throws Exception {
    Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "drops capabilities");
    Path socket = folder.resolve("run/qmp/vm1.qmp");
    try (ServerSocketChannel server = listen(socket)) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("---------"));
      Path closed = Files.createDirectories(folder.resolve("run/xen"));
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
      List<String> words =
          new ArrayList<>(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
      words.addAll(plantedCommand("list", "--output", "json"));
      Program.Outcome outcome = Program.outcome(new ProcessBuilder(words));
      JsonNode line = line(outcome, socket);
      assertEquals("denied", line.path("state").asString(""), line::toString);
      assertNote("run this as root", line);
      assertTrue(outcome.err().contains("can't look into " + closed), outcome::toString);
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
      assertTrue(server.isOpen());
    }
  }

  @Test
  void ofNoneItIsSaidWhereItLooked() throws Exception {
    Program.Outcome outcome = planted("list");
    assertEquals(0, outcome.status(), outcome::toString);
    assertEquals("", outcome.out());
    for (String part : List.of("/run/qmp/*.qmp", "/run/xen/", "libvirt", "-name web1 -qmp unix:")) {
      assertTrue(outcome.err().contains(part), outcome::toString);
    }
  }

  @Test
  void forCompletionThereAreNamesAlone() throws Exception {
    listen(folder.resolve("run/qmp/vm1.qmp")).close();
    plantQemu(4, "a\033b", Path.of("tmp/other"));
    plantQemu(3, "web1", Path.of("tmp/monitor"));
    assertEquals("vm1\nweb1\n", planted("list", "--output", "names").out());
  }
}
