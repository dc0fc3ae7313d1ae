package org.qmpkit.cli;

import java.io.PrintStream;

/** What the demo shows: numbered steps, command lines, and what each client sends and gets. */
final class DemoScreen {
  private static final int WIDTH = 100;

  private final PrintStream out;
  private final boolean colours;
  private int step;

  DemoScreen(PrintStream out, boolean colours) {
    this.out = out;
    this.colours = colours;
  }

  private String paint(String code, String text) {
    return colours ? "\033[" + code + "m" + text + "\033[0m" : text;
  }

  void step(String text) {
    step++;
    out.println();
    out.println(paint("1", step + ". " + text));
  }

  void say(String text) {
    out.println("   " + text);
  }

  void command(String text) {
    out.println("   " + paint("2", "$ " + text));
  }

  void sent(String client, String text) {
    out.println("   " + paint("36", client + " > ") + shown(text));
  }

  void got(String client, String line) {
    String code = line.contains("\"error\"") ? "31" : line.contains("\"event\"") ? "35" : "32";
    out.println("   " + paint(code, client + " < ") + shown(line));
  }

  void good(String text) {
    out.println("   " + paint("32", "✓ ") + text);
  }

  /** One line of a terminal: control bytes visible, the middle of a long line left out. */
  private static String shown(String text) {
    StringBuilder visible = new StringBuilder();
    for (char c : text.strip().toCharArray()) {
      visible.append(Character.isISOControl(c) ? String.format("\\x%02x", (int) c) : "" + c);
    }
    int over = visible.length() - WIDTH;
    if (over > 0) {
      visible.replace(60, 60 + over + 3, "…");
    }
    return visible.toString();
  }
}
