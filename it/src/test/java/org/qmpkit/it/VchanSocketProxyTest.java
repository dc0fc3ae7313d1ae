package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * The drop-in, as libxl starts it, in front of a real QEMU; Xen's library and xenstored are
 * stand-ins. The lab has it on real Xen.
 */
@Timeout(300)
class VchanSocketProxyTest {
  private static final String STATE = XenStandIns.state(7);

  private final XenStandIns xen;
  private final Path socket;
  private final Path store;
  private final Path qemu;

  VchanSocketProxyTest(@TempDir Path folder) throws IOException {
    this.xen = XenStandIns.in(folder);
    this.socket = xen.libxl(6);
    this.store = xen.store();
    this.qemu = xen.vchan(7);
  }

  private HelperProcess start(String... options) throws IOException {
    return xen.dropIn(6, 7, options);
  }

  private static void awaitRunning(XenstoreDaemon xenstored) {
    XenStandIns.awaitRunning(xenstored, 7);
  }

  @Test
  void isRunningBeforeThereIsAMonitorAndServesLibxlWhenThereIs() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess proxy = start("--state-path=" + STATE)) {
      awaitRunning(xenstored);
      assertTrue(Files.exists(socket));
      try (RealQemu monitor = RealQemu.startAt(qemu)) {
        LibxlClient libxl = new LibxlClient(socket);
        for (int i = 0; i < 20; i++) {
          LineClient.connect(socket).close();
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
        }
        assertTrue(monitor.alive());
      }
      proxy.signal("HUP");
      assertEquals(0, proxy.awaitExit());
      assertFalse(Files.exists(socket));
    }
  }

  @Test
  void theLongestAnswerComesWholeThroughSmallRings() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        RealQemu monitor = RealQemu.startAt(qemu);
        HelperProcess proxy = start("-v", "-s", STATE)) {
      awaitRunning(xenstored);
      LibxlClient libxl = new LibxlClient(socket);
      assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
      assertTrue(monitor.alive());
      assertTrue(proxy.alive());
    }
  }

  @Test
  void aStaleSocketIsNoObstacle() throws Exception {
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket));
    }
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess proxy = start("--state-path", STATE)) {
      awaitRunning(xenstored);
      assertTrue(proxy.alive());
    }
  }

  @Test
  void endsWithTheDomain() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess proxy = start("--state-path=" + STATE)) {
      awaitRunning(xenstored);
      xenstored.releaseDomain();
      assertEquals(0, proxy.awaitExit());
      proxy.awaitLog("info: domain 7 has ended: draining and ending");
      assertFalse(Files.exists(socket));
    }
  }

  @Test
  void endsWhenItsSocketIsGone() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess proxy = start("--state-path=" + STATE)) {
      awaitRunning(xenstored);
      Files.delete(socket);
      assertEquals(0, proxy.awaitExit());
      proxy.awaitLog("info: the socket .* is gone, or is another's: draining and ending");
    }
  }

  @Test
  void withoutXenstoredItSaysSoAndFails() throws Exception {
    try (HelperProcess proxy = start("--state-path=" + STATE)) {
      assertEquals(1, proxy.awaitExit());
      proxy.awaitLog("^vchan-socket-proxy: there is no xenstored on this host");
      assertFalse(Files.exists(socket));
    }
  }

  @Test
  void aStateThatMayNotBeWrittenIsSaidAndFails() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess proxy = start("--state-path=/others/state")) {
      assertEquals(1, proxy.awaitExit());
      proxy.awaitLog("^vchan-socket-proxy: cannot write /others/state in xenstore: EACCES$");
      assertTrue(xenstored.value("/others/state").isEmpty());
    }
  }

  @Test
  void aMonitorThatComesBackIsFoundAgain() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess proxy = start("--state-path=" + STATE)) {
      awaitRunning(xenstored);
      for (int round = 0; round < 2; round++) {
        try (RealQemu monitor = RealQemu.startAt(qemu)) {
          LibxlClient libxl = new LibxlClient(socket);
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
          monitor.kill();
        }
        Files.deleteIfExists(qemu);
        proxy.awaitLog("warning: .*was closed", round + 1);
      }
    }
  }

  /**
   * A client that sends its marker and a text, and reads until something comes. Then it leaves, and
   * the server is not told.
   *
   * @return all that came
   */
  private String visit(String text, String until) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(xen.rings() + ".in", "rw");
        RandomAccessFile out = new RandomAccessFile(xen.rings() + ".out", "rw")) {
      in.writeBytes("\1" + text);
      StringBuilder came = new StringBuilder();
      while (came.indexOf(until) < 0) {
        came.append((char) out.read());
      }
      return came.toString();
    }
  }

  @Test
  void aMarkerIsHowAServerKnowsTheNextClient() throws Exception {
    try (RealQemu monitor = RealQemu.startAt(qemu);
        HelperProcess server = xen.server(qemu, "-r", "1", "-v")) {
      server.awaitLog("relays .*mode=server,reconnect-marker=on");
      String negotiate = "{\"execute\": \"qmp_capabilities\"}\r\n";
      visit(negotiate + "{\"execute\": \"query-qmp-schema\"}\r\n", "\"return\": [{");
      // What was in the rings already comes first; all else of that answer is dropped.
      String came = visit(negotiate, "{\"return\": {}}\r\n");
      int greeting = came.indexOf("{\"QMP\": ");
      assertTrue(greeting >= 0 && greeting <= 4096, came);
      for (int round = 0; round < 2; round++) {
        try (HelperProcess client = xen.onRings(6, 7, "--reconnect-marker=1")) {
          client.awaitLog("shares .*reconnect-marker=on at unix");
          LibxlClient libxl = new LibxlClient(socket);
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
          client.kill();
        }
      }
      server.awaitLog("closed: ", 3);
      assertTrue(monitor.alive());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "7 /a | expected DOMID XENSTORE-PATH SOCKET",
        "seven /a /s | domain 'seven' is not a number",
        "99999 /a /s | is not within 0 to 32751",
        "-m both 7 /a /s | mode 'both' is neither client nor server",
        "--reconnect-marker=2 7 /a /s | reconnect-marker '2' is not 1",
        "--loud 7 /a /s | unknown option --loud",
      })
  void aMistakeIsSaidInOneLine(String words, String said) {
    List<String> arguments = new ArrayList<>(List.of("vchan-socket-proxy"));
    arguments.addAll(List.of(words.split(" ")));
    Program.Outcome outcome = Program.run(arguments.toArray(String[]::new));
    assertTrue(outcome.status() == 1 || outcome.status() == 2, outcome::toString);
    Optional<String> first = outcome.errLines().stream().findFirst();
    assertTrue(first.orElse("").contains(said), outcome::toString);
  }
}
