package org.qmpkit.cli;

import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON that was framed by a scanner, whose bounds are narrower than these, and what shows it. */
final class Json {
  private static final int SCANNERS_DEPTH = 1024;

  /** What is shown has what was read a few levels further in. */
  private static final int FURTHER = 16;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNameLength(Integer.MAX_VALUE)
                          .maxNestingDepth(SCANNERS_DEPTH + 1)
                          .build())
                  .streamWriteConstraints(
                      StreamWriteConstraints.builder()
                          .maxNestingDepth(SCANNERS_DEPTH + FURTHER)
                          .build())
                  .build())
          .build();

  /** Those that JSON need not escape; they occur in texts and names alone. */
  private static final Pattern CONTROLS = Pattern.compile("[\\x7f-\\x9f]");

  private Json() {}

  /**
   * The tree of a text.
   *
   * @throws JacksonException if it is no JSON, or has a number of more than 1,000 digits
   */
  static JsonNode read(String text) {
    return MAPPER.readTree(text);
  }

  /** A tree on one line, with every control character escaped: JSON leaves some as they are. */
  static String text(JsonNode tree) {
    return CONTROLS
        .matcher(MAPPER.writeValueAsString(tree))
        .replaceAll(found -> String.format("\\\\u%04x", (int) found.group().charAt(0)));
  }
}
