package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** A configuration file, and reading it again at SIGHUP. */
@Timeout(300)
class ReloadTest {
  private final Path folder;
  private final Path config;

  ReloadTest(@TempDir Path folder) {
    this.folder = folder;
    this.config = folder.resolve("helper.toml");
  }

  private RealQemu qemu() throws IOException {
    return RealQemu.start(
        "-qmp", "unix:" + folder.resolve("1.sock") + ",server=on,wait=off",
        "-qmp", "unix:" + folder.resolve("2.sock") + ",server=on,wait=off",
        "-qmp", "unix:" + folder.resolve("3.sock") + ",server=on,wait=off");
  }

  private Path socket(int number) {
    return folder.resolve(number + ".qmp");
  }

  private String route(int number) {
    return "[[route]]\nlisten = \"unix:%s\"\nconnect = \"unix:%s\"\n"
        .formatted(socket(number), folder.resolve(number + ".sock"));
  }

  private static void assertServes(Path socket) throws IOException {
    try (LineClient client = negotiated(socket)) {
      assertEmptyReturn("served", client.ask(command("query-name", "served")));
    }
  }

  @Test
  void routesComeAndGoAndTheOthersAreUndisturbed() throws Exception {
    Files.writeString(config, route(1) + route(2));
    try (RealQemu qemu = qemu();
        HelperProcess helper = HelperProcess.start("--config", config.toString());
        LineClient kept = negotiated(socket(1));
        LineClient dropped = negotiated(socket(2))) {
      assertEmptyReturn("before", dropped.ask(command("query-name", "before")));
      qemu.pause();
      kept.send(command("query-name", "over the reload"));
      SharedQemu.awaitStatus(
          socket(1), "a command in flight", status -> status.path("in-flight").size() == 1);

      Files.writeString(config, route(1) + route(3));
      helper.signal("HUP");
      assertEquals(List.of(), dropped.expectEnd());
      helper.awaitLog("info: reloaded: 1 routes started, 1 ended");
      assertTrue(Files.notExists(socket(2)), "the socket of the route that has gone is there");

      qemu.resume();
      assertEmptyReturn("over the reload", kept.reply());
      assertEmptyReturn("after", kept.ask(command("query-name", "after")));
      assertServes(socket(3));

      Files.writeString(config, route(2) + route(3) + route(1));
      helper.signal("HUP");
      helper.awaitLog("info: reloaded: 1 routes started, 0 ended");
      assertServes(socket(2));
      assertEmptyReturn("at last", kept.ask(command("query-name", "at last")));
    }
  }

