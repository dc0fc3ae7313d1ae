package org.qmpkit.cli;

/** What a tool's process ends with; scripts rely on it (docs/cli.md, "Exit status"). */
final class ExitStatus {
  private ExitStatus() {}

  static final int DONE = 0;
  static final int USAGE = 2;
  static final int UNREACHABLE = 3;
  static final int NO_ANSWER = 4;
  static final int BROKEN = 6;
}
