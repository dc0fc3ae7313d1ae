package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jline.utils.WCWidth;
import tools.jackson.databind.JsonNode;

/**
 * A list of objects as a table: a row each, a column for each member that any of them has. One
 * object is a table of two columns; anything else is JSON.
 */
final class Table {
  private static final String GAP = "  ";

  /** U+0080 to U+009F command a terminal, too. */
  private static final Pattern CONTROLS = Pattern.compile("[\\p{Cntrl}\\u0080-\\u009f]+");

  private Table() {}

  static String text(JsonNode value, Palette palette) {
    boolean objects =
        value.isArray() && !value.isEmpty() && value.valueStream().allMatch(JsonNode::isObject);
    if (objects) {
      Set<String> columns = new LinkedHashSet<>();
      value.valueStream().forEach(each -> columns.addAll(each.propertyNames()));
      List<List<String>> rows = new ArrayList<>();
      for (JsonNode each : value) {
        rows.add(columns.stream().map(column -> cell(each.get(column))).toList());
      }
      return text(columns.stream().map(Table::printable).toList(), rows, palette);
    }
    if (value.isObject() && !value.isEmpty()) {
      List<List<String>> rows = new ArrayList<>();
      value
          .properties()
          .forEach(each -> rows.add(List.of(printable(each.getKey()), cell(each.getValue()))));
      return text(List.of("member", "value"), rows, palette);
    }
    return JsonText.compact(value, palette);
  }

  private static String text(List<String> head, List<List<String>> rows, Palette palette) {
    int[] widths = new int[head.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = width(head.get(i));
      for (List<String> row : rows) {
        widths[i] = Math.max(widths[i], width(row.get(i)));
      }
    }
    StringBuilder text = new StringBuilder(palette.key(line(head, widths)));
    rows.forEach(row -> text.append('\n').append(line(row, widths)));
    return text.toString();
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(i == 0 ? "" : GAP).append(cells.get(i));
      if (i < widths.length - 1) {
        line.repeat(' ', widths[i] - width(cells.get(i)));
      }
    }
    return line.toString();
  }

  /** Strings as they are, as far as they print; all else as JSON. */
  private static String cell(@org.jspecify.annotations.Nullable JsonNode value) {
    if (value == null) {
      return "";
    }
    return value.isString() ? printable(value.asString()) : JsonText.compact(value, Palette.PLAIN);
  }

  private static String printable(String text) {
    return CONTROLS.matcher(text).replaceAll(" ");
  }

  /** In columns of the screen. */
  private static int width(String text) {
    return text.codePoints().map(each -> Math.max(WCWidth.wcwidth(each), 0)).sum();
  }
}
