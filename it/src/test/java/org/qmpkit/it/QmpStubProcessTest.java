package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LineClient;

/** Our stub as a process: it is QEMU, and what it has made ends with that. */
@Timeout(300)
class QmpStubProcessTest {
  private final Path folder;
  private final ArgoHost host;

  QmpStubProcessTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    host = new ArgoHost(folder);
  }

  private Program.Outcome run(List<String> words) {
    return Program.outcome(host.stub(ArgoHost.STUBDOM, words));
  }

  private HelperProcess started(String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("-qmp", "argo"));
    words.addAll(List.of(more));
    return host.stubbedQemu(words.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({"TERM,0", "KILL,137"})
  void signalsAndStatusAreQemus(String signal, int status) throws Exception {
    try (HelperProcess qemu = started();
        HelperProcess helper = host.stockHelper("argo", 3, host.socket())) {
      try (LineClient client = LineClient.connect(host.socket(), Patience.LIMIT)) {
        client.negotiate(); // QEMU has come so far that it handles signals
      }
      qemu.signal(signal);
      assertEquals(status, qemu.awaitExit());
      Patience.until("the end of the stub", () -> host.companions().isEmpty());
      assertTrue(helper.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void qemuEndsWithEither(int which) throws Exception {
    try (HelperProcess qemu = started()) {
      host.companions().get(which).destroyForcibly();
      qemu.awaitExit();
      qemu.awaitLog("qmp-stub: the bridge (has ended|ends), so QEMU is ended");
      Patience.until("the end of the stub", () -> host.companions().isEmpty());
    }
  }

  @Test
  void nothingOfOursIsLeftInQemu() throws Exception {
    Map<String, String> environment = host.environment(ArgoHost.STUBDOM);
    try (HelperProcess qemu = started();
        HelperProcess helper = host.stockHelper("argo", 3, host.socket());
        LineClient client = LineClient.connect(host.socket(), Patience.LIMIT)) {
      client.negotiate();
      Path proc = Path.of("/proc/" + qemu.pid());
      try (Stream<Path> open = Files.list(proc.resolve("fd"))) {
        List<String> targets = open.map(QmpStubProcessTest::target).toList();
        List<String> sockets = targets.stream().filter(each -> each.startsWith("socket:")).toList();
        assertEquals(3, sockets.size(), "two that listen, and one connection");
        assertTrue(
            targets.stream()
                .allMatch(each ->
                    each.matches("socket:.*|/dev/.*|pipe:.*|anon_inode:.*|.*memfd.*|.*argo.*")),
            targets::toString);
      }
      List<String> theirs = List.of(Files.readString(proc.resolve("environ")).split("\0"));
      environment.forEach((name, value) -> assertTrue(theirs.contains(name + "=" + value), name));
      assertEquals(environment.size(), theirs.size());
      assertEquals("", children(qemu.pid()));
      assertTrue(helper.alive());
    }
    try (Stream<Path> left = Files.list(Path.of("/run"))) {
      assertFalse(left.anyMatch(each -> each.getFileName().toString().startsWith("qmp-stub-")));
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return "/dev/gone";
    }
  }

  private static String children(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/task/" + pid + "/children")).strip();
  }

  @Test
  void closedStandardStreamsAreNotInItsWay() throws Exception {
    ProcessBuilder builder = host.stub(ArgoHost.STUBDOM, QmpStub.qemu("-qmp", "argo"));
    List<String> words = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"));
    words.addAll(builder.command());
    try (HelperProcess qemu = HelperProcess.started(builder.command(words));
        HelperProcess helper = host.sharing("argo:5")) {
      host.awaitStatus();
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void aDaemonKeepsItsBridge() throws Exception {
    Path pidfile = folder.resolve("pid");
    Program.Outcome outcome =
        run(QmpStub.qemu("-qmp", "argo", "-daemonize", "-pidfile", "" + pidfile));
    assertEquals(new Program.Outcome(0, "", ""), outcome);
    long pid = Long.parseLong(Files.readString(pidfile).strip());
    try (HelperProcess helper = host.sharing("argo:5")) {
      host.awaitStatus();
      assertTrue(helper.alive());
    } finally {
      Signals.send("TERM", pid);
    }
    Patience.until("the end of the stub", () -> host.companions().isEmpty());
  }

  @Test
  void probesAndStreamsAreQemusOwn() throws Exception {
    List<String> version =
        run(List.of(QmpStub.qemu().getFirst(), "-version")).out().lines().toList();
    assertTrue(version.getFirst().startsWith("QEMU emulator version"));
    assertTrue(run(QmpStub.qemu("-qmp", "argo", "-machine", "help")).out().contains("none"));
    assertTrue(host.companions().isEmpty());
    Path input = Files.writeString(folder.resolve("input"), "info version\nquit\n");
    Program.Outcome talk =
        Program.outcome(
            host.stub(ArgoHost.STUBDOM, QmpStub.qemu("-qmp", "argo", "-monitor", "stdio")),
            input.toFile());
    assertEquals(0, talk.status(), talk::err);
    assertTrue(talk.out().contains("(qemu) "), talk.out());
    assertEquals(1, run(QmpStub.qemu("-nonesuch")).status());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "127 | nonesuch -version | cannot run nonesuch: No such file or directory",
        "1 | qemu -chardev argo,id=a,domid=x | -chardev argo,id=a,domid=x: domid 'x' is not a number",
        "1 | qemu -qmp argo:77 | cannot listen on argo:77:5100: there is no domain 77",
        "2 | bridge argo:0 | bridge needs ADDRESS SOCKET",
        "2 | bridge nowhere:0 /tmp/x | 'nowhere:0' is no address",
        "2 | bridge argo:0 unix:x | not a socket's path: unix:x",
        "1 | bridge vchan:0:p /tmp/x | cannot listen on vchan:0:p: libxenvchan.so not found",
        "2 | vchan-socket-proxy 7 /a /s | this is the server only: --mode=server",
        "2 | --loud | unknown option --loud; 'qmp-stub --help' tells more",
      })
  void aMistakeIsSaidInOneLine(int status, String words, String said) {
    Program.Outcome outcome = run(List.of(words.split(" ")));
    assertEquals(status, outcome.status(), outcome::err);
    assertEquals(1, outcome.errLines().size(), outcome::err);
    assertTrue(outcome.err().startsWith("qmp-stub: " + said), outcome::err);
  }

  @Test
  void theStaticOneIsTheSameButForVchan() {
    Path program = QmpStub.statically();
    Program.Outcome help = Program.outcome(new ProcessBuilder(program + "", "--help"));
    assertTrue(help.out().startsWith("Usage: qmp-stub [-v] QEMU ARGUMENT..."));
    List<String> words = new ArrayList<>(List.of(program.toString()));
    words.addAll(List.of(QmpStub.qemu().getFirst(), "-version"));
    assertEquals(0, Program.outcome(new ProcessBuilder(words)).status());
    Program.Outcome vchan =
        Program.outcome(new ProcessBuilder(program + "", "bridge", "vchan:0:p", "/tmp/x"));
    assertEquals(1, vchan.status());
    assertTrue(vchan.err().contains("this program is linked statically"), vchan::err);
  }
}
