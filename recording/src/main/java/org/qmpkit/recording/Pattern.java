package org.qmpkit.recording;

import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Whether what is asked is what was recorded. */
final class Pattern {
  /** In the place of a secret, or within a text that has one. */
  static final String MASK = "***";

  private Pattern() {}

  /** Whether there is a mask in it. */
  static boolean holdsMask(JsonNode node) {
    if (node.isString()) {
      return node.asString().contains(MASK);
    }
    for (JsonNode each : node) {
      if (holdsMask(each)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a value is the recorded one: members in any order, numbers by what they are worth, and
   * any text in the place of a mask.
   */
  static boolean matches(JsonNode recorded, JsonNode asked) {
    return switch (recorded.getNodeType()) {
      case OBJECT -> {
        if (!asked.isObject() || asked.size() != recorded.size()) {
          yield false;
        }
        for (Map.Entry<String, JsonNode> member : recorded.properties()) {
          JsonNode other = asked.get(member.getKey());
          if (other == null || !matches(member.getValue(), other)) {
            yield false;
          }
        }
        yield true;
      }
      case ARRAY -> {
        if (!asked.isArray() || asked.size() != recorded.size()) {
          yield false;
        }
        for (int i = 0; i < recorded.size(); i++) {
          if (!matches(recorded.get(i), asked.get(i))) {
            yield false;
          }
        }
        yield true;
      }
      case STRING -> asked.isString() && matches(recorded.asString(), asked.asString());
      case NUMBER -> asked.isNumber() && sameNumber(recorded, asked);
      default -> recorded.equals(asked);
    };
  }

  /** Integers exactly, however long; others as the doubles that QEMU takes them for. */
  private static boolean sameNumber(JsonNode recorded, JsonNode asked) {
    if (recorded.isIntegralNumber() && asked.isIntegralNumber()) {
      return recorded.bigIntegerValue().equals(asked.bigIntegerValue());
    }
    return recorded.isIntegralNumber() == asked.isIntegralNumber()
        && Double.compare(recorded.numberValue().doubleValue(), asked.numberValue().doubleValue())
            == 0;
  }

  private static boolean matches(String recorded, String asked) {
    int mask = recorded.indexOf(MASK);
    if (mask < 0) {
      return recorded.equals(asked);
    }
    // The first part and the last are fixed; those between are found from the left.
    int at = mask;
    if (!asked.startsWith(recorded.substring(0, mask))) {
      return false;
    }
    int from = mask + MASK.length();
    int next;
    while ((next = recorded.indexOf(MASK, from)) >= 0) {
      String part = recorded.substring(from, next);
      int found = asked.indexOf(part, at);
      if (found < 0) {
        return false;
      }
      at = found + part.length();
      from = next + MASK.length();
    }
    String tail = recorded.substring(from);
    return asked.length() - tail.length() >= at && asked.endsWith(tail);
  }
}
