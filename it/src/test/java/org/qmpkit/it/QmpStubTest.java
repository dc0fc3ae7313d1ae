package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LineClient;

/**
 * A real QEMU under our stub, over emulated Argo and V4V: with our helper at the other end, and
 * with models of OpenXT's three.
 */
@Timeout(300)
class QmpStubTest {
  private final Path folder;
  private final ArgoHost host;

  QmpStubTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    host = new ArgoHost(folder);
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,3"})
  void ourHelperSharesTheMonitor(String family, int generation) throws Exception {
    String options = ",generation=" + generation;
    try (HelperProcess qemu = host.stubbedQemu("-qmp", family + ":0" + options)) {
      for (int round = 0; round < 2; round++) {
        try (HelperProcess helper = host.sharing(family + ":5" + options)) {
          host.assertServes();
          helper.kill(); // says nothing
        }
      }
      try (HelperProcess helper = host.sharing(family + ":5" + options)) {
        host.assertServes();
        helper.signal("TERM");
        assertEquals(0, helper.awaitExit());
      }
      assertTrue(qemu.alive());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "argo:0,stream=on,server=on | argo:5,stream=on",
        "v4v:0,stream=on | v4v:5:15100,localport=5100,stream=on,server=on",
      })
  void ourHelperIsReachedByAStream(String there, String near) throws Exception {
    try (HelperProcess qemu = host.stubbedQemu("-qmp", there)) {
      for (int round = 0; round < 2; round++) {
        try (HelperProcess helper = host.sharing(near)) {
          host.awaitStatus();
          host.assertServes();
          helper.kill();
        }
      }
      assertTrue(qemu.alive());
    }
  }

