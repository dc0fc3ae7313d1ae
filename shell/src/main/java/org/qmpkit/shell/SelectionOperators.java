package org.qmpkit.shell;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.qmpkit.shell.Selection.Failure;
import org.qmpkit.shell.Selection.Filter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.JsonNodeType;

/** What stands between two expressions of a {@link Selection}. */
final class SelectionOperators {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** The order of jq between values of different kinds. */
  private static final List<JsonNodeType> ORDER =
      List.of(
          JsonNodeType.NULL,
          JsonNodeType.BOOLEAN,
          JsonNodeType.NUMBER,
          JsonNodeType.STRING,
          JsonNodeType.ARRAY,
          JsonNodeType.OBJECT);

  private SelectionOperators() {}

  static Filter of(String operator, Filter left, Filter right) {
    return switch (operator) {
      case "//" -> (value, out) -> otherwise(left, right, value).forEach(out);
      case "or" ->
          (value, out) ->
              left.apply(
                  value,
                  a -> {
                    if (Selection.isTrue(a)) {
                      out.accept(NODES.booleanNode(true));
                    } else {
                      right.apply(value, b -> out.accept(NODES.booleanNode(Selection.isTrue(b))));
                    }
                  });
      case "and" ->
          (value, out) ->
              left.apply(
                  value,
                  a -> {
                    if (Selection.isTrue(a)) {
                      right.apply(value, b -> out.accept(NODES.booleanNode(Selection.isTrue(b))));
                    } else {
                      out.accept(NODES.booleanNode(false));
                    }
                  });
      default ->
          (value, out) ->
              right.apply(value, b -> left.apply(value, a -> out.accept(result(operator, a, b))));
    };
  }

  private static List<JsonNode> otherwise(Filter left, Filter right, JsonNode value) {
    List<JsonNode> values = new ArrayList<>();
    try {
      left.apply(
          value,
          each -> {
            if (Selection.isTrue(each)) {
              values.add(each);
            }
          });
    } catch (Failure e) {
      // As nothing.
    }
    if (values.isEmpty()) {
      right.apply(value, values::add);
    }
    return values;
  }

  private static JsonNode result(String operator, JsonNode a, JsonNode b) {
    return switch (operator) {
      case "==" -> NODES.booleanNode(compare(a, b) == 0);
      case "!=" -> NODES.booleanNode(compare(a, b) != 0);
      case "<" -> NODES.booleanNode(compare(a, b) < 0);
      case "<=" -> NODES.booleanNode(compare(a, b) <= 0);
      case ">" -> NODES.booleanNode(compare(a, b) > 0);
      case ">=" -> NODES.booleanNode(compare(a, b) >= 0);
      default -> calculated(operator, a, b);
    };
  }

  private static JsonNode calculated(String operator, JsonNode a, JsonNode b) {
    if (operator.equals("+") && (a.isNull() || b.isNull())) {
      return a.isNull() ? b : a;
    }
    if (operator.equals("+") && a.isString() && b.isString()) {
      return NODES.stringNode(a.asString() + b.asString());
    }
    if (!a.isNumber() || !b.isNumber()) {
      throw new Failure(
          "cannot calculate with "
              + SelectionFunctions.type(a)
              + " and "
              + SelectionFunctions.type(b));
    }
    BigDecimal left = a.decimalValue();
    BigDecimal right = b.decimalValue();
    return switch (operator) {
      case "+" -> number(left.add(right, MathContext.DECIMAL128));
      case "-" -> number(left.subtract(right, MathContext.DECIMAL128));
      case "*" -> number(left.multiply(right, MathContext.DECIMAL128));
      default -> {
        if (right.signum() == 0) {
          throw new Failure("cannot divide by zero");
        }
        yield number(left.divide(right, MathContext.DECIMAL64));
      }
    };
  }

  static JsonNode number(BigDecimal value) {
    boolean isLong =
        value.stripTrailingZeros().scale() <= 0
            && value.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
    if (isLong) {
      return NODES.numberNode(value.longValue());
    }
    double inexact = value.doubleValue();
    if (Double.isInfinite(inexact)) {
      throw new Failure("a number comes of it that is too large");
    }
    return NODES.numberNode(inexact);
  }

  /** As jq orders all values. */
  static int compare(JsonNode a, JsonNode b) {
    int kinds = Integer.compare(ORDER.indexOf(a.getNodeType()), ORDER.indexOf(b.getNodeType()));
    if (kinds != 0) {
      return kinds;
    }
    return switch (a.getNodeType()) {
      case NUMBER -> a.decimalValue().compareTo(b.decimalValue());
      case BOOLEAN -> Boolean.compare(a.booleanValue(), b.booleanValue());
      case STRING -> a.asString().compareTo(b.asString());
      case ARRAY -> lists(a, b);
      case OBJECT -> objects(a, b);
      case NULL, BINARY, MISSING, POJO -> 0;
    };
  }

  private static int lists(JsonNode a, JsonNode b) {
    Iterator<JsonNode> others = b.iterator();
    for (JsonNode each : a) {
      int order = others.hasNext() ? compare(each, others.next()) : 1;
      if (order != 0) {
        return order;
      }
    }
    return others.hasNext() ? -1 : 0;
  }

  private static int objects(JsonNode a, JsonNode b) {
    List<String> names = a.propertyNames().stream().sorted().toList();
    List<String> others = b.propertyNames().stream().sorted().toList();
    if (!names.equals(others)) {
      return String.join("\0", names).compareTo(String.join("\0", others));
    }
    for (String each : names) {
      int order = compare(a.path(each), b.path(each));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }
}