  @Test
  void aBrokenFileChangesNothingAndIsLogged() throws Exception {
    Files.writeString(config, route(1));
    try (RealQemu qemu = qemu();
        HelperProcess helper = HelperProcess.start("--config", config.toString());
        LineClient client = negotiated(socket(1))) {
      String[] broken = {
        route(2) + "[[route]\n", route(2) + "colour = 7\n", "verbose = true\n", "",
      };
      for (int i = 0; i < broken.length; i++) {
        Files.writeString(config, broken[i]);
        helper.signal("HUP");
        helper.awaitLog("error: not reloaded: ", i + 1);
        assertEmptyReturn("kept " + i, client.ask(command("query-name", "kept " + i)));
      }
      Files.delete(config);
      helper.signal("HUP");
      helper.awaitLog("error: not reloaded: .*no such file");
      assertServes(socket(1));
      assertTrue(Files.notExists(socket(2)), "half of a broken file was taken");

      Files.writeString(config, route(1) + route(2));
      helper.signal("HUP");
      helper.awaitLog("info: reloaded: 1 routes started");
      assertServes(socket(2));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void aNewRouteThatCannotListenIsLoggedAndTheOthersStart() throws Exception {
    Files.writeString(config, route(1));
    Files.writeString(socket(2), "precious");
    try (RealQemu qemu = qemu();
        HelperProcess helper = HelperProcess.start("--config", config.toString())) {
      // Once it serves, it also listens to signals.
      assertServes(socket(1));
      Files.writeString(config, route(1) + route(2) + route(3));
      helper.signal("HUP");
      helper.awaitLog("error: 2.qmp: cannot listen on .*a file is in the way");
      helper.awaitLog("info: reloaded: 1 routes started");
      assertServes(socket(3));
      assertEquals("precious", Files.readString(socket(2)));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void settingsAndRoutesOfAFileAreThoseOfTheFlags() throws Exception {
    Files.writeString(
        config,
        "verbose = true\nclient-message = \"2k\"\nroute = [\"%s => %s\"]\n"
            .formatted(socket(1), folder.resolve("1.sock")));
    try (RealQemu qemu = qemu();
        HelperProcess helper =
            HelperProcess.start(
                "--config",
                config.toString(),
                "--route",
                socket(2) + " => " + folder.resolve("2.sock"))) {
      helper.awaitLog("shares .* at unix:" + socket(1));
      try (LineClient client = negotiated(socket(1))) {
        String reply = client.ask(command("query-name", "x".repeat(3000)));
        assertTrue(reply.contains("JSON token size limit exceeded"), reply);
        helper.awaitLog("debug: 1.qmp: client 1");
      }
      assertServes(socket(2));

      Files.writeString(config, route(3));
      helper.signal("HUP");
      helper.awaitLog("info: reloaded: 1 routes started, 1 ended");
      assertServes(socket(3));
      // What the command line said still holds.
      assertServes(socket(2));
      assertTrue(qemu.alive());
    }
  }

  /** Something is in flight on the second route, and stays so until QEMU goes on. */
  private void askTooMuch(RealQemu qemu, LineClient slow) throws Exception {
    qemu.pause();
    slow.send(command("query-name", "slow"));
    SharedQemu.awaitStatus(
        socket(2), "a command in flight", status -> status.path("in-flight").size() == 1);
  }

  @Test
  void whatAReloadEndsIsNotCutByTheEndOfAll() throws Exception {
    Files.writeString(config, "drain = \"60s\"\n" + route(1) + route(2));
    try (RealQemu qemu = qemu();
        HelperProcess helper = HelperProcess.start("--config", config.toString())) {
      helper.awaitLog("shares .* at unix:" + socket(2));
      try (LineClient slow = negotiated(socket(2))) {
        askTooMuch(qemu, slow);
        Files.writeString(config, "drain = \"60s\"\n" + route(1));
        helper.signal("HUP");
        Patience.until("the reload to begin", () -> Files.notExists(socket(2)));
        helper.signal("TERM");
        helper.awaitLog("SIGTERM: draining and ending");
        qemu.resume();
        assertEmptyReturn("slow", slow.reply());
        assertEquals(0, helper.awaitExit());
      }
    }
  }

  @Test
  void theLastOfTwoReloadsAtOnceHolds() throws Exception {
    Files.writeString(config, route(1) + route(2));
    try (RealQemu qemu = qemu();
        HelperProcess helper = HelperProcess.start("--config", config.toString())) {
      helper.awaitLog("shares .* at unix:" + socket(2));
      try (LineClient slow = negotiated(socket(2))) {
        askTooMuch(qemu, slow);
        Files.writeString(config, route(1) + route(3));
        helper.signal("HUP");
        // From here on it drains the second route, for QEMU does not answer.
        Patience.until("the first reload to begin", () -> Files.notExists(socket(2)));
        Files.writeString(config, route(1));
        helper.signal("HUP");
        slow.expectEnd();
      }
      helper.awaitLog("info: reloaded: 1 routes started, 1 ended");
      helper.awaitLog("info: reloaded: 0 routes started, 1 ended");
      assertTrue(Files.notExists(socket(3)), "a route stayed that no file names any more");
      qemu.resume();
      assertServes(socket(1));
    }
  }
}
