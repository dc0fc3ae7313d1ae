package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.qmpkit.testkit.LibxlClient.Code;
import org.qmpkit.testkit.LibxlClient.Failure;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One connection of {@link LibxlClient}: the state machine of {@code libxl__ev_qmp}. */
final class LibxlSession implements AutoCloseable {
  private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(10); // LIBXL_QMP_CMD_TIMEOUT
  private static final int RECEIVE_BUFFER_STEP = 4096; // QMP_RECEIVE_BUFFER_SIZE
  private static final int RECEIVE_BUFFER_MAX = 1 << 20; // QMP_MAX_SIZE_RX_BUF

  private enum State {
    DISCONNECTED,
    CONNECTING,
    CAPABILITY_NEGOTIATION,
    WAITING_REPLY,
    CONNECTED
  }

  private final Path socket;
  private State state = State.DISCONNECTED;
  private @Nullable Wire wire;
  private int nextId = 0x786c7100; // "xlq\0"
  private int id;
  private byte[] received = new byte[0];
  private int used;

  LibxlSession(Path socket) {
    this.socket = socket;
  }

  /**
   * Runs one command; the first one connects and negotiates before.
   *
   * @throws Failure if the command fails or the session breaks
   */
  JsonNode run(String command) {
    Deadline deadline = Deadline.in(COMMAND_TIMEOUT);
    // The caller's command takes its id before the connection is there, so on the wire
    // qmp_capabilities has the higher one.
    int messageId = nextId++;
    String message = message(command, messageId);
    if (wire == null) {
      wire = connect();
      state = State.CONNECTING;
    } else {
      send(wire, message, messageId, State.WAITING_REPLY, deadline);
    }
    while (true) {
      JsonNode response = receive(wire, deadline);
      switch (Json.Kind.of(response)) {
        case QMP -> {
          if (state != State.CONNECTING) {
            throw broken("unexpected greeting", response);
          }
          checkVersion(response);
          int capabilitiesId = nextId++;
          send(
              wire,
              message("qmp_capabilities", capabilitiesId),
              capabilitiesId,
              State.CAPABILITY_NEGOTIATION,
              deadline);
        }
        case RETURN -> {
          checkId(response);
          switch (state) {
            case CAPABILITY_NEGOTIATION ->
                send(wire, message, messageId, State.WAITING_REPLY, deadline);
            case WAITING_REPLY -> {
              state = State.CONNECTED;
              return response.path("return");
            }
            case DISCONNECTED, CONNECTING, CONNECTED ->
                throw broken("unexpected message", response);
          }
        }
        case ERROR -> {
          checkId(response);
          if (state != State.WAITING_REPLY) {
            throw broken("error in capability negotiation", response);
          }
          throw commandFailure(command, response);
        }
        case EVENT -> {}
        case OTHER -> throw broken("message of no known type", response);
      }
    }
  }

  private Wire connect() {
    try {
      return Wire.connectNow(socket);
    } catch (IOException e) {
      throw new Failure(Code.FAIL, "cannot connect to " + socket + ": " + e.getMessage(), e);
    }
  }

  private static String message(String command, int id) {
    int space = command.indexOf(' ');
    ObjectNode message = JsonNodeFactory.instance.objectNode();
    message.put("execute", space < 0 ? command : command.substring(0, space));
    message.put("id", id);
    if (space >= 0) {
      message.set("arguments", Json.parse(command.substring(space + 1)));
    }
    return Json.compact(message) + "\r\n";
  }

  private void send(Wire wire, String message, int id, State next, Deadline deadline) {
    this.id = id;
    state = next;
    try {
      if (!wire.write(ByteBuffer.wrap(message.getBytes(UTF_8)), deadline)) {
        throw new Failure(Code.TIMEDOUT, "not read by the other side: " + message.strip(), null);
      }
    } catch (IOException e) {
      throw new Failure(Code.FAIL, "failed to write " + message.strip(), e);
    }
  }

