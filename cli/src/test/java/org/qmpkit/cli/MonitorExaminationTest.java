package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** Each finding about a socket and the monitor behind it, on this very machine. */
@Timeout(300)
class MonitorExaminationTest {
  private final Path folder;
  private final Path socket;

  MonitorExaminationTest(@TempDir Path folder) {
    this.folder = folder;
    this.socket = folder.resolve("monitor.sock");
  }

  private List<Finding> findings() throws UsageException {
    return new Examination(new Host(Path.of("/"), true), Duration.ofMillis(500))
        .of(socket.toString());
  }

  private static Optional<Finding> find(String id, List<Finding> found) {
    return found.stream().filter(each -> each.id().equals(id)).findFirst();
  }

  private Finding assertFinding(Finding.Level level, String id, String text, String remedy)
      throws UsageException {
    List<Finding> found = findings();
    Finding finding = find(id, found).orElseThrow(() -> new AssertionError(id + " in " + found));
    assertEquals(level, finding.level(), finding::toString);
    assertTrue(finding.text().contains(text), finding::toString);
    assertTrue(finding.remedy().contains(remedy), finding::toString);
    return finding;
  }

  @Test
  void nothingIsThere() throws Exception {
    assertFinding(
        Finding.Level.FAULT, "socket", "there is no " + socket, "qmp helper --listen unix:");
  }

  @Test
  void aFileIsThere() throws Exception {
    Files.writeString(socket, "precious");
    assertFinding(Finding.Level.FAULT, "socket", "is no socket", "ls -l " + socket);
  }

