package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;
import tools.jackson.databind.JsonNode;

/** What someone may have meant whose command QEMU did not understand. */
final class Hints {
  private static final Pattern UNEXPECTED = Pattern.compile("Parameter '([^']+)' is unexpected");
  private static final Pattern MISSING = Pattern.compile("Parameter '([^']+)' is missing");
  private static final Pattern VALUE =
      Pattern.compile("(?:Parameter '([^']+)' does not accept value|Invalid parameter) '([^']+)'");

  private static final Pattern DEVICE =
      Pattern.compile("'([^']+)' is not a valid device model name");
  private static final Pattern PROPERTY =
      Pattern.compile("Property '([^']+)\\.([^'.]+)' not found");

  /** How deep arguments are looked at. */
  private static final int DEEPEST = 32;

  private static final String MEANT = "did you mean ";

  private Hints() {}

  /**
   * A sentence; empty if nothing comes to mind.
   *
   * @param live is asked what devices there can be, where one was made wrongly
   */
  static String of(Schema schema, Request request, CommandFailed failure, LiveNames live) {
    Schema.Command command = schema.command(request.name()).orElse(null);
    if (command == null) {
      String bar = Piped.hint(List.of(request.name()));
      if (!bar.isEmpty()) {
        return bar;
      }
      List<String> names = new ArrayList<>(schema.commands());
      names.addAll(ShellCommands.names());
      return sentence(Similar.to(request.name(), names));
    }
    ObjectType type = schema.arguments(command);
    Map<String, String> given = given(request.arguments());
    Members members = new Members(schema, given);
    Matcher matcher = UNEXPECTED.matcher(failure.desc());
    if (matcher.find()) {
      return unexpected(members, type, matcher.group(1));
    }
    matcher = VALUE.matcher(failure.desc());
    if (matcher.find()) {
      return value(members, type, matcher.group(1), matcher.group(2));
    }
    if (MISSING.matcher(failure.desc()).find()) {
      return missing(members, type, command);
    }
    return request.name().equals("device_add") ? device(type, failure.desc(), live) : "";
  }

  /** The schema knows neither kinds of devices nor what they take. */
  private static String device(ObjectType type, String desc, LiveNames live) {
    Matcher matcher = DEVICE.matcher(desc);
    if (matcher.find()) {
      live.begin();
      return sentence(Similar.to(matcher.group(1), live.of(LiveKind.DEVICE_TYPE, Map.of(), "")));
    }
    matcher = PROPERTY.matcher(desc);
    if (!matcher.find()) {
      return "";
    }
    live.begin();
    List<String> names = new ArrayList<>(live.properties(matcher.group(1)).keySet());
    type.members().forEach(each -> names.add(each.name()));
    return sentence(Similar.to(matcher.group(2), names));
  }

  private static String unexpected(Members members, ObjectType type, String path) {
    String prefix = path.substring(0, path.lastIndexOf('.') + 1);
    Map<String, Member> known = members.at(type, prefix);
    if (known == null) {
      return "";
    }
    List<String> free =
        known.keySet().stream()
            .filter(each -> !members.given().containsKey(prefix + each))
            .toList();
    List<String> near = Similar.to(path.substring(prefix.length()), free);
    if (!near.isEmpty() || free.size() > 12) {
      return sentence(near.stream().map(each -> prefix + each).toList());
    }
    return free.isEmpty()
        ? "it takes nothing" + (known.isEmpty() ? "" : " more")
        : "it takes " + String.join(", ", free);
  }

  /** What is missing may be there under a wrong name. */
  private static String missing(Members members, ObjectType type, Schema.Command command) {
    for (String path : new TreeSet<>(members.given().keySet())) {
      String prefix = path.substring(0, path.lastIndexOf('.') + 1);
      Map<String, Member> known = members.at(type, prefix);
      if (known != null && !known.containsKey(path.substring(prefix.length()))) {
        String hint = unexpected(members, type, path);
        if (hint.startsWith(MEANT)) {
          return hint;
        }
      }
    }
    return "it takes: " + Members.signature(members.schema(), command);
  }

  /** Some messages do not name the parameter, but only what was said of it. */
  private static String value(
      Members members, ObjectType type, @Nullable String path, String value) {
    List<String> values = new ArrayList<>();
    for (Map.Entry<String, String> each : members.given().entrySet()) {
      if (each.getKey().equals(path) || each.getValue().equals(value)) {
        Member member = members.member(type, each.getKey());
        if (member != null) {
          values.addAll(members.values(members.element(member)));
        }
      }
    }
    return sentence(Similar.to(value, values));
  }

  private static String sentence(List<String> names) {
    return names.isEmpty() ? "" : MEANT + "'" + String.join("' or '", names) + "'?";
  }

  /** Arguments by their paths, as {@code file.driver} and {@code actions.0.type}. */
  static Map<String, String> given(JsonNode arguments) {
    Map<String, String> given = new HashMap<>();
    flatten(arguments, "", given, 0);
    return given;
  }

  private static void flatten(JsonNode node, String prefix, Map<String, String> to, int depth) {
    if (depth > DEEPEST) {
      return;
    }
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> each : node.properties()) {
        to.put(prefix + each.getKey(), each.getValue().asString(""));
        flatten(each.getValue(), prefix + each.getKey() + ".", to, depth + 1);
      }
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        flatten(node.get(i), prefix + i + ".", to, depth + 1);
      }
    }
  }
}
