package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** To a client a shared monitor looks as one of its own would. */
@Timeout(300)
class SameAsQemuTest {
  private static final String SCHEMA = command("query-qmp-schema", "schema");

  private final Path folder;

  SameAsQemuTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void greetingAndSchemaAreByteForByteQemus() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"))) {
      String greeting;
      String schema;
      try (LineClient straight = LineClient.connect(qemu.path(), Patience.LIMIT)) {
        greeting = straight.greeting();
        straight.negotiate();
        schema = straight.ask(SCHEMA);
      }
      Path socket = folder.resolve("shared.qmp");
      try (HelperProcess helper = HelperProcess.sharing(socket, qemu.path());
          LineClient through = LineClient.connect(socket, Patience.LIMIT)) {
        assertEquals(greeting, through.greeting());
        through.negotiate();
        assertEquals(schema, through.ask(SCHEMA));
        assertTrue(schema.length() > 100_000, () -> schema.length() + " bytes of schema");
        assertTrue(helper.alive());
      }
    }
  }

  @Test
  void everyMessageIsOneLineThoughQemuWritesMany() throws Exception {
    Path pretty = folder.resolve("pretty.sock");
    Path socket = folder.resolve("lines.qmp");
    try (SharedQemu plain =
            SharedQemu.start(
                folder,
                "-chardev",
                "socket,id=pretty,path=" + pretty + ",server=on,wait=off",
                "-mon",
                "chardev=pretty,mode=control,pretty=on");
        HelperProcess helper = HelperProcess.sharing(socket, pretty);
        LineClient a = plain.client();
        LineClient b = LineClient.connect(socket, Patience.LIMIT)) {
      // The client demands one printable ASCII line, ended by CR LF, of every message.
      try (LineClient c = plain.connect()) {
        assertEquals(c.greeting(), b.greeting());
      }
      b.negotiate();
      assertEquals(a.ask(SCHEMA), b.ask(SCHEMA));
      assertEmptyReturn("cont", b.ask(command("cont", "cont")));
      assertEquals(1, b.events().size());
      assertEquals(a.event("RESUME"), b.events().getFirst());
      assertTrue(helper.alive());
    }
  }

  @Test
  void allIsAnsweredToOneWhoEndedItsInput() throws Exception {
    // printf ... | nc -N -U shared.qmp
    StringBuilder input = new StringBuilder("{\"execute\": \"qmp_capabilities\"}\n");
    List<String> expected = new ArrayList<>(List.of("{\"return\": {}}"));
    for (int i = 0; i < 100; i++) {
      input.append(command("query-name", "name " + i));
      expected.add("{\"return\": {}, \"id\": \"name " + i + "\"}");
    }
    input.append("{\"execute\": \"query-qmp-schema\"}");
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.connect()) {
      client.send(input.toString());
      client.halfClose();
      List<String> lines = client.expectEnd();
      assertTrue(lines.getFirst().startsWith("{\"QMP\": "), lines::getFirst);
      assertEquals(expected, lines.subList(1, lines.size() - 1));
      assertTrue(lines.getLast().length() > 100_000, "the schema is missing");
    }
  }

  @Test
  void whatWasNotFinishedAtTheEndOfInputIsNoCommand() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      client.send(command("query-name", "whole") + "{\"execute\": \"quit\"");
      client.halfClose();
      List<String> lines = client.expectEnd();
      assertEquals(1, lines.size(), lines::toString);
      assertEmptyReturn("whole", lines.getFirst());
      assertTrue(shared.qemu().alive());
    }
  }

  @Test
  void eventsReachAllWhoNegotiatedAndNobodyElse() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient a = shared.client();
        LineClient b = shared.client();
        LineClient late = shared.connect()) {
      late.greeting();
      assertEmptyReturn("1", a.ask(command("cont", "1")));
      assertEmptyReturn("2", b.ask(command("stop", "2")));
      assertEquals(List.of("RESUME"), names(a.events()));
      assertEquals(List.of("RESUME", "STOP"), names(b.events()));
      assertEquals(b.events().getLast(), a.event("STOP"));
      // Had any come to the one that had not negotiated, it would be seen before these.
      late.negotiate();
      assertEmptyReturn("3", late.ask(command("cont", "3")));
      assertEquals(List.of("RESUME"), names(late.events()));
    }
  }

  private static List<String> names(List<String> events) throws IOException {
    return events.stream().map(each -> Messages.parse(each).path("event").asString("")).toList();
  }
}
