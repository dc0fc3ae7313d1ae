package org.qmpkit.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.qmpkit.protocol.Dialect;
import org.qmpkit.protocol.Document;
import org.qmpkit.protocol.JsonString;
import org.qmpkit.protocol.Malformed;
import org.qmpkit.protocol.Message;
import org.qmpkit.protocol.Scanned;
import org.qmpkit.protocol.Scanner;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.util.JsonParserDelegate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Between trees and the texts on the wire. What QEMU sends has passed a {@link Scanner}, which
 * bounds its bytes, tokens and nesting; the bounds here are no narrower, but for numbers.
 */
final class Json {
  /** As the scanner's, and QEMU's own. */
  private static final int NESTING = 1024;

  private static final int NUMBER = 1000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
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
                  .build())
          .build();

  private Json() {}

  /**
   * The tree of a text that a scanner has passed. Integers are kept whole, however long; other
   * numbers become doubles.
   *
   * @throws JacksonException if a number is beyond a double's range, or longer than 1,000 digits
   */
  static JsonNode tree(String text) {
    try (JsonParser parser = new FiniteNumbers(MAPPER.createParser(text))) {
      return MAPPER.readTree(parser);
    }
  }

  static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  static byte[] bytes(JsonNode tree) {
    return MAPPER.writeValueAsBytes(tree);
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
    String arguments = given.isEmpty() ? null : write(given);
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

  private static String write(JsonNode arguments) {
    try {
      return MAPPER.writeValueAsString(arguments);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("arguments must be JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** No QEMU sends a number that is none: what a double can't hold must not become infinite. */
  private static final class FiniteNumbers extends JsonParserDelegate {
    FiniteNumbers(JsonParser parser) {
      super(parser);
    }

    @Override
    public double getDoubleValue() {
      double value = super.getDoubleValue();
      if (Double.isInfinite(value)) {
        throw new StreamReadException(this, "a number beyond the range of a double");
      }
      return value;
    }
  }
}
