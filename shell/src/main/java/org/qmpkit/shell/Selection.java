package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * What of an answer is wanted: an expression that means what it means to {@code jq}, out of a part
 * of its language (docs/shell.md, "Selecting"), and how to write it. Immutable.
 *
 * @param text as it was typed
 * @param filter what it does; null for nothing
 * @param format how to write what comes of it; null for as ever
 */
record Selection(String text, @Nullable Filter filter, @Nullable Format format) {
  /** As many values may come of one. */
  private static final int MOST = 100_000;

  /** Makes any number of values of one. */
  interface Filter {
    /**
     * Gives the values that come of one.
     *
     * @throws Failure if it can't be done with this value
     */
    void apply(JsonNode value, Consumer<JsonNode> out);
  }

  /** A value that an expression can't be used with. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failure(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Reads one: an expression, the name of a format, or the former, a bar and the latter.
   *
   * @throws LineException if it is none
   */
  static Selection of(String text) throws LineException {
    String expression = text.strip();
    int bar = expression.lastIndexOf('|');
    String last = expression.substring(bar + 1).strip();
    Format format = Format.named(last.toLowerCase(Locale.ROOT)).orElse(null);
    if (format != null) {
      expression = bar < 0 ? "" : expression.substring(0, bar);
    }
    if (expression.isBlank()) {
      if (format == null) {
        throw new LineException("there is no expression behind the bar");
      }
      return new Selection(text, null, format);
    }
    return new Selection(text, new SelectionParser(expression).parse(), format);
  }

  /**
   * What comes of a value.
   *
   * @throws LineException if the expression can't be used with it
   */
  List<JsonNode> of(JsonNode value) throws LineException {
    Filter wanted = filter;
    if (wanted == null) {
      return List.of(value);
    }
    List<JsonNode> values = new ArrayList<>();
    try {
      wanted.apply(
          value,
          each -> {
            if (values.size() == MOST) {
              throw new Failure("more than " + MOST + " values come of it");
            }
            values.add(each);
          });
    } catch (Failure e) {
      throw refused(e.getMessage());
    } catch (JacksonException | ArithmeticException e) {
      throw refused("it can't be calculated with such a number: " + e.getMessage());
    }
    return values;
  }

  private LineException refused(@Nullable String why) {
    return new LineException("'" + text.strip() + "': " + why);
  }

  /**
   * Whether it holds for a value: the last that comes of it is neither {@code false} nor {@code
   * null}, and there is one.
   *
   * @throws LineException if the expression can't be used with it
   */
  boolean holds(JsonNode value) throws LineException {
    List<JsonNode> values = of(value);
    return !values.isEmpty() && isTrue(values.getLast());
  }

  /** What is true: all but {@code false} and {@code null}. */
  static boolean isTrue(JsonNode value) {
    return !value.isNull() && !(value.isBoolean() && !value.booleanValue());
  }

  /** What comes of a value, as text; a list of them where a table is wanted. */
  String text(JsonNode value, Format usual, Palette palette) throws LineException {
    List<JsonNode> values = of(value);
    Format wanted = format == null ? usual : format;
    if (wanted == Format.TABLE && values.size() > 1) {
      values = List.of(JsonNodeFactory.instance.arrayNode().addAll(values));
    }
    return String.join("\n", values.stream().map(each -> wanted.text(each, palette)).toList());
  }
}
