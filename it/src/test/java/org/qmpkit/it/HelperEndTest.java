package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LineClient;

/** How the helper ends, by a signal or by a crash, and what is there afterwards. */
@Timeout(300)
class HelperEndTest {
  /** The helper drains for 2 s; a test machine that stalls longer proves nothing. */
  private static final Duration DRAIN = Duration.ofMillis(1500);

  private final Path folder;

  HelperEndTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalDrainsAndEndsIt(String signal) throws Exception {
    boolean inTime = false;
    for (int attempt = 0; attempt < 10 && !inTime; attempt++) {
      try (SharedQemu shared = SharedQemu.start(folder);
          LineClient client = shared.client()) {
        shared.qemu().pause();
        client.send(command("query-name", "slow"));
        shared.awaitInFlight(1);
        long before = System.nanoTime();
        shared.helper().signal(signal);
        shared.helper().awaitLog("info: SIG" + signal + ": draining and ending");
        shared.qemu().resume();
        inTime = System.nanoTime() - before < DRAIN.toNanos();
        if (inTime) {
          assertEmptyReturn("slow", client.reply());
        }
        client.expectEnd();
        assertEquals(0, shared.helper().awaitExit());
        assertTrue(Files.notExists(shared.socket()), "its socket is still there");
        assertTrue(Files.exists(shared.qemu().path()), "QEMU's own is not its to remove");
      }
    }
    assertTrue(inTime, "this machine is too slow to judge: it never resumed QEMU within " + DRAIN);
  }

  @Test
  void itEndsThoughQemuNeverAnswers() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      shared.qemu().pause();
      client.send(command("query-name", "never"));
      shared.awaitInFlight(1);
      shared.helper().signal("TERM");
      // It may say so or not, but it may not hang.
      client.expectEnd();
      assertEquals(0, shared.helper().awaitExit());
    }
  }

  @Test
  void aSecondSignalDoesNoHarm() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      shared.qemu().pause();
      client.send(command("query-name", "never"));
      shared.awaitInFlight(1);
      shared.helper().signal("TERM");
      shared.helper().awaitLog("draining");
      shared.helper().signal("INT");
      client.expectEnd();
      assertEquals(0, shared.helper().awaitExit());
    }
  }

  @Test
  void withoutMemoryItEndsAtOnceAndSaysSo() throws Exception {
    Path socket = folder.resolve("small.qmp");
    List<String> command =
        Program.command(
            List.of("-Xmx12m"),
            "helper",
            "--listen",
            "unix:" + socket,
            "--connect",
            "unix:" + folder.resolve("nowhere"));
    List<SocketChannel> clients = new ArrayList<>();
    try (HelperProcess helper = HelperProcess.started(new ProcessBuilder(command))) {
      helper.awaitLog("shares ");
      ByteBuffer half = ByteBuffer.allocate(900_000);
      half.put("{\"execute\": \"".getBytes(StandardCharsets.US_ASCII));
      while (half.hasRemaining()) {
        half.put((byte) 'x');
      }
      for (int i = 0; i < 30 && helper.alive(); i++) {
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
        clients.add(client);
        try {
          client.connect(UnixDomainSocketAddress.of(socket));
          client.write(half.rewind());
        } catch (IOException e) {
          // It has ended.
        }
      }
      helper.awaitLog("^Terminating due to java.lang.OutOfMemoryError");
      assertEquals(3, helper.awaitExit());
    } finally {
      for (SocketChannel client : clients) {
        client.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalEndsARelay(String signal) throws Exception {
    Path socket = folder.resolve("relay.qmp");
    try (SharedQemu shared = SharedQemu.start(folder, "-qmp", server("relayed.sock"));
        HelperProcess relay = HelperProcess.relaying(socket, folder.resolve("relayed.sock"));
        LineClient client = negotiated(socket)) {
      assertEmptyReturn("done", client.ask(command("query-name", "done")));
      relay.signal(signal);
      assertEquals(0, relay.awaitExit());
      assertEquals(List.of(), client.expectEnd());
      assertTrue(Files.notExists(socket), "its socket is still there");
      assertTrue(shared.qemu().alive());
    }
  }

  private String server(String name) {
    return "unix:" + folder.resolve(name) + ",server=on,wait=off";
  }

  @Test
  void aSignalRightAfterItListensEndsItInOrderToo() throws Exception {
    Path socket = folder.resolve("shared.qmp");
    try (HelperProcess helper = HelperProcess.sharing(socket, folder.resolve("nobody.sock"))) {
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      assertTrue(Files.notExists(socket), "its socket is still there");
    }
  }

  @Test
  void afterACrashTheNextOneReplacesItsSocket() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder)) {
      try (LineClient client = shared.client()) {
        client.send(command("query-qmp-schema", "lost"));
        shared.helper().kill();
        client.expectEnd();
      }
      assertTrue(Files.exists(shared.socket()), "a killed helper leaves its socket");
      try (HelperProcess next = HelperProcess.sharing(shared.socket(), shared.qemu().path());
          LineClient client = shared.client()) {
        assertEmptyReturn("mine", client.ask(command("query-name", "mine")));
        assertTrue(next.alive());
      }
    }
  }
}
