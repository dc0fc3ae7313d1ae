package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.assertError;
import static org.qmpkit.it.Messages.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;

/** Out-of-band execution is for clients that enabled it, and overtakes for them. */
@Timeout(300)
class OutOfBandTest {
  private static final String URGENT = "{\"exec-oob\": \"query-yank\", \"id\": \"urgent\"}";

  private final Path folder;

  OutOfBandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void overtakesWhatIsBeforeIt() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client("oob")) {
      shared.qemu().pause();
      client.send(command("query-qmp-schema", "slow").repeat(20));
      shared.awaitInFlight(7);
      client.send(URGENT);
      shared.awaitInFlight(8);
      shared.qemu().resume();
      List<String> order = new ArrayList<>();
      for (int i = 0; i < 21; i++) {
        order.add(client.reply().endsWith(", \"id\": \"urgent\"}") ? "urgent" : "slow");
      }
      // QEMU has read it before the eighth of the others was sent; had it been given all of them,
      // its queue would be full and it would read no further.
      assertTrue(order.indexOf("urgent") <= 7, order::toString);
      assertEquals(20, order.stream().filter("slow"::equals).count());
    }
  }

  @Test
  void isAnsweredWhileAnothersCommandsFillTheQueue() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient busy = shared.client();
        LineClient client = shared.client("oob")) {
      busy.send(command("query-qmp-schema", "slow").repeat(40));
      assertTrue(busy.reply().endsWith(", \"id\": \"slow\"}"));
      assertAnswered(client.ask(URGENT));
      int open = 0;
      for (var each : SharedQemu.status(shared.socket()).path("in-flight")) {
        assertEquals("query-qmp-schema", each.path("command").asString(""));
        open++;
      }
      assertTrue(open > 0, "all was done before, so nothing was overtaken");
    }
  }

  @Test
  void isRefusedToAClientThatDidNotEnableIt() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient enabled = shared.client("oob");
        LineClient plain = shared.client()) {
      assertAnswered(enabled.ask(URGENT));
      String desc = assertError("GenericError", "urgent", plain.ask(URGENT));
      assertEquals("QMP input member 'exec-oob' is unexpected", desc);
    }
  }

  @Test
  void qemuItselfRefusesWhatCannotRunSo() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client("oob")) {
      String reply = client.ask("{\"exec-oob\": \"query-name\", \"id\": \"no\"}");
      assertTrue(assertError("GenericError", "no", reply).contains("does not support OOB"), reply);
      assertEmptyReturn("yes", client.ask(command("query-name", "yes")));
    }
  }

  private static void assertAnswered(String line) {
    assertTrue(line.startsWith("{\"return\": ["), line);
    assertTrue(line.endsWith(", \"id\": \"urgent\"}"), line);
  }
}
