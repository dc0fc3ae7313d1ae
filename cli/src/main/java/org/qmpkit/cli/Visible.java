package org.qmpkit.cli;

/** Text of others' making, made fit for a line on a terminal. */
final class Visible {
  private Visible() {}

  /**
   * The text, with {@code ?} for each control character, of ASCII or above: they would command the
   * terminal; and with {@code …} for what is longer.
   *
   * @param longest how many characters it may have, at least 1
   */
  static String text(String text, int longest) {
    boolean cut = text.length() > longest;
    StringBuilder visible = new StringBuilder();
    for (int i = 0; i < (cut ? longest - 1 : text.length()); i++) {
      char c = text.charAt(i);
      visible.append(Character.isISOControl(c) ? '?' : c);
    }
    return visible.append(cut ? "…" : "").toString();
  }
}
