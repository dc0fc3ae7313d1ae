package org.qmpkit.shell;

/** A line that is no command; the message says which part of it, and why. */
public sealed class LineException extends Exception {
  private static final long serialVersionUID = 1;

  LineException(String message) {
    super(message);
  }

  /** What is there is right, and its end is missing. */
  static final class Incomplete extends LineException {
    private static final long serialVersionUID = 1;

    Incomplete(String message) {
      super(message);
    }
  }

  /** What is selected of the answer makes no sense. */
  static final class OfSelection extends LineException {
    private static final long serialVersionUID = 1;

    OfSelection(String message) {
      super(message);
    }
  }
}
