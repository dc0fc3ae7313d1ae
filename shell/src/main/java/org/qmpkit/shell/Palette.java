package org.qmpkit.shell;

/** The colours of what is shown, as ANSI escape sequences; {@link #PLAIN} has none. */
enum Palette {
  PLAIN("", "", "", "", "", "", "", ""),
  /** Of the sixteen that every terminal with colours has, and so fit the user's own theme. */
  COLOURED(
      "\033[36m", "\033[32m", "\033[33m", "\033[35m", "\033[31m", "\033[7m", "\033[2m", "\033[0m");

  private final String key;
  private final String string;
  private final String number;
  private final String word;
  private final String error;
  private final String changed;
  private final String faint;
  private final String end;

  Palette(
      String key,
      String string,
      String number,
      String word,
      String error,
      String changed,
      String faint,
      String end) {
    this.key = key;
    this.string = string;
    this.number = number;
    this.word = word;
    this.error = error;
    this.changed = changed;
    this.faint = faint;
    this.end = end;
  }

  static Palette of(boolean colours) {
    return colours ? COLOURED : PLAIN;
  }

  String key(String text) {
    return key + text + end;
  }

  String string(String text) {
    return string + text + end;
  }

  String number(String text) {
    return number + text + end;
  }

  /** {@code true}, {@code false}, {@code null}, the name of an event. */
  String word(String text) {
    return word + text + end;
  }

  String error(String text) {
    return error + text + end;
  }

  /** What is not as it was, without colours of its own; of a terminal without any, marked. */
  String changed(String text) {
    return this == PLAIN ? "* " + text : changed + text + end;
  }

  /** What matters less. */
  String faint(String text) {
    return faint + text + end;
  }
}
