package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.qmpkit.shell.Selection.Failure;
import org.qmpkit.shell.Selection.Filter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What has a name in a {@link Selection}. */
final class SelectionFunctions {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final List<String> PLAIN =
      List.of(
          "true",
          "false",
          "null",
          "length",
          "keys",
          "not",
          "type",
          "empty",
          "first",
          "last",
          "add",
          "tostring",
          "to_entries");

  private static final List<String> WITH_ONE =
      List.of(
          "select",
          "map",
          "has",
          "test",
          "startswith",
          "endswith",
          "sort_by",
          "any",
          "all",
          "first");

  private SelectionFunctions() {}

  /**
   * A function.
   *
   * @throws LineException if there is none of the name with so many arguments
   */
  static Filter of(String name, List<Filter> arguments) throws LineException {
    if (arguments.isEmpty() && PLAIN.contains(name)) {
      return plain(name);
    }
    if (arguments.size() == 1 && WITH_ONE.contains(name)) {
      return withOne(name, arguments.getFirst());
    }
    List<String> known = new ArrayList<>(PLAIN);
    known.addAll(WITH_ONE);
    boolean exists = known.contains(name);
    throw new LineException(
        exists
            ? "'" + name + "' takes " + (PLAIN.contains(name) ? "no argument" : "one argument")
            : "there is no function '"
                + name
                + "' here"
                + Similar.hint(name, known)
                + "; for all of jq's pipe an answer into jq");
  }

  private static Filter plain(String name) {
    return switch (name) {
      case "true", "false" -> (_, out) -> out.accept(NODES.booleanNode(name.equals("true")));
      case "null" -> (_, out) -> out.accept(NODES.nullNode());
      case "empty" -> (_, _) -> {};
      case "length" -> value(SelectionFunctions::length);
      case "keys" -> value(SelectionFunctions::keys);
      case "not" -> value(each -> NODES.booleanNode(!Selection.isTrue(each)));
      case "type" -> value(each -> NODES.stringNode(type(each)));
      case "first" -> value(each -> at(each, 0));
      case "last" -> value(each -> at(each, each.size() - 1));
      case "add" -> (value, out) -> out.accept(sum(value));
      case "to_entries" -> value(SelectionFunctions::entries);
      default ->
          value(each ->
              each.isString() ? each : NODES.stringNode(JsonText.compact(each, Palette.PLAIN)));
    };
  }

  private static Filter withOne(String name, Filter of) {
    return switch (name) {
      case "select" ->
          (value, out) ->
              of.apply(
                  value,
                  each -> {
                    if (Selection.isTrue(each)) {
                      out.accept(value);
                    }
                  });
      case "map" ->
          value(list -> {
            ArrayNode mapped = NODES.arrayNode();
            list(list).forEach(each -> of.apply(each, mapped::add));
            return mapped;
          });
      case "sort_by" -> value(list -> sorted(list, of));
      case "any", "all" ->
          value(list -> {
            boolean any = name.equals("any");
            boolean found =
                collected(list).stream().anyMatch(each -> Selection.isTrue(last(each, of)) == any);
            return NODES.booleanNode(found == any);
          });
      case "first" ->
          (value, out) -> {
            List<JsonNode> values = new ArrayList<>();
            of.apply(value, values::add);
            values.stream().limit(1).forEach(out);
          };
      case "has" -> text(of, (value, key) -> value.isObject() && value.has(key), false);
      case "test" -> text(of, (value, pattern) -> find(pattern, value.asString()), true);
      case "startswith" -> text(of, (value, start) -> value.asString().startsWith(start), true);
      default -> text(of, (value, end) -> value.asString().endsWith(end), true);
    };
  }

  private static Filter value(UnaryOperator<JsonNode> function) {
    return (value, out) -> out.accept(function.apply(value));
  }

  private static Filter text(
      Filter argument, BiPredicate<JsonNode, String> function, boolean ofString) {
    return (value, out) ->
        argument.apply(
            value,
            given -> {
              if (!given.isString() || (ofString && !value.isString())) {
                throw new Failure(
                    "it takes a string, and is for " + (ofString ? "strings" : "objects"));
              }
              out.accept(NODES.booleanNode(function.test(value, given.asString())));
            });
  }

  private static boolean find(String pattern, String in) {
    try {
      return Pattern.compile(pattern).matcher(in).find();
    } catch (PatternSyntaxException e) {
      throw new Failure("'" + pattern + "' is no pattern: " + e.getDescription());
    }
  }

  private static JsonNode last(JsonNode value, Filter of) {
    List<JsonNode> values = new ArrayList<>();
    of.apply(value, values::add);
    return values.isEmpty() ? NODES.nullNode() : values.getLast();
  }

  private static JsonNode list(JsonNode value) {
    if (!value.isArray()) {
      throw new Failure("it is for lists, and this is " + type(value));
    }
    return value;
  }

  private static List<JsonNode> collected(JsonNode value) {
    List<JsonNode> elements = new ArrayList<>();
    list(value).forEach(elements::add);
    return elements;
  }

  private static JsonNode sorted(JsonNode list, Filter by) {
    List<JsonNode> elements = collected(list);
    elements.sort((a, b) -> SelectionOperators.compare(last(a, by), last(b, by)));
    return NODES.arrayNode().addAll(elements);
  }

  private static JsonNode at(JsonNode list, int index) {
    JsonNode element = list(list).get(index);
    return element == null ? NODES.nullNode() : element;
  }

  private static JsonNode sum(JsonNode value) {
    Filter plus =
        SelectionOperators.of(
            "+", (pair, out) -> out.accept(pair.get(0)), (pair, out) -> out.accept(pair.get(1)));
    JsonNode sum = NODES.nullNode();
    for (JsonNode each : list(value)) {
      sum = last(NODES.arrayNode().add(sum).add(each), plus);
    }
    return sum;
  }

  private static JsonNode entries(JsonNode value) {
    ArrayNode entries = NODES.arrayNode();
    value
        .properties()
        .forEach(each -> {
          ObjectNode entry = entries.addObject().put("key", each.getKey());
          entry.set("value", each.getValue());
        });
    return entries;
  }

  private static JsonNode length(JsonNode value) {
    return switch (value.getNodeType()) {
      case STRING -> {
        String text = value.asString();
        yield NODES.numberNode(text.codePointCount(0, text.length()));
      }
      case NUMBER -> SelectionOperators.number(value.decimalValue().abs());
      case ARRAY, OBJECT -> NODES.numberNode(value.size());
      case NULL -> NODES.numberNode(0);
      case BOOLEAN, BINARY, MISSING, POJO -> throw new Failure(type(value) + " has no length");
    };
  }

  private static JsonNode keys(JsonNode value) {
    ArrayNode keys = NODES.arrayNode();
    if (value.isObject()) {
      value.propertyNames().stream().sorted().forEach(keys::add);
    } else {
      for (int i = 0; i < list(value).size(); i++) {
        keys.add(i);
      }
    }
    return keys;
  }

  /** A value's kind, as jq calls it. */
  static String type(JsonNode value) {
    return value.getNodeType().name().toLowerCase(Locale.ROOT);
  }
}
