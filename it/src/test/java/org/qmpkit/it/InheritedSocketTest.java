package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** Sockets that the helper is started with, as systemd does it, or who starts it by hand. */
@Timeout(300)
class InheritedSocketTest {
  private static final String NOT_RELOADED =
      "error: not reloaded: a route that ends, or has ended, had the socket of fd:qmp,"
          + " which can be used once; restart this process";

  /** Binds a socket as descriptor 3, says whose it is as systemd does, and becomes the helper. */
  private static final String ACTIVATE =
      """
      import os, socket, sys
      s = socket.socket(socket.AF_UNIX)
      s.bind(sys.argv[1])
      s.listen(5)
      if s.fileno() != 3:
          os.dup2(s.fileno(), 3)
      os.set_inheritable(3, True)
      os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="qmp")
      os.execvp(sys.argv[2], sys.argv[2:])
      """;

  private final Path socket;

  InheritedSocketTest(@TempDir Path folder) {
    this.socket = folder.resolve("activated.qmp");
  }

  private ProcessBuilder activated(String listen, String connect) {
    return activated(List.of("--listen", listen, "--connect", connect));
  }

  private ProcessBuilder activated(List<String> flags) {
    List<String> arguments = new ArrayList<>(List.of("helper"));
    arguments.addAll(flags);
    List<String> command = new ArrayList<>(List.of("python3", "-c", ACTIVATE, socket.toString()));
    command.addAll(Program.command(arguments.toArray(String[]::new)));
    return new ProcessBuilder(command);
  }

  @Test
  void theHelperListensOnIt() throws Exception {
    for (String address : List.of("fd:3", "fd:qmp,fds=on")) {
      try (RealQemu qemu = RealQemu.start();
          HelperProcess helper = HelperProcess.started(activated(address, "unix:" + qemu.path()))) {
        helper.awaitLog("shares unix:\\S+ at " + address);
        try (LineClient client = SharedQemu.negotiated(socket)) {
          assertEmptyReturn("1", client.ask(command("query-name", "1")));
        }
        helper.signal("TERM");
        assertEquals(0, helper.awaitExit());
        assertTrue(Files.exists(socket), "the file is of who made it");
        Files.delete(socket);
      }
    }
  }

  @Test
  void aReloadThatWouldLoseItChangesNothing() throws Exception {
    Path config = socket.resolveSibling("helper.toml");
    try (RealQemu qemu = RealQemu.start()) {
      Files.writeString(config, "route = \"fd:qmp => unix:" + qemu.path() + "\"\n");
      try (HelperProcess helper =
          HelperProcess.started(activated(List.of("--config", config.toString())))) {
        helper.awaitLog("shares unix:\\S+ at fd:qmp");
        try (LineClient client = SharedQemu.negotiated(socket)) {
          Files.writeString(
              config,
              "quiet = true\nroute = [\"fd:qmp => unix:/elsewhere\", \"unix:%s => unix:%s\"]\n"
                  .formatted(socket.resolveSibling("more"), qemu.path()));
          helper.signal("HUP");
          helper.awaitLog(NOT_RELOADED);
          assertEmptyReturn("1", client.ask(command("query-name", "1")));
        }
        SharedQemu.negotiated(socket).close();
        assertTrue(Files.notExists(socket.resolveSibling("more")), "half of it was done");
        assertItDoesNotComeBack(helper, config);
      }
    }
  }

  private void assertItDoesNotComeBack(HelperProcess helper, Path config) throws Exception {
    String had = Files.readString(config).replace("quiet = true", "");
    Files.writeString(config, had.replace("\"fd:qmp => unix:/elsewhere\", ", ""));
    helper.signal("HUP");
    helper.awaitLog("reloaded: 1 routes started, 1 ended");
    Files.writeString(config, had);
    helper.signal("HUP");
    helper.awaitLog(NOT_RELOADED, 2);
  }

  @Test
  void aNameThatIsNotThereIsSaidToBeMissing() throws Exception {
    Program.Outcome outcome = Program.outcome(activated("fd:other", "unix:/nowhere"));
    assertEquals(3, outcome.status(), outcome.err());
    assertTrue(
        outcome.err().contains("cannot listen on fd:other: socket activation gave no such name"),
        outcome.err());
  }
}
