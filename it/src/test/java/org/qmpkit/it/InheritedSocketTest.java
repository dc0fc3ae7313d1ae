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
    List<String> command = new ArrayList<>(List.of("python3", "-c", ACTIVATE, socket.toString()));
    command.addAll(Program.command("helper", "--listen", listen, "--connect", connect));
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
  void aNameThatIsNotThereIsSaidToBeMissing() throws Exception {
    Program.Outcome outcome = Program.outcome(activated("fd:other", "unix:/nowhere"));
    assertEquals(3, outcome.status(), outcome.err());
    assertTrue(
        outcome.err().contains("cannot listen on fd:other: socket activation gave no such name"),
        outcome.err());
  }
}
