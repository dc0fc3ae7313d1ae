package org.qmpkit.cli;

/** A command line that makes no sense; the message says which part, and what would. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
