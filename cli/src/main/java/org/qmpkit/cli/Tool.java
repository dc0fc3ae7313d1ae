package org.qmpkit.cli;

import java.util.List;
import org.qmpkit.shell.ExitStatus;

/** One tool of {@code qmp}: what runs behind a subcommand. */
interface Tool {
  /** The subcommand. */
  String name();

  /** What it is for, in a line. */
  String summary();

  /** What {@code --help} prints. */
  String help();

  /**
   * Runs it; blocks.
   *
   * @param arguments what follows the subcommand
   * @return an {@link ExitStatus}
   * @throws UsageException if the arguments make no sense
   */
  int run(List<String> arguments) throws UsageException;
}
