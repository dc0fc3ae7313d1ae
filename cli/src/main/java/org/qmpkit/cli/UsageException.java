package org.qmpkit.cli;

import org.qmpkit.shell.ExitStatus;

/** A command line that can't be done; the message says which part, why, and what can. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;

  /** One that makes no sense. */
  UsageException(String message) {
    this(message, ExitStatus.USAGE);
  }

  /**
   * One that makes sense, but not now.
   *
   * @param status an {@link ExitStatus}
   */
  UsageException(String message, int status) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
