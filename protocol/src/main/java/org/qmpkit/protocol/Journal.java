package org.qmpkit.protocol;

/** Takes what an operator should hear, one line a time. Called on the thread of the caller. */
@FunctionalInterface
public interface Journal {
  /** How much a line matters, as syslog's severities of the same names. */
  enum Severity {
    /** What only somebody who looks for a fault wants to know, such as a client that left. */
    DEBUG,
    /** What goes as it should. */
    INFO,
    /** What an operator should look at, though all goes on. */
    WARNING,
    /** What no longer works. */
    ERROR
  }

  /**
   * Takes one line.
   *
   * @param subject whom it is about ("client 3"), or empty
   * @param text what happened; may hold bytes of a peer, to be escaped by whoever prints it
   */
  void note(Severity severity, String subject, String text);
}
