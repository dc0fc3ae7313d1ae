package org.qmpkit.net;

import java.io.IOException;

/** A UNIX socket on which somebody listens, and others wait already for as many as may. */
public final class BacklogFullException extends IOException {
  private static final long serialVersionUID = 1;

  /** Without a stack trace: it is met again and again until there is room. */
  public BacklogFullException() {
    super("the backlog is full");
  }

  @Override
  public Throwable fillInStackTrace() {
    return this;
  }
}
