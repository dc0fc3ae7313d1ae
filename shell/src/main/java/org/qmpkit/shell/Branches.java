package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;

/** A tree as rows of text. Its depth and size are for its maker to bound. */
final class Branches {
  private final List<String> rows = new ArrayList<>();

  /**
   * What stands in a tree.
   *
   * @param text of its row
   */
  record Branch(String text, List<Branch> below) {}

  private Branches() {}

  /** The rows of some trees, one behind the other. */
  static String text(List<Branch> roots) {
    Branches branches = new Branches();
    for (Branch each : roots) {
      branches.rows.add(each.text());
      branches.add(each.below(), "");
    }
    return String.join("\n", branches.rows);
  }

  private void add(List<Branch> some, String indent) {
    for (int i = 0; i < some.size(); i++) {
      boolean last = i == some.size() - 1;
      rows.add(indent + (last ? "└─ " : "├─ ") + some.get(i).text());
      add(some.get(i).below(), indent + (last ? "   " : "│  "));
    }
  }
}
