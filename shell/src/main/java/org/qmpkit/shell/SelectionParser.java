package org.qmpkit.shell;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.qmpkit.shell.Selection.Failure;
import org.qmpkit.shell.Selection.Filter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Reads the expressions of {@link Selection}. */
final class SelectionParser {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** Parentheses may be as deep. */
  private static final int DEEPEST = 64;

  private static final int LONGEST = 2000;

  /**
   * Operators by how tightly they bind, the loosest first; the longer ones before their beginnings.
   */
  private static final List<List<String>> LEVELS =
      List.of(
          List.of("//"),
          List.of("or"),
          List.of("and"),
          List.of("==", "!=", "<=", ">=", "<", ">"),
          List.of("+", "-"),
          List.of("*", "/"));

  private static final Set<String> WORDS = Set.of("or", "and");

  private final String text;
  private int at;
  private int depth;

  SelectionParser(String text) {
    this.text = text;
  }

  /**
   * What the text says.
   *
   * @throws LineException if it is no expression
   */
  Filter parse() throws LineException {
    if (text.length() > LONGEST) {
      throw new LineException("an expression of more than " + LONGEST + " characters");
    }
    Filter filter = pipe();
    if (at < text.length()) {
      throw unexpected();
    }
    return filter;
  }

  private Filter pipe() throws LineException {
    Filter filter = comma();
    while (take("|")) {
      Filter first = filter;
      Filter second = comma();
      filter = (value, out) -> first.apply(value, each -> second.apply(each, out));
    }
    return filter;
  }

  private Filter comma() throws LineException {
    Filter filter = level(0);
    while (take(",")) {
      Filter first = filter;
      Filter second = level(0);
      filter =
          (value, out) -> {
            first.apply(value, out);
            second.apply(value, out);
          };
    }
    return filter;
  }

  private Filter level(int level) throws LineException {
    if (level == LEVELS.size()) {
      return postfix();
    }
    Filter filter = level(level + 1);
    String operator = operator(level);
    while (!operator.isEmpty()) {
      filter = SelectionOperators.of(operator, filter, level(level + 1));
      operator = operator(level);
    }
    return filter;
  }

  /** The operator of a level that stands here, taken; empty if none does. */
  private String operator(int level) {
    space();
    for (String each : LEVELS.get(level)) {
      boolean isLonger = each.equals("/") && text.startsWith("//", at);
      if (!isLonger && (WORDS.contains(each) ? takeWord(each) : take(each))) {
        return each;
      }
    }
    return "";
  }

  private Filter postfix() throws LineException {
    if (++depth > DEEPEST) {
      throw new LineException("an expression that is nested more than " + DEEPEST + " deep");
    }
    Filter filter = primary();
    while (true) {
      space();
      Filter of = filter;
      if (take("?")) {
        filter =
            (value, out) -> {
              try {
                of.apply(value, out);
              } catch (Failure e) {
                // That is what it says.
              }
            };
      } else if (peek('.') && isNameOrString(at + 1)) {
        at++;
        String name = nameOrString();
        filter = (value, out) -> of.apply(value, each -> out.accept(member(each, name)));
      } else if (peek('[') || (peek('.') && at + 1 < text.length() && text.charAt(at + 1) == '[')) {
        take(".");
        filter = index(of);
      } else {
        depth--;
        return filter;
      }
    }
  }

  private Filter index(Filter of) throws LineException {
    take("[");
    if (take("]")) {
      return (value, out) -> of.apply(value, each -> elements(each).forEach(out));
    }
    Filter key = pipe();
    expect("]");
    return (value, out) ->
        of.apply(
            value,
            each ->
                key.apply(
                    value,
                    by ->
                        out.accept(
                            by.isString() ? member(each, by.asString()) : element(each, by))));
  }

  private Filter primary() throws LineException {
    space();
    if (at == text.length()) {
      throw new LineException("the expression '" + text.strip() + "' has no end");
    }
    if (take("..")) {
      return SelectionParser::all;
    }
    char c = text.charAt(at);
    if (c == '.') {
      at++;
      if (!isNameOrString(at)) {
        return (value, out) -> out.accept(value);
      }
      String name = nameOrString();
      return (value, out) -> out.accept(member(value, name));
    }
    if (take("(")) {
      Filter filter = pipe();
      expect(")");
      return filter;
    }
    if (take("[")) {
      return list();
    }
    if (take("{")) {
      return object();
    }
    if (c == '"') {
      JsonNode string = NODES.stringNode(string());
      return (value, out) -> out.accept(string);
    }
    if (c == '-' || Character.isDigit(c)) {
      JsonNode number = number();
      return (value, out) -> out.accept(number);
    }
    if (isName(c, true)) {
      return function(name());
    }
    throw unexpected();
  }

