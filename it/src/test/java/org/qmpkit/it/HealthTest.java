package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** {@code qmp health}: each state, with its exit status and what a script reads of it. */
@Timeout(300)
class HealthTest {
  private final Path folder;

  HealthTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /**
   * What health says of a socket, one JSON object for want of a terminal; checks all of its form.
   */
  private static JsonNode assertHealth(
      int status, String state, String via, Path socket, String... flags) {
    String[] arguments = new String[flags.length + 2];
    arguments[0] = "health";
    arguments[1] = "unix:" + socket;
    System.arraycopy(flags, 0, arguments, 2, flags.length);
    Program.Outcome outcome = Program.run(arguments);
    assertEquals(status, outcome.status(), outcome::toString);
    assertEquals("", outcome.err());
    assertEquals(1, outcome.out().lines().count(), outcome.out());
    JsonNode health = Messages.parse(outcome.out());
    assertEquals("unix:" + socket, health.path("address").asString(""), outcome.out());
    assertEquals(state, health.path("state").asString(""), outcome.out());
    assertEquals(via, health.path("via").asString(""), outcome.out());
    assertTrue(!health.path("reason").asString("").isBlank(), outcome.out());
    assertEquals(via.equals("helper"), health.path("helper").isObject(), outcome.out());
    return health;
  }

  private static void assertReason(String part, JsonNode health) {
    assertTrue(health.path("reason").asString("").contains(part), health::toString);
  }

  @Test
  void connectedThroughAHelper() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      JsonNode health = assertHealth(0, "connected", "helper", shared.socket());
      assertReason("QEMU " + RealQemu.version(), health);
      assertReason("clients, this one included: 2", health);
      assertEquals(2, health.path("helper").path("clients").asInt());
      // To the client nothing has happened.
      assertTrue(client.ask(command("query-name", "quiet")).contains("\"quiet\""));
      assertTrue(client.events().isEmpty());
    }
  }

  @Test
  void connectedToQemuItself() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      JsonNode health = assertHealth(0, "connected", "qemu", qemu.path());
      assertReason("QEMU " + RealQemu.version() + " itself", health);
      assertReason("qmp helper --listen", health);
    }
  }

  @Test
  void busyWithACommandThroughAHelper() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      shared.qemu().pause();
      client.send(command("query-block", "slow"));
      shared.awaitStatus(
          "a command that takes its time",
          status -> status.path("state").asString("").equals("busy"));
      JsonNode health = assertHealth(4, "busy", "helper", shared.socket());
      assertReason("query-block since ", health);
      assertReason(" for client 1", health);
      JsonNode command = health.path("helper").path("in-flight").path(0);
      assertEquals("query-block", command.path("command").asString(""), health::toString);
      assertTrue(command.path("seconds").asDouble(0) >= 5, health::toString);
      shared.qemu().resume();
      assertTrue(client.reply().contains("\"slow\""));
      assertHealth(0, "connected", "helper", shared.socket());
    }
  }

  @Test
  void busyWithAnotherClient() throws Exception {
    Path socket = folder.resolve("shared.qmp");
    try (RealQemu qemu = RealQemu.start();
        LineClient holder = negotiated(qemu.path())) {
      JsonNode health = assertHealth(4, "busy", "qemu", qemu.path(), "--timeout", "1s");
      assertReason("another client probably holds the monitor, or QEMU stands still", health);
      try (HelperProcess helper = HelperProcess.sharing(socket, qemu.path())) {
        SharedQemu.awaitStatus(
            socket, "busy", status -> status.path("state").asString("").equals("busy"));
        assertReason("no greeting for ", assertHealth(4, "busy", "helper", socket));
        assertTrue(helper.alive());
      }
      assertTrue(holder.ask(command("query-name", "held")).contains("\"held\""));
    }
  }

  @Test
  void busyBecauseQemuIsStopped() throws Exception {
    try (RealQemu qemu = RealQemu.start()) {
      qemu.pause();
      assertHealth(4, "busy", "qemu", qemu.path(), "--timeout", "1s");
      qemu.resume();
      assertHealth(0, "connected", "qemu", qemu.path());
    }
  }

  @Test
  void goneForWantOfAnybody() throws Exception {
    Path socket = folder.resolve("nobody.sock");
    assertReason("there is no such file", assertHealth(3, "gone", "nobody", socket));
    try (RealQemu qemu = RealQemu.startAt(socket)) {
      qemu.kill();
      assertReason("nobody listens there", assertHealth(3, "gone", "nobody", socket));
    }
    Files.writeString(folder.resolve("file"), "precious");
    assertReason("it is not a socket", assertHealth(3, "gone", "nobody", folder.resolve("file")));
  }

  @Test
  void goneBehindAHelper() throws Exception {
    Path socket = folder.resolve("shared.qmp");
    Path monitor = folder.resolve("monitor.sock");
    try (HelperProcess helper = HelperProcess.sharing(socket, monitor)) {
      SharedQemu.awaitStatus(
          socket, "gone", status -> status.path("state").asString("").equals("gone"));
      assertReason(monitor.toString(), assertHealth(3, "gone", "helper", socket));
      // Who wants to use it hears the same, and not of another client.
      Program.Outcome outcome = Program.run("exec", socket.toString(), "query-status");
      assertEquals(3, outcome.status(), outcome::toString);
      assertTrue(
          outcome.err().contains("a helper listens there; its QEMU is gone: "), outcome.err());
      assertTrue(outcome.err().contains(monitor.toString()), outcome.err());
      assertTrue(helper.alive());
    }
  }

  @Test
  void brokenWhereSomethingElseAnswers() throws Exception {
    Path socket = folder.resolve("http.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      CompletableFuture<Void> answered = CompletableFuture.runAsync(() -> answerOnce(server));
      assertHealth(6, "broken", "nobody", socket);
      answered.join();
    }
  }

  private static void answerOnce(ServerSocketChannel server) {
    try (SocketChannel client = server.accept()) {
      byte[] answer = "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      client.write(ByteBuffer.wrap(answer));
      client.read(ByteBuffer.allocate(4096));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void isASentenceForPeople() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder)) {
      Program.Outcome outcome =
          Program.run("health", shared.socket().toString(), "--output", "text");
      assertEquals(0, outcome.status(), outcome::toString);
      assertTrue(outcome.out().startsWith("connected: QEMU 7."), outcome.out());
      assertEquals(1, outcome.out().lines().count(), outcome.out());
    }
  }
}
