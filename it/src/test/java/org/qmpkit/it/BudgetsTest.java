package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.assertError;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** Limits that an operator sets: of time, of size, of log. */
@Timeout(300)
class BudgetsTest {
  private final Path folder;
  private final Path socket;

  BudgetsTest(@TempDir Path folder) {
    this.folder = folder;
    this.socket = folder.resolve("shared.qmp");
  }

  @Test
  void aStoppedQemuHoldsNobodyPastTheTimeOfItsCommand() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"));
        HelperProcess helper =
            HelperProcess.sharing(
                socket, qemu.path(), "--command-timeout", "300ms,query-status=none");
        LineClient client = negotiated(socket);
        LineClient patient = negotiated(socket)) {
      qemu.pause();
      patient.send(command("query-status", "patient"));
      for (String id : List.of("1", "2", "3")) {
        String desc = assertError("GenericError", id, client.ask(command("query-name", id)));
        assertTrue(desc.startsWith("qmpkit: timed out: query-name has no answer for "), desc);
      }
      qemu.resume();
      assertTrue(patient.reply().endsWith(", \"id\": \"patient\"}"));
      SharedQemu.awaitStatus(
          socket,
          "late answers that were dropped",
          status -> status.path("dropped").asInt() == 3 && status.path("in-flight").isEmpty());
      assertTrue(helper.alive());
    }
  }

  @Test
  void anAnswerThatIsTooLongForItsClientIsAnErrorInItsPlace() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"));
        HelperProcess helper = HelperProcess.sharing(socket, qemu.path(), "--reply", "64k");
        LineClient client = negotiated(socket)) {
      client.send(command("query-qmp-schema", "long") + command("query-name", "short"));
      String desc = assertError("GenericError", "long", client.reply());
      assertTrue(desc.startsWith("qmpkit: refused: the answer to 'query-qmp-schema' has 20"), desc);
      assertEmptyReturn("short", client.reply());
      assertTrue(helper.alive());
    }
  }

  @Test
  void aQemuThatBreaksTheProtocolAgainAndAgainDoesNotFillTheLog() throws Exception {
    Path path = folder.resolve("hostile.sock");
    AtomicInteger calls = new AtomicInteger();
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path), 8);
      Thread.ofPlatform().daemon().start(() -> breakEveryCall(server, calls));
      try (HelperProcess helper = HelperProcess.sharing(socket, path, "--retry", "1ms")) {
        Patience.until("a thousand broken sessions", () -> calls.get() >= 1000);
        assertTrue(helper.log().size() <= 200, () -> String.join("\n", helper.log()));
        assertEquals(List.of(), helper.log("\\p{Cntrl}"));
        SharedQemu.awaitStatus(
            socket,
            "the reason",
            status -> status.path("reason").asString("").contains("broke the protocol"));
      }
    }
  }

  private static void breakEveryCall(ServerSocketChannel server, AtomicInteger calls) {
    byte[] text = (FakeQemu.GREETING + "\r\n\u0007\u001b[2J}").getBytes(StandardCharsets.US_ASCII);
    while (server.isOpen()) {
      try (SocketChannel call = server.accept()) {
        call.write(ByteBuffer.wrap(text));
        call.read(ByteBuffer.allocate(1 << 16));
        calls.incrementAndGet();
      } catch (IOException e) {
        // This call is over, or the test is.
      }
    }
  }
}
