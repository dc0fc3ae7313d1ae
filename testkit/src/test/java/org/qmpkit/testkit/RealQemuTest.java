package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.testkit.Messages.assertMentions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RealQemuTest {
  @Test
  void tellsItsVersion() throws Exception {
    String version = RealQemu.version();
    assertTrue(version.matches("\\d+\\.\\d+\\.\\d+"), version);
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      String micro = version.substring(version.lastIndexOf('.') + 1);
      assertTrue(client.greeting().contains("\"micro\": " + micro), version);
    }
  }

  @Test
  void isAnEmptyStoppedMachineUnlessToldOtherwise() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      String status = client.ask("{\"execute\": \"query-status\"}");
      assertTrue(status.contains("\"status\": \"prelaunch\""), status);
    }
    try (RealQemu qemu = RealQemu.start("-M", "pc");
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      String status = client.ask("{\"execute\": \"query-status\"}");
      assertTrue(status.contains("\"status\": \"running\""), status);
    }
  }

  @Test
  @SuppressWarnings("try") // Closing the first while the second runs is what is tested.
  void restartsOnTheSamePathAfterAKill(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("qmp,1.sock");
    try (RealQemu first = RealQemu.startAt(socket)) {
      first.kill();
      assertFalse(first.alive());
      assertTrue(Files.exists(socket), "a killed QEMU leaves its socket file");
      assertThrows(IOException.class, () -> LineClient.connect(socket).close());
      try (RealQemu second = RealQemu.startAt(socket)) {
        assertNotEquals(first.pid(), second.pid());
        first.close();
        try (LineClient client = LineClient.connect(socket)) {
          client.negotiate();
        }
      }
      assertFalse(Files.exists(socket), "the last one deletes the socket file");
    }
  }

  @Test
  void pausedKeepsItsConnectionsAndAnswersAfterResume() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      qemu.pause();
      client.send("{\"execute\": \"query-name\", \"id\": 1}");
      client.silent(Duration.ofMillis(200));
      assertTrue(qemu.alive());
      qemu.resume();
      assertEquals("{\"return\": {}, \"id\": 1}", client.reply());
    }
  }

  @Test
  void endsOfItselfWhenToldToQuit() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      try (LineClient client = LineClient.connect(qemu.path())) {
        client.negotiate();
        assertEquals("{\"return\": {}}", client.ask("{\"execute\": \"quit\"}"));
        assertEquals(1, client.events().size());
        assertTrue(client.events().getFirst().contains("SHUTDOWN"));
        client.expectEnd();
      }
      assertEquals(0, qemu.awaitExit());
    }
  }

  @Test
  void leavesNothingBehind() throws Exception {
    RealQemu qemu = RealQemu.start();
    qemu.close();
    qemu.close();
    assertFalse(Files.exists(qemu.path().getParent()));
    assertFalse(Files.exists(Path.of("/proc/" + qemu.pid())), "not reaped");
  }

  @Test
  void aQemuThatDoesNotStartIsReportedInItsOwnWords() {
    IOException e =
        assertThrows(IOException.class, () -> RealQemu.start("-M", "no-such-machine").close());
    assertMentions(e, "unsupported machine type");
  }
}
