package org.qmpkit.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.qmpkit.client.Schema.AlternateType;
import org.qmpkit.client.Schema.ArrayType;
import org.qmpkit.client.Schema.BuiltinType;
import org.qmpkit.client.Schema.EnumType;
import org.qmpkit.client.Schema.EnumValue;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;
import org.qmpkit.client.Schema.Variant;
import tools.jackson.databind.JsonNode;

/**
 * Reads single descriptions of a schema (QEMU's qapi/introspect.json, SchemaInfo). What is not of
 * that shape is an {@link IllegalArgumentException}.
 */
final class SchemaReader {
  private SchemaReader() {}

  static Schema.Command command(JsonNode info) {
    return new Schema.Command(
        text(info, "name"),
        text(info, "arg-type"),
        text(info, "ret-type"),
        info.path("allow-oob").asBoolean(false),
        features(info));
  }

  static Schema.Event event(JsonNode info) {
    return new Schema.Event(text(info, "name"), text(info, "arg-type"), features(info));
  }

  static Schema.Type type(JsonNode info) {
    String name = text(info, "name");
    Set<String> features = features(info);
    return switch (text(info, "meta-type")) {
      case "builtin" -> new BuiltinType(name, text(info, "json-type"), features);
      case "enum" -> new EnumType(name, values(info), features);
      case "array" -> new ArrayType(name, text(info, "element-type"), features);
      case "object" ->
          new ObjectType(
              name,
              list(info, "members", SchemaReader::member),
              info.has("tag") ? text(info, "tag") : null,
              info.has("variants") ? list(info, "variants", SchemaReader::variant) : List.of(),
              features);
      case "alternate" ->
          new AlternateType(name, list(info, "members", member -> text(member, "type")), features);
      case String other ->
          throw new IllegalArgumentException(
              "'" + name + "' is of a kind that is not known: " + other);
    };
  }

  private static Member member(JsonNode member) {
    return new Member(
        text(member, "name"), text(member, "type"), member.has("default"), features(member));
  }

  private static Variant variant(JsonNode variant) {
    return new Variant(text(variant, "case"), text(variant, "type"));
  }

  /** Before QEMU 6.2 there were values alone; since then members say the same and more. */
  private static List<EnumValue> values(JsonNode info) {
    return info.has("members")
        ? list(info, "members", value -> new EnumValue(text(value, "name"), features(value)))
        : list(info, "values", value -> new EnumValue(string(value, "values"), Set.of()));
  }

  private static Set<String> features(JsonNode info) {
    return info.has("features")
        ? Collections.unmodifiableSet(
            new LinkedHashSet<>(list(info, "features", each -> string(each, "features"))))
        : Set.of();
  }

  private static <T> List<T> list(JsonNode info, String key, Function<JsonNode, T> each) {
    JsonNode list = info.path(key);
    if (!list.isArray()) {
      throw new IllegalArgumentException("a description without the list '" + key + "'");
    }
    List<T> read = new ArrayList<>(list.size());
    for (JsonNode element : list) {
      read.add(each.apply(element));
    }
    return List.copyOf(read);
  }

  static String text(JsonNode info, String key) {
    return string(info.path(key), key);
  }

  private static String string(JsonNode value, String key) {
    if (!value.isString()) {
      throw new IllegalArgumentException("a description without the text '" + key + "'");
    }
    return value.asString();
  }
}
