package org.qmpkit.shell;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Passwords and keys, which enter neither the history nor the log. */
final class Secrets {
  static final String MASK = "***";

  /** Members whose values are secret. References to secrets, such as key-secret, are ids. */
  private static final Set<String> MEMBERS =
      Set.of("password", "passwd", "passphrase", "secret", "new-secret", "old-secret");

  /** What is in a member {@code data} of {@code object-add} of these is the secret itself. */
  private static final String SECRET_OBJECT = "secret";

  /**
   * Lines that may hold one, to the letter or by an HMP command: rather one too many is forgotten.
   */
  private static final Pattern LINE =
      Pattern.compile(
          "(?i)\\b(password|passwd|passphrase|set_password|new-secret|old-secret)\\b"
              + "|\\bsecret['\"]?\\s*:?=?\\s*:?['\"]|\\bsecret:?="
              + "|\\b(object-add|object_add)\\b.*\\bsecret"
              + "|\\bchange\\s+vnc\\b");

  private Secrets() {}

  /** Whether a line must not be remembered. */
  static boolean in(String line) {
    return LINE.matcher(line).find();
  }

  /** A request's arguments with a mask in the place of each secret; the same if there is none. */
  static JsonNode masked(String command, JsonNode arguments) {
    if (command.equals("human-monitor-command")
        && in(arguments.path("command-line").asString(""))) {
      ObjectNode copy = (ObjectNode) arguments.deepCopy();
      return copy.put("command-line", MASK);
    }
    JsonNode copy = arguments.deepCopy();
    mask(copy);
    return copy;
  }

  private static void mask(JsonNode node) {
    switch (node) {
      case ObjectNode object -> {
        boolean holdsSecret =
            object.path("qom-type").asString("").toLowerCase(Locale.ROOT).startsWith(SECRET_OBJECT);
        for (Map.Entry<String, JsonNode> member : Set.copyOf(object.properties())) {
          String name = member.getKey().toLowerCase(Locale.ROOT);
          boolean secret = MEMBERS.contains(name) || (holdsSecret && name.equals("data"));
          if (secret && member.getValue().isValueNode()) {
            object.put(member.getKey(), MASK);
          } else {
            mask(member.getValue());
          }
        }
      }
      case ArrayNode array -> array.forEach(Secrets::mask);
      default -> {}
    }
  }
}
