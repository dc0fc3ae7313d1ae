package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * The image's {@code vchan-socket-proxy}, a small program that becomes the Java one where it must.
 */
@Timeout(300)
class SmallDropInTest {
  private final Path folder;
  private final XenStandIns xen;
  private final Path program;

  SmallDropInTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    xen = XenStandIns.in(folder);
    program = folder.resolve("bin").resolve("vchan-socket-proxy");
    Files.createDirectory(folder.resolve("bin"));
    compile();
    // Beside it is what starts the Java one, here when it is told to.
    Path launcher = Program.launcher(folder.resolve("bin").resolve("java"));
    Files.writeString(
        folder.resolve("bin").resolve("qmp"),
        """
        #!/bin/sh
        while [ -e '%s' ]; do sleep 0.1; done
        exec '%s' "$QMPKIT_CALLED" "$@"
        """
            .formatted(held(), launcher));
    Files.setPosixFilePermissions(
        folder.resolve("bin").resolve("qmp"), PosixFilePermissions.fromString("rwx------"));
  }

  private void compile() throws IOException {
    Path sources = Path.of(System.getProperty("qmpkit.it.root"), "stub/dropin");
    List<String> words = new ArrayList<>(List.of("gcc", "-std=c11", "-O2", "-Wall", "-Wextra"));
    words.addAll(List.of("-Werror", "-static", "-o", program.toString()));
    try (Stream<Path> files = Files.list(sources)) {
      files.map(Path::toString).filter(each -> each.endsWith(".c")).forEach(words::add);
    }
    Program.Outcome outcome = Program.outcome(new ProcessBuilder(words));
    assertEquals("", outcome.err());
  }

  /** While this exists, the Java program does not start. */
  private Path held() {
    return folder.resolve("held");
  }

  private void assertWorks(int guest) {
    assertTrue(
        new LibxlClient(xen.libxl(guest))
            .operation("query-status")
            .getFirst()
            .path("status")
            .isString());
  }

  private static void end(HelperProcess dropIn, String signal) {
    dropIn.signal(signal);
    assertEquals(0, dropIn.awaitExit());
  }

  @Test
  void theSocketIsThereBeforeJavaIs() throws Exception {
    Files.createFile(held());
    try (ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(xen.libxl(6)));
    }
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu qemu = RealQemu.startAt(xen.vchan(7));
        HelperProcess dropIn = xen.small(program, 6, 7)) {
      XenStandIns.awaitRunning(xenstored, 7);
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(xen.libxl(6))));
      try (LineClient early = LineClient.connect(xen.libxl(6))) {
        Files.delete(held());
        early.negotiate();
      }
      assertWorks(6);
      end(dropIn, "HUP");
      assertFalse(Files.exists(xen.libxl(6)));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void aHelperServesAndItStaysSmall() throws Exception {
    Files.createFile(held());
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu qemu = RealQemu.startAt(xen.vchan(7));
        HelperProcess helper = xen.helper();
        HelperProcess dropIn = xen.small(program, 6, 7)) {
      XenStandIns.awaitRunning(xenstored, 7);
      assertWorks(6);
      assertTrue(dropIn.rss() <= 1 << 20, dropIn.rss() + " bytes");
      end(dropIn, "HUP");
      helper.awaitLog("info: qmp-libxl-6, domain 7: ends: its drop-in has ended");
      assertTrue(qemu.alive());
    }
  }

  @Test
  void itEndsWithTheDomain() throws Exception {
    Files.createFile(held());
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper();
        HelperProcess dropIn = xen.small(program, 6, 7)) {
      XenStandIns.awaitRunning(xenstored, 7);
      xenstored.release(7);
      assertEquals(0, dropIn.awaitExit());
      assertTrue(helper.alive());
    }
  }

  @Test
  void itServesWhenTheHelperIsGone() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu qemu = RealQemu.startAt(xen.vchan(7));
        HelperProcess helper = xen.helper();
        HelperProcess dropIn = xen.small(program, 6, 7)) {
      XenStandIns.awaitRunning(xenstored, 7);
      helper.kill();
      dropIn.awaitLog("the helper of this host has ended; this program serves domain 7");
      dropIn.awaitLog("info: qmp-libxl-6: shares ");
      assertWorks(6);
      end(dropIn, "TERM");
      assertTrue(qemu.alive());
    }
  }

  @Test
  void whoIsRefusedTriesByItself() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper()) {
      xenstored.introduce(9);
      try (HelperProcess other = xen.small(program, 6, 9)) {
        XenStandIns.awaitRunning(xenstored, 9);
        try (HelperProcess dropIn = xen.small(program, 6, 7)) {
          dropIn.awaitLog(
              "does not serve domain 7, so this program does: .* is already for vchan:9:");
          dropIn.awaitLog("^vchan-socket-proxy: cannot listen on unix:" + xen.libxl(6));
          assertEquals(1, dropIn.awaitExit());
        }
        assertTrue(other.alive() && helper.alive());
      }
    }
  }

  @Test
  void whatIsWrongTheJavaProgramSays() throws Exception {
    for (String[] words :
        new String[][] {{}, {"7", "/p"}, {"x", "/p", "/s"}, {"-m", "other", "7", "/p", "/s"}}) {
      List<String> command = new ArrayList<>(List.of(program.toString()));
      command.addAll(List.of(words));
      Program.Outcome outcome = Program.outcome(new ProcessBuilder(command));
      assertEquals(2, outcome.status(), outcome.err());
      assertTrue(outcome.err().contains("See 'qmp vchan-socket-proxy --help'."), outcome.err());
    }
  }

  @Test
  void withoutXenstoredItSaysSo() throws Exception {
    try (HelperProcess dropIn = xen.small(program, 6, 7)) {
      dropIn.awaitLog("cannot write \"running\" to .*: no xenstored answers");
      assertEquals(1, dropIn.awaitExit());
      assertFalse(Files.exists(xen.libxl(6)));
    }
  }

  @Test
  void aStateThatCannotBeWrittenEndsIt() throws Exception {
    try (XenstoreDaemon _ = new XenstoreDaemon(xen.store())) {
      try (HelperProcess dropIn = xen.small(program, 6, 7, "--state-path=/others/state")) {
        dropIn.awaitLog("cannot write \"running\" to /others/state: xenstored says EACCES");
        assertEquals(1, dropIn.awaitExit());
        assertFalse(Files.exists(xen.libxl(6)));
      }
    }
  }
}
