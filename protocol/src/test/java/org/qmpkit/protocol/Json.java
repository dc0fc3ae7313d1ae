package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Jackson as the judge of what we write: strict, without limits of its own. */
final class Json {
  private static final JsonMapper STRICT =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(10_000)
                          .maxStringLength(64 << 20)
                          .maxNameLength(64 << 20)
                          .maxNumberLength(64 << 20)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /** The one value that a text is. */
  static JsonNode parse(String text) {
    JsonNode node = STRICT.readTree(text);
    assertTrue(node != null && !node.isMissingNode(), "no JSON value: " + text);
    return node;
  }

  /** Whether a text is one value by RFC 8259's grammar, whatever its numbers are worth. */
  static boolean accepts(String text) {
    try (JsonParser parser = STRICT.createParser(text)) {
      int depth = 0;
      int values = 0;
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        values += depth == 0 ? 1 : 0;
        if (token == JsonToken.VALUE_STRING) {
          // Only then are the characters read.
          parser.getString();
        }
      }
      return values == 1;
    } catch (JacksonException refused) {
      return false;
    }
  }

  /** Cuts what was sent into lines, each of which must be ASCII JSON and end in CR LF. */
  static List<String> lines(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    List<String> lines = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int end = text.indexOf('\n', from);
      assertTrue(end > from && text.charAt(end - 1) == '\r', "no line that ends in CR LF");
      String line = text.substring(from, end - 1);
      assertTrue(
          line.chars().allMatch(c -> c >= 0x20 && c < 0x7f), () -> "not plain ASCII: " + line);
      assertTrue(parse(line).isObject(), () -> "no object: " + line);
      lines.add(line);
      from = end + 1;
    }
    return lines;
  }

  /**
   * What matters of an answer or event: "return 7", "GenericError 7", "event STOP"; "-" stands for
   * no id.
   */
  static String gist(String line) {
    JsonNode json = parse(line);
    if (json.has("event")) {
      return "event " + json.get("event").stringValue();
    }
    if (json.has("QMP")) {
      return "greeting";
    }
    String id = json.has("id") ? json.get("id").toString() : "-";
    if (json.has("return")) {
      return "return " + id;
    }
    return json.get("error").get("class").stringValue() + " " + id;
  }

  /** The text of an error. */
  static String desc(String line) {
    return parse(line).get("error").get("desc").stringValue();
  }

  /** That two texts mean the same. */
  static void assertSame(String expected, String actual, String message) {
    assertEquals(parse(expected), parse(actual), message);
  }
}
