package org.qmpkit.recording;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file is no recording, or none that can be replayed; the message names file, line and reason.
 */
public final class RecordingException extends IOException {
  private static final long serialVersionUID = 1;

  private final int line;

  RecordingException(Path file, int line, String why, @Nullable Exception cause) {
    super("cannot read the recording " + file + ": line " + line + ": " + why, cause);
    this.line = line;
  }

  /** Where the fault is, counted from 1. */
  public int line() {
    return line;
  }
}
