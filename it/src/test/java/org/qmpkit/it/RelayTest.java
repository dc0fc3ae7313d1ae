package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** {@code --relay}: bytes pass untouched, for one client at a time. */
@Timeout(300)
class RelayTest {
  private final Path monitor;
  private final Path socket;

  RelayTest(@TempDir Path folder) {
    this.monitor = folder.resolve("monitor.sock");
    this.socket = folder.resolve("relay.qmp");
  }

  /** A QEMU with a second monitor, so that looking whether it is there disturbs nobody. */
  private RealQemu qemuWithMonitor(String... options) throws IOException {
    return RealQemu.start(
        "-chardev",
        "socket,id=relayed,path=" + monitor + ",server=on,wait=off",
        "-mon",
        "chardev=relayed,mode=control" + String.join("", options));
  }

  @Test
  void bytesPassUntouched() throws Exception {
    assertSameBytes();
  }

  @Test
  void soTheyDoWhenQemuWritesPrettily() throws Exception {
    assertSameBytes(",pretty=on");
  }

  private void assertSameBytes(String... options) throws IOException {
    try (RealQemu qemu = qemuWithMonitor(options);
        HelperProcess helper = HelperProcess.relaying(socket, monitor)) {
      String straight = conversation(monitor);
      assertEquals(straight, conversation(socket));
      // QEMU's own spelling of ids, which a shared monitor would not show.
      assertTrue(straight.matches("(?s).*\"id\": \\[\\s*1000,\\s*0.10000000000000001.*"), straight);
      assertTrue(straight.contains("JSON parse error"), straight);
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  /** All that QEMU says to a client that is right, wrong, and done. */
  private static String conversation(Path socket) throws IOException {
    try (RawClient client = RawClient.connect(socket)) {
      StringBuilder heard = new StringBuilder(client.readUntil("\"QMP\""));
      client.send("{'execute':'qmp_capabilities',  'id': [1e3, 0.1, '\303\251']}");
      client.send("garbage {]} \377\001 {\"execute\": 1, \"id\": {\"a\": \"\300\200\"}}\n");
      client.send("{\"execute\": \"query-qmp-schema\"}\r\n\r\n");
      client.send("{\"execute\": \"query-name\", \"id\": \"the last\"}");
      heard.append(client.readUntil("\"the last\""));
      client.halfClose();
      return heard.append(client.readToEnd()).toString();
    }
  }

  @Test
  void longRequestsPassToo() throws Exception {
    try (RealQemu qemu = qemuWithMonitor();
        HelperProcess helper = HelperProcess.relaying(socket, monitor);
        LineClient client = negotiated(socket)) {
      String id = "x".repeat(300_000);
      assertEmptyReturn(id, client.ask(command("query-name", id)));
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void theNextClientWaitsAndIsLoggedOnce() throws Exception {
    try (RealQemu qemu = qemuWithMonitor();
        HelperProcess helper = HelperProcess.relaying(socket, monitor);
        LineClient first = negotiated(socket);
        LineClient second = LineClient.connect(socket, Patience.LIMIT)) {
      second.send("{\"execute\": \"qmp_capabilities\"}");
      helper.awaitLog("another client waits until client 1 \\(\\S+\\) leaves");
      try (LineClient third = LineClient.connect(socket, Patience.LIMIT)) {
        assertEmptyReturn("1", first.ask(command("query-name", "1")));
        second.silent(Duration.ofMillis(100));
        third.silent(Duration.ofMillis(100));
        assertEquals(1, helper.log("another client waits").size(), helper.log()::toString);
      }
      first.reset();
      // Greeted by QEMU itself, to which it is a new client.
      second.greeting();
      assertEquals("{\"return\": {}}", second.reply());
      assertEmptyReturn("2", second.ask(command("query-name", "2")));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void qemuHasAClientOnlyWhileThereIsOne() throws Exception {
    try (RealQemu qemu = qemuWithMonitor();
        HelperProcess helper = HelperProcess.relaying(socket, monitor)) {
      for (int round = 0; round < 20; round++) {
        try (LineClient through = negotiated(socket)) {
          assertEmptyReturn("through", through.ask(command("query-name", "through")));
        }
        // Were the relay still connected, this one would not be greeted.
        try (LineClient straight = negotiated(monitor)) {
          assertEmptyReturn("straight", straight.ask(command("query-name", "straight")));
        }
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void whenQemuIsGoneSoIsTheClientAndTheHelperGoesOn() throws Exception {
    try (RealQemu first = qemuWithMonitor();
        HelperProcess helper = HelperProcess.relaying(socket, monitor)) {
      try (LineClient client = negotiated(socket)) {
        first.kill();
        assertEquals(List.of(), client.expectEnd());
      }
      try (RealQemu second = qemuWithMonitor();
          LineClient client = negotiated(socket)) {
        assertEmptyReturn("again", client.ask(command("query-name", "again")));
        assertEquals("{\"return\": {}}", client.ask("{\"execute\": \"quit\"}"));
        assertEquals(List.of(), client.expectEnd());
        assertEquals(0, second.awaitExit());
      }
      assertTrue(helper.alive());
    }
  }

  @Test
  void aClientWhoseQemuDoesNotComeIsToldByTheEnd() throws Exception {
    try (HelperProcess helper = HelperProcess.relaying(socket, monitor)) {
      try (LineClient client = LineClient.connect(socket, Patience.LIMIT)) {
        assertEquals(List.of(), client.expectEnd());
      }
      helper.awaitLog("warning: .*cannot connect to unix:" + monitor);
      helper.awaitLog("client 1 \\(\\S+\\): closed: its monitor didn't answer");
      try (RealQemu qemu = qemuWithMonitor();
          LineClient client = negotiated(socket)) {
        assertEmptyReturn("there", client.ask(command("query-name", "there")));
        assertTrue(qemu.alive());
      }
    }
  }

  @Test
  void oneThatEndedItsInputGetsItsAnswers() throws Exception {
    try (RealQemu qemu = qemuWithMonitor();
        HelperProcess helper = HelperProcess.relaying(socket, monitor);
        LineClient client = LineClient.connect(socket, Patience.LIMIT)) {
      client.send("{\"execute\": \"qmp_capabilities\"}" + command("query-qmp-schema", "schema"));
      // What QEMU has not read of one that ended its input, QEMU drops; so it must be at work.
      client.greeting();
      assertEquals("{\"return\": {}}", client.reply());
      client.halfClose();
      List<String> lines = client.expectEnd();
      assertEquals(1, lines.size());
      assertTrue(lines.getFirst().endsWith(", \"id\": \"schema\"}"));
      assertTrue(qemu.alive() && helper.alive());
    }
  }
}
