package org.qmpkit.client;

import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.qmpkit.protocol.Dialect;
import org.qmpkit.protocol.Document;
import org.qmpkit.protocol.JsonString;
import org.qmpkit.protocol.Malformed;
import org.qmpkit.protocol.Message;
import org.qmpkit.protocol.Scanned;
import org.qmpkit.protocol.Scanner;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Between trees and the texts on the wire. What QEMU sends has passed a {@link Scanner}, which
 * bounds its bytes, tokens and nesting; the bounds here are no narrower, but for numbers.
 */
final class Json {
  /** As the scanner's, and QEMU's own. */
  private static final int NESTING = 1024;

  private static final int NUMBER = 1000;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxDocumentLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .maxNestingDepth(NESTING + 1)
                  .maxNumberLength(NUMBER)
                  .build())
          // QEMU takes UTF-8, and reads it no faster; what follows is ASCII throughout.
          .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
          // As a bare word, which the check of arguments finds.
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build();

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** For what is no tree yet. Apart, since it takes a start longer than all the rest of it. */
  private static final class Mapping {
    static final JsonMapper MAPPER = JsonMapper.builder(FACTORY).build();
  }

  private Json() {}

  /**
   * The tree of a text that a scanner has passed. Integers are kept whole, however long; other
   * numbers become doubles.
   *
   * @throws JacksonException if a number is beyond a double's range, or longer than 1,000 digits
   */
  static JsonNode tree(String text) {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      return node(parser);
    }
  }

  private static JsonNode node(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          object.set(name, node(parser));
        }
        yield object;
      }
      case START_ARRAY -> {
        ArrayNode array = NODES.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(node(parser));
        }
        yield array;
      }
      case VALUE_STRING -> NODES.stringNode(parser.getString());
      case VALUE_NUMBER_INT -> integer(parser);
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(finite(parser));
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      case null, default -> throw new StreamReadException(parser, "no value where one must be");
    };
  }

  private static JsonNode integer(JsonParser parser) {
    return switch (parser.getNumberType()) {
      case INT -> NODES.numberNode(parser.getIntValue());
      case LONG -> NODES.numberNode(parser.getLongValue());
      default -> NODES.numberNode(parser.getBigIntegerValue());
    };
  }

  /** No QEMU sends a number that is none: what a double can't hold must not become infinite. */
  private static double finite(JsonParser parser) {
    double value = parser.getDoubleValue();
    if (Double.isInfinite(value)) {
      throw new StreamReadException(parser, "a number beyond the range of a double");
    }
    return value;
  }

  static JsonNode tree(Object value) {
    return Mapping.MAPPER.valueToTree(value);
  }

  static byte[] bytes(JsonNode tree) {
    return text(tree).getBytes(StandardCharsets.US_ASCII);
  }

  private static String text(JsonNode tree) {
    StringWriter text = new StringWriter();
    try (JsonGenerator to = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      write(tree, to);
    }
    return text.toString();
  }

  private static void write(JsonNode node, JsonGenerator to) {
    switch (node.getNodeType()) {
      case OBJECT -> {
        to.writeStartObject();
        for (Map.Entry<String, JsonNode> member : node.properties()) {
          to.writeName(member.getKey());
          write(member.getValue(), to);
        }
        to.writeEndObject();
      }
      case ARRAY -> {
        to.writeStartArray();
        for (JsonNode element : node) {
          write(element, to);
        }
        to.writeEndArray();
      }
      case STRING -> to.writeString(node.asString());
      case BOOLEAN -> to.writeBoolean(node.asBoolean());
      case NULL -> to.writeNull();
      case NUMBER -> number(node, to);
      // What Jackson keeps as an object in a tree that a program built.
      case BINARY, POJO, MISSING -> to.writeRawValue(Mapping.MAPPER.writeValueAsString(node));
    }
  }

  private static void number(JsonNode node, JsonGenerator to) {
    switch (node.numberType()) {
      case INT -> to.writeNumber(node.intValue());
      case LONG -> to.writeNumber(node.longValue());
      case BIG_INTEGER -> to.writeNumber(node.bigIntegerValue());
      case FLOAT -> to.writeNumber(node.floatValue());
      case DOUBLE -> to.writeNumber(node.doubleValue());
      case BIG_DECIMAL -> to.writeNumber(node.decimalValue());
      case null -> throw new IllegalArgumentException("a number of no type");
    }
  }

  /**
   * A command as it goes to QEMU, checked by QEMU's own grammar: what that refuses it answers
   * without an id, and nobody could tell whom.
   *
   * @param limit the most bytes of it
   * @throws IllegalArgumentException if there is something in it that QEMU can't read
   */
  static Message.Command command(QmpCommand command, int limit) {
    JsonNode given = command.arguments();
    String arguments = given.isEmpty() ? null : written(given);
    String text =
        "{\"execute\":"
            + JsonString.quote(command.name())
            + (arguments == null ? "" : ",\"arguments\":" + arguments)
            + "}";
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, limit);
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    Scanned scanned = scanner.next(bytes);
    if (!(scanned instanceof Document) || bytes.hasRemaining()) {
      throw new IllegalArgumentException(
          QmpException.oneLine(
              "name and arguments of '"
                  + command.name()
                  + "' must be JSON that QEMU reads, of at most "
                  + limit
                  + " bytes: "
                  + (scanned instanceof Malformed malformed ? malformed.reason() : "unbalanced")));
    }
    return new Message.Command(command.name(), command.oob(), arguments, null);
  }

  private static String written(JsonNode arguments) {
    try {
      return text(arguments);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("arguments must be JSON: " + e.getOriginalMessage(), e);
    }
  }
}