  @Test
  void aDeadSocketIsThere() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      qemu.kill();
      assertFinding(Finding.Level.FAULT, "socket-dead", "is dead", "rm " + socket);
    }
  }

  @Test
  void aQemuThatAnswers() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw----"));
      List<Finding> found = findings();
      assertTrue(
          found.stream().allMatch(each -> each.level() == Finding.Level.OK), found::toString);
      assertTrue(find("socket", found).orElseThrow().text().contains(" rw-rw----)"));
      assertTrue(
          find("monitor", found).orElseThrow().text().contains("QEMU " + RealQemu.version()));
      assertTrue(
          find("listener", found).orElseThrow().text().contains("qemu-system"), found::toString);
      assertTrue(qemu.alive());
    }
  }

  @Test
  void everybodyMayConnect() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
      assertFinding(
          Finding.Level.WARNING, "socket-mode", "every user may connect", "chmod o-rw " + socket);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
      assertFinding(
          Finding.Level.WARNING, "socket-folder", "every user may put", "chmod o-w " + folder);
      assertTrue(qemu.alive());
    }
  }

  @Test
  void whoHoldsTheMonitorIsNamed() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      Process holder = hold("holder");
      try {
        String pid = "holder (pid " + holder.pid() + ")";
        assertFinding(
            Finding.Level.FAULT,
            "holder",
            pid,
            "end " + pid + ", and share the monitor: qmp helper");
      } finally {
        end(holder);
      }
      assertTrue(qemu.alive());
    }
  }

  @Test
  void whatLibvirtHoldsIsLeftToIt() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      Process holder = hold("virtqemud");
      try {
        assertFinding(Finding.Level.FAULT, "holder", "virtqemud (pid ", "leave it to libvirt");
      } finally {
        end(holder);
      }
      assertTrue(qemu.alive());
    }
  }

  @Test
  void ofAHelperThatHoldsItTheSocketIsNamed() throws Exception {
    Address shared = Address.unix(folder.resolve("shared.qmp"));
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      Process helper = helper("--listen", shared + ",mode=0600", "--connect", "unix:" + socket);
      try {
        Duration patience = Duration.ofSeconds(1);
        while (!Verdict.of(shared, patience, Probe.ask(shared, patience))
            .state()
            .equals("connected")) {
          assertTrue(helper.isAlive());
        }
        Finding finding =
            assertFinding(
                Finding.Level.FAULT,
                "holder",
                "(pid " + helper.pid() + "); a helper shares it already",
                "connect to that helper's socket: qmp shell " + shared);
        assertFalse(finding.remedy().contains("end "), finding::toString);
      } finally {
        end(helper);
      }
      assertTrue(qemu.alive());
    }
  }

  /** The command line of this program. */
  private static List<String> qmp(String... arguments) {
    List<String> words =
        new ArrayList<>(
            List.of(
                System.getProperty("java.home") + "/bin/java",
                "-cp",
                System.getProperty("java.class.path"),
                "-Dqmpkit.called=qmp",
                Qmp.class.getName()));
    words.addAll(List.of(arguments));
    return words;
  }

  private static Process helper(String... arguments) throws IOException {
    List<String> words = qmp("helper");
    words.addAll(List.of(arguments));
    return new ProcessBuilder(words)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  @Test
  void whoMayNotConnectIsToldWhoMay() throws Exception {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path hidden = inner.resolve("monitor.sock");
    try (RealQemu qemu = RealQemu.startAt(hidden)) {
      Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("---------"));
      assertDenied("cannot connect to unix:" + hidden, "run this as root", hidden);
      Files.setPosixFilePermissions(inner, PosixFilePermissions.fromString("---------"));
      assertDenied(hidden + " can't be looked at", "run this as root", hidden);
      Files.setPosixFilePermissions(inner, PosixFilePermissions.fromString("rwx------"));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void theGroupThatMayConnectIsNamed() throws Exception {
    Assumptions.assumeTrue(Files.getOwner(folder).getName().equals("root"), "gives files away");
    Files.createFile(socket);
    GroupPrincipal users =
        folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName("users");
    Files.getFileAttributeView(socket, PosixFileAttributeView.class).setGroup(users);
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw----"));
    String remedy = SocketChecks.denied(socket, "").remedy();
    assertTrue(remedy.contains("group users: usermod -aG users USER"), remedy);
    // A group that may not, either, is of no help.
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    assertFalse(SocketChecks.denied(socket, "").remedy().contains("users"));
  }

  /** What doctor says to whom modes apply: root, too, without the capability to pass over them. */
  private static void assertDenied(String text, String remedy, Path socket) throws Exception {
    List<String> words = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      words.addAll(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
    }
    words.addAll(qmp("doctor", socket.toString(), "--output", "json"));
    Process process =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(3, process.exitValue(), said);
    JsonNode finding = Json.read(said).path("findings");
    finding = finding.get(finding.size() - 1);
    assertEquals("socket-mode", finding.path("id").asString(""), said);
    assertEquals("fault", finding.path("level").asString(""), said);
    assertTrue(finding.path("text").asString("").contains(text), said);
    assertTrue(finding.path("text").asString("").contains("permission denied"), said);
    assertTrue(finding.path("remedy").asString("").contains(remedy), said);
  }

  @Test
  void aHelperOfManyRoutesIsToBeAsked() {
    assertEquals(Optional.of("unix:/a"), Holder.socket(List.of("--listen", "unix:/a,mode=0660")));
    assertEquals(Optional.empty(), Holder.socket(List.of("--listen", "a", "--listen", "b")));
    assertEquals(Optional.empty(), Holder.socket(List.of("--listen", "a", "--config", "b")));
    assertEquals(Optional.empty(), Holder.socket(List.of("--listen")));
  }

  @Test
  void oneThatGreetsAndDoesNotAnswerIsHeldByNobody() throws Exception {
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual()
          .start(() -> {
            try (var client = server.accept()) {
              client.write(StandardCharsets.US_ASCII.encode("{\"QMP\":{}}\r\n"));
              while (client.read(ByteBuffer.allocate(4096)) >= 0) {
                // Until we are left.
              }
            } catch (IOException e) {
              // The test is over.
            }
          });
      Finding finding =
          assertFinding(Finding.Level.WARNING, "monitor", "greeted, but not", "wait; qmp health ");
      assertFalse(finding.remedy().contains("end "), finding::toString);
    }
  }

  /** A program of this name that takes QEMU's one place for a client, and is greeted. */
  private Process hold(String name) throws IOException {
    Path program = folder.resolve(name);
    Path socat = Path.of("/usr/bin/socat");
    Files.copy(socat, program);
    Process process = new ProcessBuilder(program.toString(), "-", "UNIX-CONNECT:" + socket).start();
    assertTrue(process.inputReader().readLine().contains("QMP"));
    return process;
  }

  private static void end(Process process) throws InterruptedException {
    process.destroyForcibly();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
  }

  @Test
  void aQemuThatIsStopped() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      qemu.pause();
      Finding finding =
          assertFinding(Finding.Level.FAULT, "holder", "it may be nobody", "QEMU is stopped");
      assertFalse(finding.remedy().contains("end "), finding::toString);
      assertTrue(finding.text().contains("another client probably holds"), finding::toString);
      // What we are we need not become.
      assertEquals(Users.isRoot(), !finding.remedy().contains("as root"), finding::toString);
    }
  }

  @Test
  void whatIsNoMonitor() throws Exception {
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread.ofVirtual()
          .start(() -> {
            try (var client = server.accept()) {
              client.write(StandardCharsets.US_ASCII.encode("HTTP/1.1 400 Bad\r\n\r\n"));
              client.read(ByteBuffer.allocate(4096));
            } catch (IOException e) {
              // The test is over.
            }
          });
      assertFinding(Finding.Level.FAULT, "monitor", "does not speak QMP", "--relay");
    }
  }

  @Test
  void theMonitorsOfAMachineAreFound() throws Exception {
    Path shared = Files.createDirectories(folder.resolve("run/qmp")).resolve("vm1.qmp");
    PlantedHost host = new PlantedHost(folder);
    assertTrue(find("monitor", host.findings(null)).orElseThrow().text().contains("there are no"));
    try (RealQemu qemu = RealQemu.startAt(shared)) {
      String text = find("monitor", host.findings(null)).orElseThrow().text();
      assertTrue(text.startsWith("unix:" + shared + " is connected"), text);
      assertTrue(qemu.alive());
    }
  }
}
