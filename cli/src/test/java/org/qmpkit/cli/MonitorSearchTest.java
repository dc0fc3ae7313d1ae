package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where monitors are found, and what they are called, on a machine that is a folder. */
@Timeout(300)
class MonitorSearchTest {
  private static final Map<String, String> ENVIRONMENT =
      Map.of("XDG_RUNTIME_DIR", "/run/user/7", "HOME", "/home/a", "XDG_CONFIG_HOME", "relative");

  private final PlantedHost host;

  MonitorSearchTest(@TempDir Path folder) {
    this.host = new PlantedHost(folder);
  }

  /** A socket at which nobody listens any more. */
  private Path socket(String path) throws IOException {
    Path file = host.root().resolve(path);
    Files.createDirectories(file.getParent());
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(file));
    }
    return file;
  }

  private void process(int pid, String... words) throws IOException {
    host.process(pid, words);
  }

  private MonitorSearch search() {
    MonitorSearch search = new MonitorSearch(new Host(host.root(), true), ENVIRONMENT);
    search.look();
    return search;
  }

  private Sighting at(Path socket) {
    return search().found().stream()
        .filter(each -> each.socket().equals(socket))
        .findFirst()
        .orElseThrow(() -> new AssertionError("nothing found at " + socket));
  }

  private void assertFound(String by, Path socket, String... names) {
    Sighting it = at(socket);
    assertEquals(List.of(names), it.names());
    assertEquals(by, it.by());
  }

  @Test
  void whereProgramsHaveThem() throws Exception {
    assertFound("", socket("run/qmp/vm1.qmp"), "vm1");
    assertFound("", socket("run/user/7/qmp/mine.qmp"), "mine");
    assertFound("Xen", socket("run/xen/qmp-libxl-6"), "dom6");
    assertFound("Xen", socket("run/xen/qmp-libxenstat-6"), "qmp-libxenstat-6");
    assertFound("libvirt", socket("var/lib/libvirt/qemu/domain-3-web-1/monitor.sock"), "web-1");
    assertFound("libvirt", socket("home/a/.config/libvirt/qemu/lib/domain-1-b/monitor.sock"), "b");
    assertFound("Proxmox", socket("run/qemu-server/100.qmp"), "100");
    assertEquals(7, search().found().size());
  }

  @Test
  void oneFileIsOneMonitorByAllItsPaths() throws Exception {
    Path socket = socket("run/xen/qmp-libxl-6");
    Files.createSymbolicLink(host.root().resolve("var"), host.root());
    process(3, "qemu-system-i386", "-qmp", "unix:/var/run/xen/qmp-libxl-6,server=on");
    assertEquals(1, search().found().size());
    assertTrue(Files.isSameFile(socket, search().found().iterator().next().socket()));
  }

  @Test
  void whatCommandLinesTell() throws Exception {
    Path socket = socket("srv/vm/monitor");
    process(3, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:monitor,server=on");
    Files.createSymbolicLink(host.root().resolve("proc/3/cwd"), Path.of("/srv/vm"));
    assertFound("QEMU", socket, "web1");
    // Without a name, its file has one.
    Path other = socket("srv/vm/other.qmp");
    process(4, "qemu-system-x86_64", "-qmp", "unix:/srv/vm/other.qmp,server=on");
    assertFound("QEMU", other, "other");
    // In a folder of somebody's, both count.
    Path proxmox = socket("run/qemu-server/100.qmp");
    process(5, "kvm", "-name", "db", "-qmp", "unix:/run/qemu-server/100.qmp,server=on");
    assertFound("Proxmox", proxmox, "db", "100");
  }

  @Test
  void aHelpersSocketIsCalledAsWhatItShares() throws Exception {
    Path shared = socket("tmp/s.qmp");
    Path monitor = socket("tmp/monitor");
    process(3, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:/tmp/monitor,server=on");
    process(
        4,
        "/usr/lib/jvm/bin/java",
        "-Xmx9m",
        "-Dqmpkit.called=/usr/bin/qmp-helper",
        "-m",
        "org.qmpkit.cli/org.qmpkit.cli.Qmp",
        "--listen",
        "unix:/tmp/s.qmp,mode=0660",
        "--connect",
        "/tmp/monitor");
    assertFound("helper", shared, "web1", "s");
    Sighting it = at(monitor);
    assertEquals(List.of("web1"), it.names());
    assertEquals(shared, it.through().listen());
  }

  @Test
  void ofAHelpersConfigurationTheRoutesAreKnown() throws Exception {
    Path first = socket("run/qmp/a.qmp");
    Path second = socket("tmp/other");
    host.with(
        "etc/helper.toml",
        """
        [[route]]
        listen = '/run/qmp/a.qmp'
        connect = '/x'
        [[route]]
        name = 'b.qmp'
        listen = '/tmp/other'
        connect = 'argo:4'
        """);
    String[] words = {"java", "org.qmpkit.cli.Qmp", "helper", "--config", "helper.toml"};
    process(4, words);
    Files.createSymbolicLink(host.root().resolve("proc/4/cwd"), Path.of("/etc"));
    assertFound("helper", first, "a");
    assertFound("helper", second, "b");
    // A file that makes no sense, or is none, tells nothing.
    for (String text : List.of("[[route", "\0", "colour = 7")) {
      host.with("etc/helper.toml", text);
      assertEquals(1, search().found().size(), text);
    }
    Files.delete(host.root().resolve("etc/helper.toml"));
    assertEquals(1, search().found().size());
    Files.createDirectory(host.root().resolve("etc/helper.toml"));
    assertEquals(1, search().found().size());
  }

  @Test
  void whatIsNoSocketIsNoMonitor() throws Exception {
    Path folder = Files.createDirectories(host.root().resolve("run/qmp"));
    Files.writeString(folder.resolve("file.qmp"), "precious");
    Files.createDirectory(folder.resolve("folder.qmp"));
    Files.createSymbolicLink(folder.resolve("loop.qmp"), folder.resolve("loop.qmp"));
    Files.createSymbolicLink(folder.resolve("nowhere.qmp"), folder.resolve("nothing"));
    Path libvirts = Files.createDirectories(host.root().resolve("var/lib/libvirt/qemu"));
    Files.createSymbolicLink(libvirts.resolve("domain-1-loop"), libvirts.resolve("domain-1-loop"));
    Files.createSymbolicLink(libvirts.resolve("domain-2-up"), libvirts);
    Files.createSymbolicLink(host.root().resolve("run/xen"), host.root().resolve("run/xen"));
    // This one is, but there is no address for it.
    socket("run/qmp/\033[2J.qmp");
    assertEquals(0, search().found().size());
    // Nor is a file of that name a folder.
    Files.delete(host.root().resolve("run/xen"));
    Files.writeString(host.root().resolve("run/xen"), "");
    assertEquals(0, search().found().size());
  }

  @Test
  void hostileCommandLines() throws Exception {
    Path socket = socket("tmp/a");
    String name = "\033]0;owned\007\nvm";
    process(3, "qemu-system-x86_64", "-name", name, "-qmp", "unix:/tmp/a,server=on");
    process(4, "qemu-system-x86_64", "-name", "x".repeat(100_000), "-qmp", "unix:/b,server=on");
    process(5, "qemu-system-x86_64", "-qmp", "unix:/" + "y".repeat(100_000) + ",server=on");
    process(6, "qemu-system-x86_64", "-qmp", "unix:relative,server=on");
    process(7, "qemu-system-x86_64", "-qmp", "unix:,server=on");
    process(8, "");
    process(9, "java", "org.qmpkit.cli.Qmp");
    process(10, "java", "org.qmpkit.cli.Qmp", "helper", "--listen");
    process(11, "java", "org.qmpkit.cli.Qmp", "helper", "--config");
    Files.createDirectories(host.root().resolve("proc/99999999999"));
    Files.createDirectories(host.root().resolve("proc/12x"));
    assertEquals(List.of(name), at(socket).names());
    // What a name this long is called nobody types: the file has one.
    assertEquals(List.of("b"), at(host.root().resolve("b")).names());
    assertEquals(2, search().found().size());
    FoundMonitor shown =
        new FoundMonitor(
            at(socket).names(),
            at(socket).address(),
            FoundMonitor.State.FREE,
            "\033[31m",
            "QEMU",
            "\n\u009b1m");
    String text = ListTool.text(List.of(shown), false);
    assertEquals(2, text.lines().count(), text);
    assertTrue(text.replace("\n", "").chars().noneMatch(Character::isISOControl), text);
    assertTrue(shown.json().chars().noneMatch(Character::isISOControl), shown.json());
    assertEquals("\n\u009b1m", Json.read(shown.json()).path("note").asString(""));
  }

  @Test
  void thereMayBeThousands() throws Exception {
    for (int i = 0; i < MonitorSearch.MOST + 50; i++) {
      socket("run/qmp/" + i + ".qmp");
    }
    MonitorSearch search = search();
    assertEquals(MonitorSearch.MOST, search.found().size());
    assertEquals(50, search.leftOut());
  }

  @Test
  void anotherUsersWordsAreNoNames() throws Exception {
    Path own = socket("tmp/own");
    Assumptions.assumeTrue(Users.of(own) == 0, "gives files away");
    process(3, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:/tmp/own,server=on");
    assertTrue(at(own).isTrusted());
    // Whose socket it is, and who runs it.
    Files.setAttribute(own, "unix:uid", 1234);
    assertFalse(at(own).isTrusted());
    host.users(3, 1234, 1234, 1234);
    assertFalse(at(own).isTrusted());
    // Another person does not speak for a socket of ours.
    Files.setAttribute(own, "unix:uid", 0);
    assertEquals(0, search().found().size());
    // A user of a service's does, as libvirt's.
    host.users(3, 64_055, 64_055, 64_055);
    assertTrue(at(own).isTrusted());
    // Who runs su has chosen its words, though its process is root's in the end; and what is not
    // told is nobody's.
    host.users(3, 1234, 0, 0);
    assertEquals(0, search().found().size());
    host.users(3, 0, 0, 1234);
    assertEquals(0, search().found().size());
    host.users(3, 0, 0, 0);
    Path sudo = host.program("usr/bin/sudo", "").root().resolve("usr/bin/sudo");
    Path program = Files.createSymbolicLink(host.root().resolve("proc/3/exe"), sudo);
    assertTrue(at(own).isTrusted());
    Files.setAttribute(sudo, "unix:mode", 04755);
    assertEquals(0, search().found().size());
    Files.delete(program);
    host.with("proc/3/status", "Name:\tqemu\n");
    assertEquals(0, search().found().size());
  }

  @Test
  void anotherUsersHelperStandsInNobodysWay() throws Exception {
    Path shared = socket("tmp/s.qmp");
    Assumptions.assumeTrue(Users.of(shared) == 0, "gives files away");
    Path monitor = socket("tmp/monitor");
    process(3, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:/tmp/monitor,server=on");
    process(4, "java", "org.qmpkit.cli.Qmp", "helper", "--route", "/tmp/s.qmp => /tmp/monitor");
    host.users(4, 1234, 1234, 1234);
    Files.setAttribute(shared, "unix:uid", 1234);
    assertEquals(null, at(monitor).through());
    assertEquals(List.of("s"), at(shared).names());
  }

  @Test
  void anotherUsersConfigurationIsNotOpened() throws Exception {
    Path shared = socket("tmp/s.qmp");
    Path config = host.root().resolve("tmp/c.toml");
    host.with("tmp/c.toml", "[[route]]\nlisten = '/tmp/s.qmp'\nconnect = '/x'\n");
    Path fifo = host.root().resolve("tmp/fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    for (String flag : List.of("--config=", "-config=", "--config ", "-config ")) {
      // A process of anybody's may name a pipe, whose opening would not return.
      process(5, ("java org.qmpkit.cli.Qmp helper " + flag + "/tmp/fifo").split(" ", -1));
      process(4, ("java org.qmpkit.cli.Qmp helper " + flag + "c.toml").split(" ", -1));
      Path folder = host.root().resolve("proc/4/cwd");
      Files.deleteIfExists(folder);
      Files.createSymbolicLink(folder, Path.of("/tmp"));
      assertFound("helper", shared, "s");
      host.users(4, 1234, 1234, 1234);
      assertEquals(0, search().found().size(), flag);
    }
    Assumptions.assumeTrue(Users.of(shared) == 0, "gives files away");
    host.users(4, 0, 0, 0);
    Files.setAttribute(config, "unix:uid", 1234);
    assertEquals(0, search().found().size());
  }

  /** A stand-in for ss: of a socket, what it says who listens. */
  private void listens(Path socket, int... pids) throws IOException {
    StringBuilder line = new StringBuilder("#!/bin/sh\ncat <<'EOF'\n");
    line.append("u_str LISTEN 0 1 ").append(socket).append(" 77 * 0 users:(");
    for (int pid : pids) {
      line.append("(\"x\",pid=").append(pid).append(",fd=3)");
    }
    line.append(") ino:").append(Files.getAttribute(socket, "unix:ino"));
    host.program("usr/bin/ss", line.append(" dev:0/1 <->\nEOF\n").toString());
  }

  @Test
  void whoListensIsBelievedOverWhoSaysSo() throws Exception {
    Path socket = socket("tmp/monitor");
    process(3, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:/tmp/monitor,server=on");
    process(4, "qemu-system-x86_64", "-name", "db", "-qmp", "unix:/tmp/monitor,server=on");
    // Of two that say so, neither is believed.
    assertFound("", socket, "monitor");
    listens(socket, 3);
    assertFound("QEMU", socket, "web1");
    listens(socket, 4);
    assertFound("QEMU", socket, "db");
    listens(socket, 5);
    assertEquals(0, search().found().size());
  }

  @Test
  void whoListensGivesNoNameByThatAlone() throws Exception {
    Path socket = socket("run/qmp/a.qmp");
    process(3, "qemu-system-x86_64", "-name", "web1");
    process(4, "java", "org.qmpkit.cli.Qmp", "helper", "--all");
    listens(socket, 3);
    assertFound("", socket, "a");
    // A line of ss may be forged, but the true one is there beside it.
    listens(socket, 3, 4);
    assertFound("", socket, "a");
    listens(socket, 4);
    assertFound("helper", socket, "a");
  }

  @Test
  void aHelperThatDoesNotListenSharesNothing() throws Exception {
    Path shared = socket("run/qmp/s.qmp");
    Path monitor = socket("tmp/monitor");
    process(3, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:/tmp/monitor,server=on");
    process(4, "java", "org.qmpkit.cli.Qmp", "helper", "--route", "/run/qmp/s.qmp => /tmp/monitor");
    assertFound("helper", shared, "web1", "s");
    listens(shared, 5);
    assertFound("", shared, "s");
    assertEquals(null, at(monitor).through());
  }

  @Test
  void thoseWhoseWordsCountAreSeenBeforeOthers() throws Exception {
    for (int i = 0; i < 300; i++) {
      List<String> words = new ArrayList<>(List.of("qemu-system-x86_64"));
      for (int k = 0; k < 16; k++) {
        words.addAll(List.of("-qmp", "unix:/x/" + i + "-" + k + ",server=on"));
      }
      process(100 + i, words.toArray(String[]::new));
      host.users(100 + i, 1234, 1234, 1234);
    }
    process(7000, "qemu-system-x86_64", "-name", "web1", "-qmp", "unix:/b,server=on");
    StringBuilder routes = new StringBuilder();
    for (int i = 0; i < MonitorSearch.MOST + 9; i++) {
      routes.append("[[route]]\nlisten = '/y/").append(i).append("'\nconnect = '/x'\n");
    }
    host.with("etc/many.toml", routes.toString());
    assertEquals(List.of("web1"), at(host.root().resolve("b")).names());
    assertEquals(
        MonitorSearch.MOST, Processes.of(new Host(host.root(), true)).monitors().size() - 1);
    process(7001, "java", "org.qmpkit.cli.Qmp", "helper", "--config", "/etc/many.toml");
    assertEquals(MonitorSearch.MOST, Processes.of(new Host(host.root(), true)).routes().size());
  }
}
