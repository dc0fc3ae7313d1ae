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
      Set.of("password", "passwd", "passphrase", "secret", "new-secret", "old-secret", "cookie");

  /** What is in a member {@code data} of {@code object-add} of these is the secret itself. */
  private static final String SECRET_OBJECT = "secret";

  private static final String DATA = "data";
  private static final String HMP = "human-monitor-command";
  private static final String COMMAND_LINE = "command-line";

  /**
   * Lines that may hold one, to the letter or by an HMP command: rather one too many is forgotten.
   */
  private static final Pattern LINE =
      Pattern.compile(
          "(?i)\\b(?:password|passwd|passphrase|cookie)\\b(?!-secret)"
              + "|\\b(?:set|block)_passw|\\b(?:new|old)-secret\\b"
              // Not key-secret, which is the id of one.
              + "|(?<![-\\w])secret(?:['\"]?\\s*+[:=]{0,2}\\s*+['\"]|:?=)"
              + "|\\bproperty['\"]?\\s*+[:=]{1,2}\\s*+['\"]?data\\b"
              // HMP's: a path, which may be quoted, and a property.
              + "|\\bqom-[gs]et\\s++(?:-\\w++\\s++)?(?:\"[^\"]*+\"|\\S++)\\s++['\"]?"
              + "(?:data|secret)\\b"
              + "|\\bchange\\s++vnc\\b"
              + "|://[^/\\s'\"@:%]*+(?::[^/\\s'\"@]*+|%[^\\s'\"@]*+)@"
              + "|\\brbd:.*?:key=");

  /** A name and a password in a URL; iSCSI's are parted by a per cent sign. */
  private static final Pattern IN_URL =
      Pattern.compile("(://[^/\\s@:%]*+)(?:(:)[^/\\s@]*+|(%)[^\\s@]*+)@");

  private static final Pattern RBD = Pattern.compile("\\brbd:");

  /** Ceph's key among the options of such an image; a backslash takes a colon's meaning. */
  private static final Pattern RBD_KEY = Pattern.compile("(:key=)(?:\\\\.|[^:\\\\])*+");

  /** What a string begins with that is a block node's options; or behind a quote too many. */
  private static final String OPTIONS = "json:";

  /** Makes objects; those of a type that begins with {@link #SECRET_OBJECT} hold one. */
  private static final Pattern MAKES_OBJECT = Pattern.compile("(?i)\\bobject[-_]add\\b");

  /** Gives the values of all properties of some objects, since QEMU 10.1. */
  private static final String LISTS_VALUES = "qom-list-get";

  private Secrets() {}

  /** Whether a line must not be remembered. */
  static boolean in(String line) {
    if (LINE.matcher(line).find()) {
      return true;
    }
    return MAKES_OBJECT.matcher(line).find()
        && line.toLowerCase(Locale.ROOT).contains(SECRET_OBJECT);
  }

  /** A request's arguments with a mask in the place of each secret; the same if there is none. */
  static JsonNode masked(String command, JsonNode arguments) {
    if (command.equals(HMP) && in(arguments.path(COMMAND_LINE).asString(""))) {
      ObjectNode copy = (ObjectNode) arguments.deepCopy();
      return copy.put(COMMAND_LINE, MASK);
    }
    JsonNode copy = arguments.deepCopy();
    mask(copy, false);
    String property = arguments.path("property").asString("").toLowerCase(Locale.ROOT);
    // Of QEMU before 6.0.
    if (command.equals("change") && arguments.path("target").asString("").equals("password")) {
      ((ObjectNode) copy).put("arg", MASK);
    }
    if (command.equals("qom-set") && isSecretProperty(property)) {
      ((ObjectNode) copy).put("value", MASK);
    }
    return copy;
  }

  /** Whether what a command returns is a secret itself. */
  static boolean returnedBy(String command, JsonNode arguments) {
    if (command.equals(HMP)) {
      String line = arguments.path(COMMAND_LINE).asString("");
      return line.toLowerCase(Locale.ROOT).contains("qom-get") && in(line);
    }
    String property = arguments.path("property").asString("").toLowerCase(Locale.ROOT);
    return command.equals("qom-get") && isSecretProperty(property);
  }

  /** Whether there may be secrets among what a command returns. */
  static boolean returnedAmongOthersBy(String command) {
    return command.equals(LISTS_VALUES);
  }

  /** What such a command returned, with a mask in the place of each secret; of others all of it. */
  static JsonNode maskedReturn(String command, JsonNode value) {
    if (!returnedAmongOthersBy(command)) {
      return value;
    }
    JsonNode copy = value.deepCopy();
    maskProperties(copy);
    return copy;
  }

  private static void maskProperties(JsonNode node) {
    String name = node.path("name").asString("").toLowerCase(Locale.ROOT);
    if (node instanceof ObjectNode object && object.has("value") && isSecretProperty(name)) {
      object.put("value", MASK);
    }
    node.forEach(Secrets::maskProperties);
  }

  private static boolean isSecretProperty(String property) {
    return MEMBERS.contains(property) || property.equals(DATA);
  }

  private static void mask(JsonNode node, boolean ofSecret) {
    switch (node) {
      case ObjectNode object -> {
        // Before QEMU 6.0 the data was in an object of its own, "props".
        boolean holdsSecret =
            ofSecret
                || object
                    .path("qom-type")
                    .asString("")
                    .toLowerCase(Locale.ROOT)
                    .startsWith(SECRET_OBJECT);
        for (Map.Entry<String, JsonNode> member : Set.copyOf(object.properties())) {
          String name = member.getKey().toLowerCase(Locale.ROOT);
          boolean secret = MEMBERS.contains(name) || (holdsSecret && name.equals(DATA));
          if (secret && member.getValue().isValueNode()) {
            object.put(member.getKey(), MASK);
          } else if (member.getValue().isString()) {
            object.put(member.getKey(), maskedText(member.getValue().asString()));
          } else {
            mask(member.getValue(), holdsSecret);
          }
        }
      }
      case ArrayNode array -> {
        for (int i = 0; i < array.size(); i++) {
          JsonNode each = array.get(i);
          if (each.isString()) {
            array.set(i, maskedText(each.asString()));
          } else {
            mask(each, ofSecret);
          }
        }
      }
      default -> {}
    }
  }

  private static String maskedText(String text) {
    if (text.contains(OPTIONS) && in(text)) {
      return MASK;
    }
    String masked = IN_URL.matcher(text).replaceAll("$1$2$3" + MASK + "@");
    return RBD.matcher(masked).find() ? RBD_KEY.matcher(masked).replaceAll("$1" + MASK) : masked;
  }
}
