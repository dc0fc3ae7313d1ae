package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/**
 * A client that sends nonsense gets of the helper what a QEMU of its own would say: the same error
 * classes under the same ids, as many, in the same places. Its neighbour notices nothing.
 */
@Timeout(300)
class MalformedInputTest {
  private static final String LAST = command("query-name", "last");

  private static SharedQemu shared;
  private static RealQemu own;
  private static LineClient neighbour;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    shared = SharedQemu.start(folder);
    own = RealQemu.start();
    neighbour = shared.client();
  }

  @AfterAll
  @SuppressWarnings("try") // Closing is all that is done.
  static void end() throws IOException {
    try (SharedQemu first = shared;
        RealQemu second = own;
        LineClient third = neighbour) {
      // Each is closed, whatever becomes of the others.
    }
  }

  @ParameterizedTest
  @MethodSource("org.qmpkit.it.MalformedInput#all")
  void isAnsweredAsQemuDoes(MalformedInput.Input input) throws Exception {
    List<String> expected = negotiated(own.path(), input);
    assertEquals(expected, negotiated(shared.socket(), input));
    assertEmptyReturn("well", neighbour.ask(command("query-name", "well")));
  }

  @ParameterizedTest
  @MethodSource("org.qmpkit.it.MalformedInput#withOob")
  void isAnsweredAsQemuDoesWithOob(MalformedInput.Input input) throws Exception {
    List<String> expected = negotiated(own.path(), input, "oob");
    assertEquals(expected, negotiated(shared.socket(), input, "oob"));
    assertEmptyReturn("well", neighbour.ask(command("query-name", "well")));
  }

  @ParameterizedTest
  @MethodSource("org.qmpkit.it.MalformedInput#unnegotiated")
  void isAnsweredAsQemuDoesBeforeNegotiation(MalformedInput.Input input) throws Exception {
    assertEquals(greeted(own.path(), input), greeted(shared.socket(), input));
    assertEmptyReturn("well", neighbour.ask(command("query-name", "well")));
  }

  private static List<String> negotiated(
      Path socket, MalformedInput.Input input, String... capabilities) throws IOException {
    try (LineClient client = SharedQemu.negotiated(socket, capabilities)) {
      return answers(client, input);
    }
  }

  private static List<String> greeted(Path socket, MalformedInput.Input input) throws IOException {
    try (LineClient client = LineClient.connect(socket, Patience.LIMIT)) {
      client.greeting();
      return answers(client, input);
    }
  }

  /** The answers to an input and to a good command after it, each as its class and its id. */
  private static List<String> answers(LineClient client, MalformedInput.Input input)
      throws IOException {
    client.sendBytes(input.bytes().getBytes(StandardCharsets.ISO_8859_1));
    client.send(LAST);
    List<String> answers = new ArrayList<>();
    String id;
    do {
      JsonNode message = Messages.parse(client.reply());
      JsonNode errorClass = message.path("error").path("class");
      id = message.has("id") ? message.path("id").toString() : "none";
      answers.add((errorClass.isString() ? errorClass.stringValue() : "return") + " id " + id);
    } while (!id.equals("\"last\""));
    return answers;
  }

  @Test
  void nestingBeyondTheLimitIsAnsweredOnceAndSkipped() throws Exception {
    // QEMU takes the rest for new messages, and answers with dozens of errors.
    try (LineClient client = shared.client()) {
      client.send("[".repeat(1100) + "]".repeat(1100) + LAST);
      assertLimit("nesting depth", client.reply());
      assertEmptyReturn("last", client.reply());
    }
  }

  @Test
  void aLongMessageIsAnsweredOnceAndSkipped() throws Exception {
    String longest = "{\"execute\": \"query-name\", \"id\": \"" + "x".repeat(96 << 20) + "\"}";
    try (LineClient client = shared.client()) {
      long before = shared.helper().rss();
      client.send(longest + LAST);
      assertLimit("token size", client.reply());
      assertEmptyReturn("last", client.reply());
      long grown = shared.helper().rss() - before;
      assertTrue(grown < 80 << 20, () -> "the helper grew by " + grown + " bytes");
    }
    assertEmptyReturn("well", neighbour.ask(command("query-name", "well")));
  }

  private static void assertLimit(String which, String line) {
    assertEquals(
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON "
            + which
            + " limit exceeded\"}}",
        line);
  }

  @Test
  void aMessageInManyPiecesIsOneMessage() throws Exception {
    try (LineClient client = shared.client()) {
      String whole = "{\"execute\": \"query-name\", \"id\": \"pieces\"}";
      for (int i = 0; i < whole.length(); i++) {
        client.send(whole.substring(i, i + 1));
      }
      // It ends at its bracket: no line end was sent.
      assertEmptyReturn("pieces", client.reply());
    }
  }
}
