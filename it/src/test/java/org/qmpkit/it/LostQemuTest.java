package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.assertGone;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** QEMU comes, goes and comes back, or is somebody else's: every caller hears, nobody hangs. */
@Timeout(300)
class LostQemuTest {
  private final Path folder;
  private final Path monitor;
  private final Path socket;

  LostQemuTest(@TempDir Path folder) {
    this.folder = folder;
    this.monitor = folder.resolve("monitor.sock");
    this.socket = folder.resolve("shared.qmp");
  }

  /**
   * A QEMU with a second monitor, which is the helper's alone: on the first one the fixture looks
   * whether QEMU is there.
   */
  private RealQemu qemuWithMonitor() throws IOException {
    return RealQemu.start("-qmp", "unix:" + monitor + ",server=on,wait=off");
  }

  @Test
  void callersOfAKilledQemuHearSoAndTheNextOneIsPickedUp() throws Exception {
    try (RealQemu first = qemuWithMonitor();
        HelperProcess helper = HelperProcess.sharing(socket, monitor)) {
      try (LineClient a = negotiated(socket);
          LineClient b = negotiated(socket);
          LineClient idle = negotiated(socket)) {
        first.pause();
        for (String id : List.of("1", "2", "3", "4", "5")) {
          a.send(command("query-name", "a" + id));
          b.send(command("query-status", "b" + id));
        }
        SharedQemu.awaitStatus(
            socket,
            "commands in flight, and commands that wait behind them",
            status -> status.path("in-flight").size() == 7 && status.path("queued").asInt() == 3);
        first.kill();
        for (String id : List.of("1", "2", "3", "4", "5")) {
          assertGone("a" + id, a.reply());
          assertGone("b" + id, b.reply());
        }
        assertEquals(List.of(), a.expectEnd());
        assertEquals(List.of(), b.expectEnd());
        assertEquals(List.of(), idle.expectEnd());
      }
      SharedQemu.awaitStatus(
          socket,
          "word that it is gone",
          status -> status.path("state").asString("").equals("gone"));
      try (RealQemu second = qemuWithMonitor();
          LineClient c = negotiated(socket)) {
        assertEmptyReturn("c", c.ask(command("query-name", "c")));
        assertTrue(second.alive());
        assertTrue(helper.alive());
      }
    }
  }

  @Test
  void aHelperWithoutQemuWaitsForIt() throws Exception {
    try (HelperProcess helper = HelperProcess.sharing(socket, monitor);
        LineClient early = LineClient.connect(socket, Patience.LIMIT)) {
      // What is sent before there is anybody to greet is kept.
      early.send("{\"execute\": \"qmp_capabilities\"}" + command("query-name", "early"));
      helper.awaitLog("warning: shared.qmp: cannot connect to unix:" + monitor);
      SharedQemu.awaitStatus(
          socket,
          "word that it is gone",
          status -> status.path("state").asString("").equals("gone"));
      try (RealQemu qemu = qemuWithMonitor()) {
        early.greeting();
        assertEquals("{\"return\": {}}", early.reply());
        assertEmptyReturn("early", early.reply());
        assertTrue(qemu.alive());
      }
      assertEquals(List.of(), early.expectEnd());
      assertEquals(1, helper.log("there is no such file").size(), "one line, not one per attempt");
    }
  }

  @Test
  void aMonitorThatSomebodyHoldsIsTakenOverWhenTheyLeave() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      LineClient holder = negotiated(qemu.path());
      try (HelperProcess helper = HelperProcess.sharing(socket, qemu.path());
          LineClient patient = LineClient.connect(socket, Patience.LIMIT)) {
        patient.send("{\"execute\": \"qmp_capabilities\"}" + command("query-name", "patient"));
        helper.awaitLog("warning: .*busy: no greeting .*another client holds the monitor");
        SharedQemu.awaitStatus(
            socket, "busy", status -> status.path("state").asString("").equals("busy"));
        // Whoever holds it goes on undisturbed until they leave.
        assertEmptyReturn("holder", holder.ask(command("query-name", "holder")));
        // What they left running is answered to whoever comes next, and must end at the helper.
        holder.send(command("query-qmp-schema", "patient"));
        holder.close();
        patient.greeting();
        assertEquals("{\"return\": {}}", patient.reply());
        assertEmptyReturn("patient", patient.reply());
        assertEquals("connected", SharedQemu.status(socket).path("state").asString(""));
      } finally {
        holder.close();
      }
    }
  }

  @Test
  void quitIsAnsweredAndEndsEverybodysConnection() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient caller = shared.client();
        LineClient waiting = shared.client();
        LineClient idle = shared.client()) {
      shared.qemu().pause();
      caller.send(command("quit", "quit"));
      shared.awaitInFlight(1);
      waiting.send(command("query-name", "mine"));
      shared.awaitInFlight(2);
      shared.qemu().resume();

      assertTrue(caller.event("SHUTDOWN").contains("\"host-qmp-quit\""));
      assertEmptyReturn("quit", caller.reply());
      assertEquals(List.of(), caller.expectEnd());

      waiting.event("SHUTDOWN");
      List<String> rest = new ArrayList<>(waiting.expectEnd());
      assertEquals(1, rest.size(), rest::toString);
      // QEMU may still have come to it.
      if (!rest.getFirst().equals("{\"return\": {}, \"id\": \"mine\"}")) {
        assertGone("mine", rest.getFirst());
      }

      idle.event("SHUTDOWN");
      assertEquals(List.of(), idle.expectEnd());
      assertEquals(0, shared.qemu().awaitExit());
    }
  }
}
