package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertError;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** Who subscribes may come back, and is told what happened meanwhile. */
@Timeout(300)
class SubscribeTest {
  private final Path folder;

  SubscribeTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static JsonNode subscribe(LineClient client, String arguments) throws IOException {
    String line =
        client.ask(
            "{\"execute\": \"__org.qmpkit_subscribe\", \"arguments\": {" + arguments + "}}\r\n");
    return Messages.parse(line).path("return");
  }

  private static String since(String cursor) {
    return "\"since\": \"" + cursor + "\"";
  }

  /** Has QEMU do something that it tells of before it answers; gives the event. */
  private static String happens(LineClient client, String command, String event)
      throws IOException {
    client.send(command(command, "x"));
    String line = client.event(event);
    client.reply();
    return line;
  }

  private static String cursor(String event) {
    return Messages.parse(event).path("__org.qmpkit_cursor").asString("");
  }

  @Test
  void whatHappenedMeanwhileIsReplayedOnce() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient plain = shared.client()) {
      String seen;
      try (LineClient client = shared.client()) {
        assertFalse(subscribe(client, "").path("lost").asBoolean(true));
        seen = cursor(happens(client, "cont", "RESUME"));
      }
      plain.event("RESUME");
      assertEquals("", cursor(happens(plain, "stop", "STOP")), "the others see nothing of it");
      happens(plain, "cont", "RESUME");
      try (LineClient again = shared.client()) {
        JsonNode answer = subscribe(again, since(seen));
        assertEquals(2, answer.path("replayed").asInt());
        again.event("STOP");
        String last = again.event("RESUME");
        assertEquals(answer.path("cursor").asString(), cursor(last));
        subscribe(again, "\"events\": [\"STO*\"]");
        happens(plain, "stop", "STOP");
        happens(plain, "cont", "RESUME");
        again.event("STOP");
        again.ask(command("query-name", "none"));
        assertEquals(List.of(), again.events());
      }
    }
  }

  @Test
  void aQemuThatWasLostAndAHelperThatWasAreGapsThatAreTold() throws Exception {
    Path monitor = folder.resolve("monitor.sock");
    Path socket = folder.resolve("shared.qmp");
    String[] second = {"-qmp", "unix:" + monitor + ",server=on,wait=off"};
    String seen;
    try (HelperProcess helper = HelperProcess.sharing(socket, monitor)) {
      try (RealQemu qemu = RealQemu.start(second);
          LineClient client = negotiated(socket)) {
        subscribe(client, "");
        seen = cursor(happens(client, "cont", "RESUME"));
        happens(client, "stop", "STOP");
        qemu.kill();
        assertEquals(List.of(), client.expectEnd());
      }
      try (RealQemu qemu = RealQemu.start(second);
          LineClient client = negotiated(socket)) {
        JsonNode answer = subscribe(client, since(seen));
        assertEquals(2, answer.path("replayed").asInt());
        assertTrue(answer.path("lost").asBoolean());
        client.event("STOP");
        String lost = client.event("__ORG.QMPKIT_LOST");
        assertTrue(Messages.parse(lost).path("data").path("reason").asString("").contains("QEMU"));
        seen = cursor(lost);
        assertTrue(qemu.alive());
      }
      helper.kill();
    }
    try (RealQemu qemu = RealQemu.start(second);
        HelperProcess helper = HelperProcess.sharing(socket, monitor);
        LineClient client = negotiated(socket)) {
      assertTrue(subscribe(client, since(seen)).path("lost").asBoolean());
      client.event("__ORG.QMPKIT_LOST");
      String garbage =
          client.ask(
              "{\"execute\": \"__org.qmpkit_subscribe\", \"arguments\": {\"since\": \"7\"}, \"id\":"
                  + " \"x\"}\r\n");
      assertTrue(assertError("GenericError", "x", garbage).contains("expects a cursor"), garbage);
      assertTrue(qemu.alive());
      assertTrue(helper.alive());
    }
  }
}
