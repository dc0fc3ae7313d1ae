package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What comes of one message in QEMU's input: whether it is run as a command or refused for what it
 * looks like, and under which id it is answered.
 *
 * @param id what the id means; missing if there is none, null where the answer is no JSON
 */
record Verdict(boolean run, @Nullable JsonNode id) {
  private static final JsonNode NONE = JsonNodeFactory.instance.missingNode();

  /** Far less than in use, so that QEMU needs no ten seconds to read what is past it. */
  private static final int LIMIT = 64 * 1024;

  /** The messages that our scanner finds in these bytes. */
  static List<Scanned> scan(List<byte[]> chunks) {
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, LIMIT);
    List<Scanned> messages = new ArrayList<>();
    for (byte[] chunk : chunks) {
      ByteBuffer in = ByteBuffer.wrap(chunk);
      for (Scanned each = scanner.next(in); each != null; each = scanner.next(in)) {
        messages.add(each);
      }
    }
    return messages;
  }

  /** What we make of a message. */
  static Verdict ours(Scanned scanned) {
    return switch (scanned) {
      case Malformed malformed -> new Verdict(false, NONE);
      case Document document -> {
        String id = CommandSyntax.id(document);
        boolean run = CommandSyntax.objection(document, false) == null;
        yield new Verdict(run, id == null ? NONE : meaning(Json.parse(id)));
      }
    };
  }

  /** What an answer of QEMU tells. */
  static Verdict qemus(String line) {
    boolean refused =
        line.contains("\"desc\": \"JSON parse error")
            || line.contains("\"desc\": \"JSON token")
            || line.contains("\"desc\": \"JSON nesting")
            || line.contains("\"desc\": \"JSON message")
            || line.contains("\"desc\": \"Invalid JSON syntax")
            || line.contains("\"desc\": \"QMP input");
    try {
      JsonNode id = Json.parse(line).get("id");
      return new Verdict(!refused, id == null ? NONE : meaning(id));
    } catch (JacksonException e) {
      // It writes numbers that are too big as inf.
      return new Verdict(!refused, null);
    }
  }

  /** A value as QEMU understands it: every number is a double, the members are in no order. */
  private static JsonNode meaning(JsonNode node) {
    if (node.isNumber()) {
      double value = node.doubleValue();
      return JsonNodeFactory.instance.numberNode(value == 0 ? 0 : value);
    }
    if (node.isArray()) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      node.forEach(each -> array.add(meaning(each)));
      return array;
    }
    if (node.isObject()) {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      node.properties().forEach(each -> object.set(each.getKey(), meaning(each.getValue())));
      return object;
    }
    return node;
  }

  /** Whether both may be right. */
  boolean agrees(Verdict other) {
    return run == other.run && (id == null || other.id == null || id.equals(other.id));
  }
}
