package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(120)
class JsonGeneratorTest {
  private static final long SEED = 20_251_122;
  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .build();
  private static final JsonMapper DIALECT =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
                  .enable(JsonReadFeature.ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER)
                  .build())
          .build();

  @Test
  void bothSpellingsMeanTheSameToJackson() {
    JsonGenerator generator = new JsonGenerator(SEED);
    for (int i = 0; i < 20_000; i++) {
      JsonGenerator.Value value = generator.value();
      String where = generator + ", value " + i + ": " + value;
      assertEquals(STRICT.readTree(value.strict()), DIALECT.readTree(value.wild()), where);
      assertTrue(value.strict().matches("[ -~]*"), where);
      JsonGenerator.Command command = generator.command();
      JsonNode strict = STRICT.readTree(command.strict());
      where = generator + ", command " + i + ": " + command;
      assertEquals(strict, DIALECT.readTree(command.wild()), where);
      assertEquals(
          command.execute(), strict.path(command.oob() ? "exec-oob" : "execute").asString(), where);
      JsonGenerator.Value id = command.id();
      assertEquals(id != null, strict.has("id"), where);
      assertEquals(id == null ? null : STRICT.readTree(id.strict()), strict.get("id"), where);
      assertEquals(command.arguments() != null, strict.has("arguments"), where);
    }
  }

  @Test
  void oneSeedAlwaysGivesTheSame() {
    List<String> first = some(new JsonGenerator(SEED));
    assertEquals(first, some(new JsonGenerator(SEED)));
    assertNotEquals(first, some(new JsonGenerator(SEED + 1)));
    assertEquals("new JsonGenerator(20251122L)", new JsonGenerator(SEED).toString());
  }

  private static List<String> some(JsonGenerator generator) {
    List<String> some = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      byte[] text = generator.command().wild().getBytes(UTF_8);
      some.add(generator.mutant(text).toString());
      generator.chunks(text).forEach(chunk -> some.add(Excerpt.head(chunk)));
    }
    return some;
  }

  @Test
  void coversTheDialect() {
    JsonGenerator generator = new JsonGenerator(SEED);
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 5_000; i++) {
      all.append(generator.value().wild());
    }
    for (String feature :
        List.of(
            "'", "\\'", "\\\"", "\\u", "\\u0000", "\t", "\r", "{}", "[]", "1e-400", "null", "%",
            "é")) {
      assertTrue(all.indexOf(feature) >= 0, feature);
    }
    assertTrue(all.codePoints().anyMatch(c -> c > 0xffff), "no character beyond the BMP");
    assertTrue(all.toString().matches("(?s).*\\\\u[dD][89abAB].*"), "no escaped surrogate");
  }

  @Test
  void theStrictSpellingKeepsTheSpellingOfNumbersAndEscapes() {
    JsonGenerator generator = new JsonGenerator(SEED);
    for (int i = 0; i < 5_000; i++) {
      JsonGenerator.Value value = generator.value();
      String wild = value.wild();
      if (wild.matches("[-+.eE0-9]+")) {
        assertEquals(wild, value.strict());
      }
      if (wild.matches("\"[ -~]*\"") && !wild.contains("\\'")) {
        assertEquals(wild, value.strict());
      }
    }
  }

  @Test
  void whatIsCalledBrokenIsBroken() {
    JsonGenerator generator = new JsonGenerator(SEED);
    int broken = 0;
    for (int i = 0; i < 20_000; i++) {
      JsonGenerator.Value value = generator.object();
      // White space around would only make the mutant's place harder to read.
      Mutant mutant = generator.mutant(value.strict().getBytes(UTF_8));
      if (mutant.broken()) {
        broken++;
        assertThrows(
            JacksonException.class,
            () -> Json.parse(mutant.bytes()),
            () -> generator + ": " + value.strict() + " " + mutant);
      }
    }
    assertTrue(broken > 5_000, broken + " of 20000");
  }

  @Test
  void chunksAreTheWhole() {
    JsonGenerator generator = new JsonGenerator(SEED);
    for (int i = 0; i < 2_000; i++) {
      byte[] whole = generator.command().wild().getBytes(UTF_8);
      ByteArrayOutputStream joined = new ByteArrayOutputStream();
      for (byte[] chunk : generator.chunks(whole)) {
        assertTrue(chunk.length > 0);
        joined.writeBytes(chunk);
      }
      assertArrayEquals(whole, joined.toByteArray());
    }
    assertEquals(List.of(), generator.chunks(new byte[0]));
  }

  @Test
  void aRealQemuTakesThreeHundredWildIds() throws Exception {
    JsonGenerator generator = new JsonGenerator(SEED);
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      for (int i = 0; i < 300; i++) {
        JsonGenerator.Value id = generator.value();
        String reply = client.ask("{'execute':'query-name','id':" + id.wild() + "}");
        String where = generator + ", value " + i + ": " + id + " came back in " + reply;
        JsonNode message = STRICT.readTree(reply);
        assertTrue(message.has("return"), where);
        assertTrue(same(STRICT.readTree(id.strict()), message.path("id")), where);
      }
    }
  }

  @Test
  void aRealQemuAnswersEveryCommandUnderItsId() throws Exception {
    JsonGenerator generator = new JsonGenerator(SEED);
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      for (int i = 0; i < 300; i++) {
        JsonGenerator.Command command = generator.command();
        for (byte[] chunk : generator.chunks(command.wild().getBytes(UTF_8))) {
          client.sendBytes(chunk);
        }
        JsonNode reply = STRICT.readTree(client.reply());
        String where = generator + ", command " + i + ": " + command + " got " + reply;
        JsonGenerator.Value id = command.id();
        assertEquals(id != null, reply.has("id"), where);
        assertTrue(id == null || same(STRICT.readTree(id.strict()), reply.path("id")), where);
      }
    }
  }

  @Test
  void aRealQemuAnswersNoBrokenTextWithSuccess() throws Exception {
    JsonGenerator generator = new JsonGenerator(SEED);
    try (RealQemu qemu = RealQemu.start();
        LineClient client = LineClient.connect(qemu.path())) {
      client.negotiate();
      for (int i = 0; i < 100; i++) {
        String command = "{'execute':'query-name','id':" + generator.value().wild() + "}";
        Mutant mutant = generator.mutant(command.getBytes(UTF_8));
        if (!mutant.broken() || mutant.how().endsWith("at 0")) {
          // What comes before the command gets an error of its own, and the command succeeds.
          continue;
        }
        client.sendBytes(mutant.bytes());
        // 0xFF ends whatever is open; the command after it shows that nothing else is to come.
        client.sendBytes(new byte[] {(byte) 0xff});
        client.send("\n{\"execute\": \"query-version\", \"id\": \"after\"}");
        String reply = client.reply();
        while (!reply.endsWith("\"id\": \"after\"}")) {
          assertTrue(reply.contains("\"error\""), generator + ", " + i + ": " + mutant + reply);
          reply = client.reply();
        }
      }
    }
  }

  /** Whether QEMU may have made {@code actual} of {@code sent}: it respells numbers as doubles. */
  private static boolean same(JsonNode sent, JsonNode actual) {
    if (sent.isNumber()) {
      return actual.isNumber() && sent.asDouble() == actual.asDouble();
    }
    if (!sent.isContainer() || sent.size() != actual.size()) {
      return sent.equals(actual);
    }
    if (sent.isArray()) {
      Iterator<JsonNode> others = actual.iterator();
      return actual.isArray() && sent.valueStream().allMatch(child -> same(child, others.next()));
    }
    return actual.isObject()
        && sent.propertyStream()
            .allMatch(child -> same(child.getValue(), actual.path(child.getKey())));
  }
}
