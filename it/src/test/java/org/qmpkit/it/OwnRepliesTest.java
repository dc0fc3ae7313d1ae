package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.assertError;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** Every reply goes to whoever asked, and to nobody else. */
@Timeout(300)
class OwnRepliesTest {
  private static final int ROUNDS = 60;

  private final Path folder;

  OwnRepliesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void twoClientsMayUseTheSameIds() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient a = shared.client();
        LineClient b = shared.client()) {
      for (int id = 0; id < 200; id++) {
        a.send("{\"execute\": \"query-status\", \"id\": " + id + "}");
        b.send("{\"execute\": \"query-version\", \"id\": " + id + "}");
        String status = a.reply();
        String version = b.reply();
        assertTrue(status.contains("\"running\": false"), status);
        assertTrue(status.endsWith(", \"id\": " + id + "}"), status);
        assertTrue(version.contains("\"package\""), version);
        assertTrue(version.endsWith(", \"id\": " + id + "}"), version);
      }
    }
  }

  @Test
  void sixtyFourClientsWithTwoHundredCommandsEachGetTheirOwn() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int number = 0; number < 64; number++) {
        String name = "client-" + number;
        // Negotiated one by one: of more than 32 that have not, the helper cuts the oldest.
        LineClient client = shared.client();
        all.add(clients.submit(() -> askTwoHundred(client, name)));
      }
      for (Future<?> each : all) {
        each.get();
      }
      assertEquals(0, SharedQemu.status(shared.socket()).path("dropped").asInt(-1));
    }
  }

  /**
   * Asks for commands that don't exist: QEMU names them in its answer, so the answer has its owner.
   */
  private static Void askTwoHundred(LineClient open, String name) throws IOException {
    try (LineClient client = open) {
      for (int batch = 0; batch < 200; batch += 10) {
        StringBuilder commands = new StringBuilder();
        for (int i = batch; i < batch + 10; i++) {
          commands.append(command(name + "-command-" + i, name + "-id-" + i));
        }
        client.send(commands.toString());
        for (int i = batch; i < batch + 10; i++) {
          String desc = assertError("CommandNotFound", name + "-id-" + i, client.reply());
          assertTrue(desc.contains(name + "-command-" + i + " "), desc);
        }
      }
    }
    return null;
  }

  @Test
  void aReplyToOneWhoHasLeftReachesNobodyElse() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient neighbour = shared.client()) {
      for (int round = 0; round < ROUNDS; round++) {
        askForTheSchemaAndLeave(shared.socket(), round);
        try (LineClient next = shared.client()) {
          assertEmptyReturn("mine", next.ask(command("query-name", "mine")));
        }
        assertEmptyReturn("still here", neighbour.ask(command("query-name", "still here")));
      }
    }
  }

  @Test
  void whileQemuItselfGivesItToTheNextClient() throws Exception {
    // What the helper is for. Without this, the test above might pass for want of anything to see.
    try (RealQemu qemu = RealQemu.start()) {
      int leaks = 0;
      for (int round = 0; round < 20 * ROUNDS && leaks == 0; round++) {
        askForTheSchemaAndLeave(qemu.path(), round);
        try (LineClient next = LineClient.connect(qemu.path(), Patience.LIMIT)) {
          next.greeting();
          String reply = next.ask("{\"execute\": \"qmp_capabilities\", \"id\": \"mine\"}");
          if (!reply.equals("{\"return\": {}, \"id\": \"mine\"}")) {
            assertTrue(reply.contains("foreign-"), reply);
            leaks++;
          }
        }
      }
      assertTrue(leaks > 0, "QEMU kept its replies to itself in " + 20 * ROUNDS + " rounds");
    }
  }

  private static void askForTheSchemaAndLeave(Path socket, int round) throws IOException {
    try (LineClient leaving = SharedQemu.negotiated(socket)) {
      leaving.send(command("query-qmp-schema", "foreign-" + round));
    }
  }
}
