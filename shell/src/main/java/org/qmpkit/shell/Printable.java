package org.qmpkit.shell;

/** Text of QEMU's own making, made fit for a terminal. */
final class Printable {
  private Printable() {}

  /**
   * The text, with control characters other than tab and line feed as {@code \xNN}: they would
   * command the terminal.
   */
  static String text(String text) {
    StringBuilder printable = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c) && c != '\n' && c != '\t') {
        printable.append(String.format("\\x%02x", (int) c));
      } else {
        printable.append(c);
      }
    }
    return printable.toString();
  }
}
