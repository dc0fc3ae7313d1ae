package org.qmpkit.recording;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.DefaultPrettyPrinter.NopIndenter;
import tools.jackson.core.util.Separators;
import tools.jackson.core.util.Separators.Spacing;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Between trees and texts as QEMU writes them: ASCII, on one line, a blank behind each separator.
 */
final class Json {
  private static final int NESTING = 1024;
  private static final int NUMBER = 1000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(NESTING + 1)
                          .maxStringLength(Recording.MOST_OF_MESSAGE)
                          .maxNameLength(Recording.MOST_OF_MESSAGE)
                          .maxNumberLength(NUMBER)
                          .build())
                  .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private static final ObjectWriter WRITER =
      MAPPER
          .writer()
          .with(
              new DefaultPrettyPrinter(
                      Separators.createDefaultInstance()
                          .withObjectNameValueSpacing(Spacing.AFTER)
                          .withObjectEntrySpacing(Spacing.AFTER)
                          .withArrayElementSpacing(Spacing.AFTER)
                          .withObjectEmptySeparator("")
                          .withArrayEmptySeparator("")
                          .withRootSeparator(""))
                  .withObjectIndenter(NopIndenter.instance())
                  .withArrayIndenter(NopIndenter.instance()));

  private Json() {}

  /**
   * The one JSON value that a text is.
   *
   * @throws JacksonException if it is none, or more than one
   */
  static JsonNode tree(String text) {
    JsonNode tree = MAPPER.readTree(text);
    if (tree.isMissingNode()) {
      throw new StreamReadException("nothing but white space");
    }
    return tree;
  }

  static String text(JsonNode tree) {
    // QEMU escapes DEL, too, which may be within a string only.
    return WRITER.writeValueAsString(tree).replace("\u007f", "\\u007F");
  }
}
