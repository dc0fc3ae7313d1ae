package org.qmpkit.shell;

/** What executes lines, of whatever origin, as if they were typed. One thread at a time. */
interface Lines {
  /** Executes one; blocks. Gives an {@link ExitStatus}. */
  int execute(String line);

  /** Whether what was executed last goes on in the next line: it is JSON, or in a transaction. */
  boolean goOn();

  /** Drops what would go on. */
  void abandon();
}