  /** The next message; what was left in the buffer comes first, as in the original. */
  private JsonNode receive(Wire wire, Deadline deadline) {
    int searched = 0;
    while (true) {
      int end = endOfMessage(searched);
      if (end >= 0) {
        byte[] line = Arrays.copyOf(received, end);
        used -= end + 2;
        System.arraycopy(received, end + 2, received, 0, used);
        return parsed(line);
      }
      searched = Math.max(0, used - 1);
      if (received.length - used < RECEIVE_BUFFER_STEP) {
        int size = received.length * 2 + RECEIVE_BUFFER_STEP;
        if (size > RECEIVE_BUFFER_MAX) {
          throw new Failure(
              Code.BUFFERFULL, "no end of message in " + used + " bytes; " + wire.excerpt(), null);
        }
        received = Arrays.copyOf(received, size);
      }
      used += read(wire, deadline);
    }
  }

  private int read(Wire wire, Deadline deadline) {
    ByteBuffer space = ByteBuffer.wrap(received, used, received.length - used);
    int count;
    try {
      count = wire.read(space, deadline);
    } catch (IOException e) {
      throw broken("error on the socket: " + e.getMessage());
    }
    if (count < 0) {
      throw broken("unexpected EOF");
    }
    if (count == 0) {
      String text = "no message within " + deadline.patience() + " while " + state;
      throw new Failure(Code.TIMEDOUT, text + "; " + wire.excerpt(), null);
    }
    return count;
  }

  private int endOfMessage(int searched) {
    for (int i = searched; i + 1 < used; i++) {
      if (received[i] == '\r' && received[i + 1] == '\n') {
        return i;
      }
    }
    return -1;
  }

  private JsonNode parsed(byte[] line) {
    try {
      return Json.parse(line);
    } catch (JacksonException e) {
      throw new Failure(
          Code.PROTOCOL_ERROR_QMP, "parse error in " + Excerpt.head(line) + where(), e);
    }
  }

  private void checkVersion(JsonNode greeting) {
    JsonNode version = greeting.path("QMP").path("version").path("qemu");
    for (String part : new String[] {"major", "minor", "micro"}) {
      if (!version.path(part).isIntegralNumber()) {
        throw broken("no integer " + part + " version in the greeting", greeting);
      }
    }
  }

  private void checkId(JsonNode response) {
    JsonNode actual = response.path("id");
    if (!actual.isIntegralNumber()) {
      throw broken("reply without an integer id", response);
    }
    // libxl keeps ids in an int and compares what is left of a longer one.
    if (actual.bigIntegerValue().intValue() != id) {
      throw broken("unexpected id, expected " + id, response);
    }
  }

  private Failure commandFailure(String command, JsonNode response) {
    JsonNode error = response.path("error");
    if (!error.path("class").isString() || !error.path("desc").isString()) {
      throw broken("error without class and desc", response);
    }
    String name = error.path("class").stringValue();
    Code code =
        switch (name) {
          case "GenericError" -> Code.QMP_GENERIC_ERROR;
          case "CommandNotFound" -> Code.QMP_COMMAND_NOT_FOUND;
          case "DeviceNotActive" -> Code.QMP_DEVICE_NOT_ACTIVE;
          case "DeviceNotFound" -> Code.QMP_DEVICE_NOT_FOUND;
          default -> Code.UNKNOWN_QMP_ERROR;
        };
    state = State.CONNECTED;
    return new Failure(code, command + ": " + name + ": " + error.path("desc").stringValue(), null);
  }

  private Failure broken(String what, JsonNode response) {
    return broken(what + ": " + Excerpt.head(Json.compact(response)));
  }

  private Failure broken(String what) {
    return new Failure(Code.PROTOCOL_ERROR_QMP, what + where(), null);
  }

  private String where() {
    return " (while " + state + (wire == null ? "" : "; " + wire.excerpt()) + ")";
  }

  @Override
  public void close() {
    if (wire != null) {
      try {
        wire.close();
      } catch (IOException e) {
        throw new Failure(Code.FAIL, "closing " + socket + " failed", e);
      }
    }
  }
}
