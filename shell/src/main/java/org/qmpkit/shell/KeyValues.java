package org.qmpkit.shell;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Arguments as {@code key=value} and {@code key:=JSON}; {@code a.b.c=1} is a member of a member of
 * a member.
 */
final class KeyValues {
  /** As deep as QEMU reads. */
  private static final int NESTING = 1024;

  private KeyValues() {}

  /**
   * The object that tokens describe.
   *
   * @throws LineException if one has no {@code =}, or says again what another says
   */
  static ObjectNode object(List<String> tokens) throws LineException {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (String token : tokens) {
      int equals = token.indexOf('=');
      if (equals < 0) {
        throw new LineException("Expected a key=value pair, got '" + token + "'");
      }
      boolean typed = equals > 0 && token.charAt(equals - 1) == ':';
      String key = token.substring(0, typed ? equals - 1 : equals);
      String text = token.substring(equals + 1);
      JsonNode value;
      try {
        value = typed ? Value.typed(text) : Value.of(text);
      } catch (LineException e) {
        throw new LineException("'" + key + "': " + e.getMessage());
      }
      set(object, key, value);
    }
    return object;
  }

  private static void set(ObjectNode object, String key, JsonNode value) throws LineException {
    ObjectNode parent = object;
    int start = 0;
    int depth = 1;
    for (int dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', start)) {
      if (++depth > NESTING) {
        throw new LineException("a key of more than " + NESTING + " names");
      }
      String name = key.substring(start, dot);
      JsonNode there = parent.get(name);
      if (there == null) {
        there = parent.putObject(name);
      }
      if (!(there instanceof ObjectNode child)) {
        throw clash(key.substring(0, dot));
      }
      parent = child;
      start = dot + 1;
    }
    String last = key.substring(start);
    if (parent.get(last) instanceof ObjectNode) {
      throw clash(key);
    }
    if (parent.has(last)) {
      throw new LineException("Cannot set \"" + key + "\" multiple times");
    }
    parent.set(last, value);
  }

  private static LineException clash(String key) {
    return new LineException("Cannot use \"" + key + "\" as both leaf and non-leaf key");
  }
}
