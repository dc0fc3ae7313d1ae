package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/** Jackson, set up as the kit needs it: strict for output, QEMU's dialect for input. */
final class Json {
  // QEMU's own limits are 64 MiB a token and 1,024 levels; Jackson's defaults are smaller.
  private static final StreamReadConstraints LIMITS =
      StreamReadConstraints.builder().maxNestingDepth(1_100).maxStringLength(64 << 20).build();

  private static final JsonMapper STRICT =
      JsonMapper.builder(JsonFactory.builder().streamReadConstraints(LIMITS).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final JsonFactory DIALECT =
      JsonFactory.builder()
          .streamReadConstraints(LIMITS)
          .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
          .enable(JsonReadFeature.ALLOW_BACKSLASH_ESCAPING_ANY_CHARACTER)
          .build();

  private static final JsonMapper DIALECT_TREES = JsonMapper.builder(DIALECT).build();

  private static final ObjectWriter PRETTY = STRICT.writer().with(prettyPrinter());

  private Json() {}

  /**
   * The one JSON document that {@code text} is.
   *
   * @throws JacksonException if it is none, or more than one
   */
  static JsonNode parse(String text) {
    JsonNode node = STRICT.readTree(text);
    if (node.isMissingNode()) {
      throw new NoDocument("nothing but white space");
    }
    return node;
  }

  /**
   * The one JSON document that {@code bytes} are, in UTF-8.
   *
   * @throws JacksonException if they are none, or more than one
   */
  static JsonNode parse(byte[] bytes) {
    // Decoded here: Jackson's own decoder takes the member name FF 3A for 3A once it has seen 3A.
    try {
      return parse(UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new NoDocument("no UTF-8: " + e.getMessage());
    }
  }

  static String compact(JsonNode node) {
    return STRICT.writeValueAsString(node);
  }

  /**
   * A message as QEMU's pretty monitor writes it: four spaces a level, every line ended by CR LF.
   */
  static String pretty(String message) {
    return PRETTY.writeValueAsString(parse(message)) + "\r\n";
  }

  private static DefaultPrettyPrinter prettyPrinter() {
    DefaultIndenter indenter = new DefaultIndenter("    ", "\r\n");
    return new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
  }

  /** The command in a request: its name, and its id as the very text that was sent. */
  record Request(@Nullable String execute, @Nullable String id) {}

  /**
   * Reads a request in QEMU's dialect.
   *
   * @throws JacksonException if it is no JSON object
   */
  static Request request(String text) {
    String execute = null;
    String id = null;
    try (JsonParser parser = DIALECT.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new NoDocument("a request is a JSON object");
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        int start = (int) parser.currentTokenLocation().getCharOffset();
        if (value == JsonToken.VALUE_STRING) {
          // Jackson reads a string's text only when asked; before that it stands at its start.
          String string = parser.getString();
          if (name.equals("execute") || name.equals("exec-oob")) {
            execute = string;
          }
        } else {
          parser.skipChildren();
        }
        if (name.equals("id")) {
          id = text.substring(start, (int) parser.currentLocation().getCharOffset()).strip();
        }
      }
    }
    return new Request(execute, id);
  }

  /**
   * The member {@code arguments} of a request in QEMU's dialect; null if there is none.
   *
   * @throws JacksonException if it is no JSON object
   */
  static @Nullable JsonNode arguments(String request) {
    return DIALECT_TREES.readTree(request).get("arguments");
  }

  /** What kind of message a server's line is. */
  enum Kind {
    QMP,
    RETURN,
    ERROR,
    EVENT,
    OTHER;

    /** The kind that the first telling member names. */
    static Kind of(JsonNode message) {
      for (String name : message.propertyNames()) {
        for (Kind kind : values()) {
          if (kind != OTHER && kind.name().equals(name.toUpperCase(Locale.ROOT))) {
            return kind;
          }
        }
      }
      return OTHER;
    }
  }

  private static final class NoDocument extends JacksonException {
    private static final long serialVersionUID = 1;

    NoDocument(String message) {
      super(message);
    }
  }
}
