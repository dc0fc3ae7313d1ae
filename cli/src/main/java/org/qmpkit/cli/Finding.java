package org.qmpkit.cli;

/**
 * One thing that {@code qmp doctor} has looked at, and how it is.
 *
 * @param id what was looked at, in a word for machines
 * @param text what was found, in a sentence
 * @param remedy the command that mends it, or what to do; empty where nothing needs mending
 */
record Finding(Level level, String id, String text, String remedy) {
  /** How much it is in the way of QMP. */
  enum Level {
    /** Not at all. */
    OK,
    /** Not now, but somebody may wonder. */
    WARNING,
    /** Nothing gets through. */
    FAULT
  }

  static Finding ok(String id, String text) {
    return new Finding(Level.OK, id, text, "");
  }

  static Finding warning(String id, String text, String remedy) {
    return new Finding(Level.WARNING, id, text, remedy);
  }

  static Finding fault(String id, String text, String remedy) {
    return new Finding(Level.FAULT, id, text, remedy);
  }
}