  private Filter list() throws LineException {
    if (take("]")) {
      return (value, out) -> out.accept(NODES.arrayNode());
    }
    Filter filter = pipe();
    expect("]");
    return (value, out) -> {
      ArrayNode list = NODES.arrayNode();
      filter.apply(value, list::add);
      out.accept(list);
    };
  }

  /** {@code {name, "other": EXPR}}: the last value of each. */
  private Filter object() throws LineException {
    Map<String, Filter> members = new LinkedHashMap<>();
    if (!take("}")) {
      do {
        space();
        if (!isNameOrString(at)) {
          throw unexpected();
        }
        String name = nameOrString();
        members.put(name, take(":") ? level(0) : (value, out) -> out.accept(member(value, name)));
      } while (take(","));
      expect("}");
    }
    return (value, out) -> {
      ObjectNode object = NODES.objectNode();
      members.forEach((name, filter) -> filter.apply(value, each -> object.set(name, each)));
      out.accept(object);
    };
  }

  private Filter function(String name) throws LineException {
    List<Filter> arguments = new ArrayList<>();
    if (take("(")) {
      do {
        arguments.add(pipe());
      } while (take(";"));
      expect(")");
    }
    return SelectionFunctions.of(name, arguments);
  }

  private static void all(JsonNode value, Consumer<JsonNode> out) {
    out.accept(value);
    value.forEach(each -> all(each, out));
  }

  static JsonNode member(JsonNode value, String name) {
    if (value.isNull()) {
      return value;
    }
    if (!value.isObject()) {
      throw new Failure(
          "cannot index " + SelectionFunctions.type(value) + " with \"" + name + "\"");
    }
    JsonNode member = value.get(name);
    return member == null ? NODES.nullNode() : member;
  }

  private static JsonNode element(JsonNode value, JsonNode index) {
    if (value.isNull()) {
      return value;
    }
    if (!value.isArray() || !index.isNumber()) {
      throw new Failure(
          "cannot index "
              + SelectionFunctions.type(value)
              + " with "
              + SelectionFunctions.type(index));
    }
    BigDecimal number = index.decimalValue();
    if (number.abs().compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) > 0) {
      return NODES.nullNode();
    }
    int position = number.setScale(0, RoundingMode.FLOOR).intValue();
    JsonNode element = value.get(position < 0 ? value.size() + position : position);
    return element == null ? NODES.nullNode() : element;
  }

  private static Iterable<JsonNode> elements(JsonNode value) {
    if (!value.isContainer()) {
      throw new Failure("cannot iterate over " + SelectionFunctions.type(value));
    }
    return value;
  }

  private void space() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private boolean peek(char c) {
    return at < text.length() && text.charAt(at) == c;
  }

  private boolean take(String token) {
    space();
    if (text.startsWith(token, at)) {
      at += token.length();
      return true;
    }
    return false;
  }

  private boolean takeWord(String word) {
    int end = at + word.length();
    if (text.startsWith(word, at) && (end == text.length() || !isName(text.charAt(end), false))) {
      at = end;
      return true;
    }
    return false;
  }

  private void expect(String token) throws LineException {
    if (!take(token)) {
      throw at < text.length()
          ? unexpected()
          : new LineException("'" + token + "' is missing at the end of '" + text.strip() + "'");
    }
  }

  private LineException unexpected() {
    return new LineException(
        "'"
            + Value.excerpt(text.substring(at))
            + "' is not understood in '"
            + Value.excerpt(text)
            + "'");
  }

  private static boolean isName(char c, boolean first) {
    return c == '_' || Character.isLetter(c) || (!first && Character.isDigit(c));
  }

  private boolean isNameOrString(int from) {
    return from < text.length() && (text.charAt(from) == '"' || isName(text.charAt(from), true));
  }

  private String nameOrString() throws LineException {
    return peek('"') ? string() : name();
  }

  /** A hyphen before a letter belongs to a name, as most of QEMU's have one. */
  private String name() {
    int from = at;
    while (at < text.length()
        && (isName(text.charAt(at), at == from)
            || (text.charAt(at) == '-'
                && at > from
                && at + 1 < text.length()
                && isName(text.charAt(at + 1), true)))) {
      at++;
    }
    return text.substring(from, at);
  }

  private String string() throws LineException {
    int from = at++;
    while (at < text.length() && text.charAt(at) != '"') {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= text.length()) {
      throw new LineException("the string has no end: " + Value.excerpt(text.substring(from)));
    }
    at++;
    return Value.json(text.substring(from, at)).asString();
  }

  private JsonNode number() throws LineException {
    int from = at++;
    while (at < text.length()
        && (".eE".indexOf(text.charAt(at)) >= 0 || Character.isDigit(text.charAt(at)))) {
      at++;
    }
    return Value.json(text.substring(from, at));
  }
}
