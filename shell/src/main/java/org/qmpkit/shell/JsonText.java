package org.qmpkit.shell;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.qmpkit.protocol.JsonString;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON as QEMU and Python write it: ASCII, {@code ", "} and {@code ": "} between; in a colour for
 * each kind of value, if so wanted.
 */
final class JsonText {
  private static final int INDENT = 4;

  /**
   * What is read was framed by a scanner, whose bounds are narrower. Apart, since it takes a start
   * longer than all the rest of it.
   */
  private static final class Reading {
    static final JsonMapper MAPPER =
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(
                        StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNameLength(Integer.MAX_VALUE)
                            .maxNestingDepth(1025)
                            .build())
                    .build())
            .build();
  }

  private final StringBuilder text = new StringBuilder();
  private final Palette palette;
  private final boolean pretty;

  private JsonText(Palette palette, boolean pretty) {
    this.palette = palette;
    this.pretty = pretty;
  }

  /**
   * The tree of a text.
   *
   * @throws JacksonException if it is no JSON, or has a number that a double can't hold
   */
  static JsonNode read(String text) {
    return finite(Reading.MAPPER.readTree(text));
  }

  /** The same tree, without a number that is none in JSON: Jackson reads 1e400 as infinity. */
  private static JsonNode finite(JsonNode tree) {
    if (tree.isDouble() && !Double.isFinite(tree.doubleValue())) {
      throw new StreamReadException("a number that a double can't hold");
    }
    tree.forEach(JsonText::finite);
    return tree;
  }

  /** On one line. */
  static String compact(JsonNode tree, Palette palette) {
    JsonText json = new JsonText(palette, false);
    json.write(tree, 0);
    return json.text.toString();
  }

  /** A member a line, indented by 4, members in the order of their names. */
  static String pretty(JsonNode tree, Palette palette) {
    JsonText json = new JsonText(palette, true);
    json.write(tree, 0);
    return json.text.toString();
  }

  private void write(JsonNode node, int depth) {
    switch (node.getNodeType()) {
      case OBJECT -> object(node, depth);
      case ARRAY -> array(node, depth);
      case STRING -> text.append(palette.string(JsonString.quote(node.asString())));
      case NUMBER -> text.append(palette.number(node.numberValue().toString()));
      case BOOLEAN, NULL, BINARY, MISSING, POJO ->
          text.append(palette.word(node.isNull() ? "null" : node.asString()));
    }
  }

  private void object(JsonNode node, int depth) {
    Stream<Map.Entry<String, JsonNode>> members = node.properties().stream();
    List<Map.Entry<String, JsonNode>> ordered =
        (pretty ? members.sorted(Map.Entry.comparingByKey()) : members).toList();
    text.append('{');
    for (int i = 0; i < ordered.size(); i++) {
      between(i, depth + 1);
      text.append(palette.key(JsonString.quote(ordered.get(i).getKey()))).append(": ");
      write(ordered.get(i).getValue(), depth + 1);
    }
    close('}', ordered.isEmpty(), depth);
  }

  private void array(JsonNode node, int depth) {
    text.append('[');
    int i = 0;
    for (Iterator<JsonNode> elements = node.iterator(); elements.hasNext(); i++) {
      between(i, depth + 1);
      write(elements.next(), depth + 1);
    }
    close(']', i == 0, depth);
  }

  private void between(int index, int depth) {
    if (pretty) {
      text.append(index == 0 ? "\n" : ",\n").repeat(' ', INDENT * depth);
    } else if (index > 0) {
      text.append(", ");
    }
  }

  private void close(char bracket, boolean empty, int depth) {
    if (pretty && !empty) {
      text.append('\n').repeat(' ', INDENT * depth);
    }
    text.append(bracket);
  }
}
