package org.qmpkit.it;

/** Signals to processes. */
final class Signals {
  private Signals() {}

  /**
   * Sends one.
   *
   * @param name without {@code SIG}
   * @throws AssertionError if there is no such process
   */
  static void send(String name, long pid) {
    Program.Outcome kill =
        Program.outcome(new ProcessBuilder("kill", "-" + name, Long.toString(pid)));
    if (kill.status() != 0) {
      throw new AssertionError("kill -" + name + " " + pid + " failed: " + kill.err());
    }
  }
}
