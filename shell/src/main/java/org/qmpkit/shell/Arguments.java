package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Schema.Command;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;

/** The arguments of a command, or of an action in a transaction, while they are being typed. */
final class Arguments {
  private static final String ACTION = "actions.0.";

  private static final Map<String, Member> NO_MEMBERS = Map.of();

  /** Characters; QEMU says what it likes. */
  private static final int LONGEST_ENUMERATION = 200;

  private static final Pattern LINK = Pattern.compile("link<([^>]+)>");

  /**
   * A key that may stand in a place.
   *
   * @param nested whether an object is its value, or may be
   * @param plain whether something else than an object may be
   * @param list whether a list is
   */
  record Key(boolean required, boolean nested, boolean plain, boolean list, String description) {}

  private final String name;
  private final ObjectType type;
  private final String base;
  private final Map<String, String> given = new HashMap<>();
  private final Members members;

  private Arguments(Schema schema, String name, ObjectType type, String base) {
    this.name = name;
    this.type = type;
    this.base = base;
    members = new Members(schema, given);
  }

  static Arguments of(Schema schema, Command command) {
    return new Arguments(schema, command.name(), schema.arguments(command), "");
  }

  /** Those of an action; nothing is known of one that does not exist. */
  static Arguments ofAction(Schema schema, String action) {
    Command transaction = schema.command("transaction").orElse(null);
    ObjectType type =
        transaction == null
            ? new ObjectType("", List.of(), null, List.of(), Set.of())
            : schema.arguments(transaction);
    Arguments arguments = new Arguments(schema, action, type, ACTION + "data.");
    arguments.given.put(ACTION + "type", action);
    return arguments;
  }

  /** What may be an action in a transaction. */
  static List<String> actions(Schema schema) {
    Arguments transaction = ofAction(schema, "");
    Schema.Type type = transaction.typeOf("type", ACTION);
    return type == null ? List.of() : transaction.members.values(type);
  }

  /** These are there, as {@code key=value}. */
  void give(List<String> words) {
    for (String each : words) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        boolean typed = each.charAt(equals - 1) == ':';
        String key = each.substring(0, typed ? equals - 1 : equals);
        given.put(base + key, OwnLine.unquoted(each.substring(equals + 1)));
      }
    }
  }

  /** These are there, by their paths. */
  void give(String prefix, Map<String, String> values) {
    values.forEach((path, value) -> given.put(base + prefix + path, value));
  }

  /** The keys that may stand behind a prefix, which is empty or ends with a dot, by name. */
  Map<String, Key> keys(LiveNames live, String prefix) {
    Map<String, Key> keys = new LinkedHashMap<>();
    Map<String, Member> there = members.at(type, base + prefix);
    for (Member each : (there == null ? NO_MEMBERS : there).values()) {
      if (!given.containsKey(base + prefix + each.name())) {
        Schema.Type kind = members.schema().type(each.type());
        keys.put(
            each.name(),
            new Key(
                !each.optional(),
                members.object(kind) != null,
                !(kind instanceof ObjectType) && !isBegun(prefix + each.name()),
                kind instanceof Schema.ArrayType,
                (each.optional() ? "" : "required; ")
                    + Members.marks(each)
                    + members.describe(kind)));
      }
    }
    if (isDevice() && prefix.isEmpty()) {
      live.properties(given.getOrDefault("driver", ""))
          .forEach((property, description) -> {
            if (!given.containsKey(property)) {
              keys.putIfAbsent(property, new Key(false, false, true, false, description));
            }
          });
    }
    return keys;
  }

  /** Whether there is a member of it. */
  private boolean isBegun(String path) {
    return given.keySet().stream().anyMatch(key -> key.startsWith(base + path + "."));
  }

  /** The arguments that are not there yet, the required first: {@code size= [node-name=]}. */
  String toCome() {
    Map<String, Member> there = members.at(type, base);
    List<String> left = new ArrayList<>();
    for (boolean optional : List.of(false, true)) {
      for (Member each : (there == null ? NO_MEMBERS : there).values()) {
        boolean is = given.containsKey(base + each.name()) || isBegun(each.name());
        if (each.optional() == optional && !is) {
          left.add(optional ? "[" + each.name() + "=]" : each.name() + "=");
        }
      }
    }
    return String.join(" ", left);
  }

  /** The values of an argument where it has few that are known; else nothing. */
  String described(String path) {
    Schema.Type value = typeOf(path);
    return value == null ? "" : String.join("|", members.values(value));
  }

  /** Devices take what QEMU's schema does not tell. */
  private boolean isDevice() {
    return name.equals("device_add") && given.containsKey("driver");
  }

  /**
   * The values that may stand behind a key, as far as they are known.
   *
   * @param partial what has been typed of it
   */
  List<String> values(LiveNames live, String path, String partial) {
    Schema.Type value = typeOf(path);
    LiveKind kind = kind(path);
    List<String> values = new ArrayList<>();
    if (value != null) {
      values.addAll(members.values(value));
    } else if (isDevice() && kind == LiveKind.NONE) {
      values.addAll(property(live, path));
    }
    if (value == null ? isDevice() : members.isText(value) || kind == LiveKind.CPU) {
      Map<String, String> others = new HashMap<>();
      given.forEach((key, text) -> {
        if (key.startsWith(base)) {
          others.put(key.substring(base.length()), text);
        }
      });
      values.addAll(live.of(kind, others, partial));
    }
    return values;
  }

  /** The values of a device's property, by what QEMU says of its type. */
  private List<String> property(LiveNames live, String name) {
    String text = live.properties(given.getOrDefault("driver", "")).getOrDefault(name, "");
    if (text.startsWith("bool")) {
      return List.of("true", "false");
    }
    Matcher link = LINK.matcher(text);
    if (link.lookingAt()) {
      return live.linked(link.group(1));
    }
    // The type of an enumeration has a capital; its values end the description, as on/off/auto.
    String words = text.substring(text.lastIndexOf(' ') + 1);
    boolean few =
        !text.isEmpty()
            && Character.isUpperCase(text.charAt(0))
            && words.contains("/")
            && words.length() <= LONGEST_ENUMERATION;
    return few ? List.of(words.split("/", -1)) : List.of();
  }

  /** What the value behind a key names. */
  LiveKind kind(String path) {
    String last = path.replaceFirst("(?:\\.\\d+)+$", "");
    return LiveKind.of(name, last.substring(last.lastIndexOf('.') + 1));
  }

  /** Whether what stands behind a key is in quotes in JSON. */
  boolean isQuoted(String path) {
    Schema.Type value = typeOf(path);
    return value == null || members.isQuoted(value);
  }

  private Schema.@Nullable Type typeOf(String path) {
    return typeOf(path, base);
  }

  private Schema.@Nullable Type typeOf(String path, String prefix) {
    Member member = members.member(type, prefix + path);
    return member == null ? null : members.element(member);
  }
}
