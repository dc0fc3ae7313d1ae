package org.qmpkit.cli;

import java.util.List;

/** Rows of cells, each column as wide as its widest cell. */
final class Columns {
  private Columns() {}

  /** A line for each row, without blanks at its end. */
  static List<String> lines(List<String[]> rows) {
    int[] widths = new int[rows.getFirst().length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    return rows.stream()
        .map(row -> {
          StringBuilder line = new StringBuilder();
          for (int i = 0; i < row.length; i++) {
            line.append(row[i]).repeat(' ', widths[i] - row[i].length() + 2);
          }
          return line.toString().stripTrailing();
        })
        .toList();
  }
}
