package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;

/** Those who leave while QEMU hangs are found out, though nothing is to be written to them. */
@Timeout(300)
class DepartedClientTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void placesOfTheDepartedAreNamedToWhoComesNext() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient next = shared.client()) {
      shared.qemu().pause();
      for (int i = 0; i < 7; i++) {
        try (LineClient departed = shared.client()) {
          departed.send(command("query-block", "" + i));
          shared.awaitInFlight(i + 1);
        }
      }
      shared.awaitStatus(
          "nobody but the asking one and the next", status -> status.path("clients").asInt() == 2);
      next.send(command("query-name", "mine"));
      String answer = next.reply();
      assertTrue(answer.contains("qmpkit: busy: query-block since "), answer);
      assertTrue(answer.contains("\"mine\""), answer);
      shared.qemu().resume();
      shared.awaitInFlight(0);
      assertEquals("{\"return\": {}, \"id\": \"again\"}", next.ask(command("query-name", "again")));
    }
  }

  @Test
  void whoOnlyEndedItsInputStillGetsItsAnswer() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient patient = shared.client()) {
      shared.qemu().pause();
      patient.send(command("query-name", "late"));
      patient.halfClose();
      try (LineClient departed = shared.client()) {
        departed.send(command("query-block", "gone"));
        shared.awaitInFlight(2);
      }
      // Once the departed one is found out, the patient one was probed as well.
      shared.awaitStatus(
          "nobody but the asking and the patient one",
          status -> status.path("clients").asInt() == 2);
      shared.qemu().resume();
      assertEquals("{\"return\": {}, \"id\": \"late\"}", patient.reply().strip());
    }
  }
}
