package org.qmpkit.cli;

/** The demo could not show what it says; the message tells what came instead. */
final class DemoException extends Exception {
  private static final long serialVersionUID = 1;

  DemoException(String message) {
    super(message);
  }
}
