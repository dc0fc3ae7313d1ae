package org.qmpkit.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One domain's QMP as libxl uses it: a model of {@code libxl__ev_qmp} (Xen,
 * tools/libs/light/libxl_qmp.c) that is as easily broken as the original.
 *
 * <p>Each operation is a connection of its own, and operations of one instance wait for each other,
 * as libxl's lock file makes them do. Whatever breaks libxl's session breaks the operation. It is
 * stricter in one point: libxl takes a version that it cannot read for -1, here the greeting must
 * have it. It is laxer in another: libxl drops what has come if it learns of the connection's end
 * at the same time, here it is read first.
 */
public final class LibxlClient {
  private final Path socket;

  /** Makes a client for the monitor at {@code socket}; connects to nothing yet. */
  public LibxlClient(Path socket) {
    this.socket = socket;
  }

  /**
   * Connects, negotiates, sends the commands one after the other, and closes. Blocks until all are
   * answered; each may take 10 s.
   *
   * @param commands each a name, or a name, a space and its arguments as a JSON object
   * @return what the commands returned, in order
   * @throws Failure if a command fails or the session breaks, by libxl's reckoning
   * @throws IllegalArgumentException if there is no command
   */
  public synchronized List<JsonNode> operation(String... commands) {
    if (commands.length == 0) {
      throw new IllegalArgumentException("an operation of libxl has at least one command");
    }
    List<JsonNode> returns = new ArrayList<>();
    try (LibxlSession session = new LibxlSession(socket)) {
      for (String command : commands) {
        returns.add(session.run(command));
      }
    }
    return returns;
  }

  /** libxl's own result codes, without their {@code ERROR_}. */
  public enum Code {
    /** Connecting or writing failed; a full backlog is a failure too. */
    FAIL,
    /** Nothing came of the command within its 10 s. */
    TIMEDOUT,
    /** The session broke: what came is not what the protocol has at that place. */
    PROTOCOL_ERROR_QMP,
    /** A message did not fit the receive buffer of about 1 MiB. */
    BUFFERFULL,
    /** The command failed with GenericError. */
    QMP_GENERIC_ERROR,
    /** The command failed with CommandNotFound. */
    QMP_COMMAND_NOT_FOUND,
    /** The command failed with DeviceNotActive. */
    QMP_DEVICE_NOT_ACTIVE,
    /** The command failed with DeviceNotFound. */
    QMP_DEVICE_NOT_FOUND,
    /** The command failed with a class that libxl does not know. */
    UNKNOWN_QMP_ERROR
  }

  /** An operation that failed as libxl's would. */
  public static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final Code code;

    Failure(Code code, String message, @Nullable Throwable cause) {
      super("ERROR_" + code + ": " + message, cause);
      this.code = code;
    }

    /** What libxl would hand its caller. */
    public Code code() {
      return code;
    }
  }
}