  @Test
  void ourHelperHearsTheLastWords() throws Exception {
    try (HelperProcess qemu = host.stubbedQemu("-qmp", "argo");
        HelperProcess helper = host.sharing("argo:5");
        LineClient client = SharedQemu.negotiated(host.socket())) {
      client.send("{\"execute\": \"quit\"}\n");
      assertTrue(client.event("SHUTDOWN").contains("host-qmp-quit"));
      assertEquals(0, qemu.awaitExit());
      helper.awaitLog("argo:5 was closed");
    }
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,3", "v4v,2"})
  void isReachedByOpenXtsHelper(String family, int generation) throws Exception {
    try (HelperProcess qemu = host.stubbedQemu("-qmp", family + ":0,generation=" + generation)) {
      host.assertServesByOpenXtsHelper(family, generation);
      if (generation == 3) {
        try (HelperProcess helper = host.stockHelper(family, generation, host.socket())) {
          host.awaitStatus();
          assertTrue(helper.alive());
        }
      }
      assertTrue(qemu.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void isReachedByOpenXtsFirstHelper(String family) throws Exception {
    // The helper may come before QEMU, or after it: the greeting waits.
    for (boolean before : new boolean[] {true, false}) {
      Path socket = folder.resolve("first-" + before);
      HelperProcess helper = before ? host.stockHelper(family, 1, socket) : null;
      try (HelperProcess qemu = host.stubbedQemu("-qmp", family + ":0,generation=1")) {
        helper = helper == null ? host.stockHelper(family, 1, socket) : helper;
        try (LineClient client = LineClient.connect(socket, Patience.LIMIT)) {
          client.negotiate();
          assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("return"));
        }
        assertEquals(0, helper.awaitExit(), "it ends with its client");
        assertTrue(qemu.alive());
      } finally {
        if (helper != null) {
          helper.close();
        }
      }
      Patience.until("the end of the stub", () -> host.companions().isEmpty());
    }
  }

  @Test
  void whateverAClientDoesTheNextOneIsGreeted() throws Exception {
    try (HelperProcess qemu = host.stubbedQemu("-qmp", "argo");
        HelperProcess helper = host.stockHelper("argo", 3, host.socket())) {
      try (LineClient bytewise = LineClient.connect(host.socket(), Patience.LIMIT)) {
        bytewise.negotiate();
        for (byte each : "{\"execute\": \"query-name\", \"id\": \"dead live\"}\n".getBytes(UTF_8)) {
          bytewise.sendBytes(new byte[] {each});
        }
        assertTrue(bytewise.reply().contains("dead live"));
      }
      try (LineClient half = LineClient.connect(host.socket(), Patience.LIMIT)) {
        half.negotiate();
        half.send("{\"execute\": \"qu");
      }
      // Each reads its greeting: OpenXT's helper ends with a client that leaves something unread.
      for (int quick = 0; quick < 60; quick++) {
        try (LineClient client = LineClient.connect(host.socket(), Patience.LIMIT)) {
          assertTrue(client.greeting().contains("\"oob\""));
        }
      }
      try (LineClient client = LineClient.connect(host.socket(), Patience.LIMIT)) {
        // OpenXT's helper also hands on what one of those before has not read.
        client.send("{\"execute\": \"qmp_capabilities\"}\n");
        String line = client.line();
        while (line.contains("\"oob\"")) {
          line = client.line();
        }
        assertTrue(line.contains("\"return\""), line);
        assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("return"));
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void aClientThatDoesNotReadStopsNeitherQemuNorTakesMemory() throws Exception {
    int asked = 8;
    try (HelperProcess qemu = host.stubbedQemu("-qmp", "argo");
        HelperProcess helper = host.stockHelper("argo", 3, host.socket());
        LineClient stalled = LineClient.connect(host.socket(), Patience.LIMIT)) {
      stalled.negotiate();
      for (int i = 0; i < asked; i++) {
        stalled.send("{\"execute\": \"query-qmp-schema\", \"id\": " + i + "}\n");
      }
      try (LineClient other = LineClient.connect(host.monitor(), Patience.LIMIT)) {
        other.negotiate();
        for (int i = 0; i < 20; i++) {
          assertTrue(other.ask("{\"execute\": \"query-status\"}").contains("return"));
        }
      }
      for (ProcessHandle each : host.companions()) {
        long rss = HelperProcess.rss(each.pid());
        assertTrue(rss < 8 << 20, each.pid() + " has " + rss + " bytes");
      }
      for (int i = 0; i < asked; i++) {
        String reply = stalled.reply();
        assertTrue(reply.length() > 100_000 && reply.contains("\"id\": " + i), "reply " + i);
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void whatQemuDoesNotTakeKeepsNoClientOut() throws Exception {
    Path deaf = folder.resolve("deaf");
    List<String> words = new ArrayList<>(List.of("live"));
    for (int i = 0; i < 17; i++) {
      words.add("x".repeat(16_000)); // more than the socket holds
    }
    words.addAll(List.of("dead", "live", "next"));
    try (ServerSocketChannel qemu = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      qemu.bind(UnixDomainSocketAddress.of(deaf));
      List<String> bridge = List.of("bridge", "-v", "argo:0", deaf.toString());
      try (HelperProcess stub = HelperProcess.started(host.stub(ArgoHost.STUBDOM, bridge))) {
        stub.awaitLog("serves");
        Program.Outcome talk = Program.outcome(host.talk(words.toArray(String[]::new)));
        assertEquals(0, talk.status(), talk::err);
        try (SocketChannel first = qemu.accept();
            SocketChannel second = qemu.accept()) {
          ByteBuffer heard = ByteBuffer.allocate(4);
          while (heard.hasRemaining()) {
            assertTrue(second.read(heard) >= 0);
          }
          assertEquals("next", new String(heard.array(), UTF_8));
          assertTrue(first.isOpen() && stub.alive());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo:0", "v4v:0", "v4v:0,stream=on"})
  void whatXenOrTheModuleTouchesIsLocked(String address) throws Exception {
    try (HelperProcess qemu = host.stubbedQemu("-qmp", address)) {
      List<String> locked = new ArrayList<>();
      for (ProcessHandle each : host.companions()) {
        String status = Files.readString(Path.of("/proc/" + each.pid() + "/status"));
        locked.add(status.replaceAll("(?s).*VmLck:\\s+(\\d+) kB.*", "$1"));
      }
      // Room to send from, and to receive into, of the bridge; the other one has the rest.
      assertTrue(locked.stream().anyMatch(each -> Integer.parseInt(each) >= 32), locked::toString);
      assertTrue(qemu.alive());
    }
  }

  @Test
  void aFailureThatLastsIsNotTriedAtFullSpeed() throws Exception {
    Path socket = folder.resolve("qemu");
    try (ServerSocketChannel qemu = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      qemu.bind(UnixDomainSocketAddress.of(socket));
      ProcessBuilder builder =
          host.stub(ArgoHost.STUBDOM, List.of("bridge", "-v", "argo:0", socket.toString()));
      builder.environment().put("ARGO_TRAPS", "deaf=40"); // with 50 ms between them
      long started = System.nanoTime();
      try (HelperProcess stub = HelperProcess.started(builder)) {
        stub.awaitLog("serves");
        assertEquals(0, Program.outcome(host.talk("live")).status());
        qemu.accept().close();
        Duration passed = Duration.ofNanos(System.nanoTime() - started);
        assertTrue(passed.toMillis() >= 39 * 50, passed::toString);
      }
    }
  }

  @Test
  void aLogThatNobodyReadsStopsNothing() throws Exception {
    Path socket = folder.resolve("qemu");
    String full = "mkfifo $0 && exec 2<>$0 && head -c 65536 /dev/zero >&2 && exec \"$@\"";
    try (ServerSocketChannel qemu = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      qemu.bind(UnixDomainSocketAddress.of(socket));
      ProcessBuilder builder =
          host.stub(ArgoHost.STUBDOM, List.of("bridge", "-v", "argo:0", socket.toString()));
      List<String> words =
          new ArrayList<>(List.of("sh", "-c", full, folder.resolve("log").toString()));
      words.addAll(builder.command());
      try (HelperProcess stub = HelperProcess.started(builder.command(words))) {
        assertEquals(0, Program.outcome(host.talk("live")).status());
        qemu.accept().close();
        assertTrue(stub.alive());
      }
    }
  }

  @Test
  void anotherPortOfTheDomainIsNotListenedTo() throws Exception {
    try (HelperProcess qemu = host.stubbedQemu("-qmp", "argo:0:5101,localport=15100");
        HelperProcess helper = host.stockHelper("argo", 3, host.socket());
        LineClient client = LineClient.connect(host.socket(), Patience.LIMIT)) {
      client.send("{\"execute\": \"quit\"}\n");
      qemu.awaitLog("datagrams of other domains or ports come, and are dropped");
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void aConsoleShowsTheFirmware() throws Exception {
    assumeTrue(QmpStub.emulates());
    List<String> words = new ArrayList<>(List.of("-M", "pc,graphics=off", "-vga", "none"));
    words.addAll(List.of("-serial", "argo:0:5101"));
    Map<String, String> environment = new HashMap<>();
    host.environment(0)
        .forEach((name, value) -> {
          if (name.startsWith("ARGO_") || name.equals("LD_PRELOAD")) {
            environment.put(name, value);
          }
        });
    String address = "argo:5:15101,localport=5101";
    try (HelperProcess qemu = host.stubbedQemu(words.toArray(String[]::new));
        Tmux console =
            Tmux.start(
                folder,
                100,
                30,
                environment,
                Program.command(Program.ON_TERMINAL, "console", address))) {
      console.await("connected to " + address);
      try (LineClient client = LineClient.connect(host.monitor(), Patience.LIMIT)) {
        client.negotiate();
        client.ask("{\"execute\": \"cont\"}");
      }
      console.await("SeaBIOS (version");
      console.press("C-]");
      assertEquals(0, console.awaitEnd());
      assertTrue(qemu.alive());
    }
  }
}
