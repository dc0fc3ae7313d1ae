package org.qmpkit.cli;

/** What standard output is: a terminal, with colours, or something that a program reads. */
final class Screen {
  private Screen() {}

  /** Whether it is a terminal. The launcher tells, since Java can't without native code. */
  static boolean isTerminal() {
    return Boolean.getBoolean("qmpkit.terminal");
  }

  /** Whether a person sits at standard input, and sees an output. */
  static boolean isInteractive() {
    return Boolean.getBoolean("qmpkit.input");
  }

  /** Whether to use colours on it (no-color.org). */
  static boolean hasColours() {
    return isTerminal()
        && System.getenv("NO_COLOR") == null
        && !"dumb".equals(System.getenv("TERM"));
  }
}
