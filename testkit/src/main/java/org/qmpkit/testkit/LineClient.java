package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * A plain QMP client that reads by line, and demands what clients in the field demand of a line:
 * printable ASCII, ended by CR LF.
 *
 * <p>Methods block for as long as the client is patient, 10 s unless told otherwise. Whatever was
 * expected and did not come is an {@link AssertionError} that shows the last bytes seen. One thread
 * may send while another reads. A client that is not asked for a line does not read: it is a slow
 * reader at will.
 */
public final class LineClient implements AutoCloseable {
  private static final int CHUNK = 256 << 10;

  private final Wire wire;
  private final Duration patience;
  private final List<String> events = new ArrayList<>();
  private byte[] buffer = new byte[CHUNK];
  private int from;
  private int to;
  private int scanned;
  private boolean greeted;
  private @Nullable String end;

  private LineClient(Wire wire, Duration patience) {
    this.wire = wire;
    this.patience = patience;
  }

  /**
   * Connects to a UNIX socket with a patience of 10 s.
   *
   * @throws IOException if nobody listens there, or if the listener's backlog stays full
   */
  public static LineClient connect(Path socket) throws IOException {
    return connect(socket, Deadline.USUAL);
  }

  /**
   * Connects to a UNIX socket; a full backlog is waited for.
   *
   * @param patience how long this and every later wait may take
   * @throws IOException if nobody listens there, or if the listener's backlog stays full
   */
  public static LineClient connect(Path socket, Duration patience) throws IOException {
    return new LineClient(Wire.connect(socket, Deadline.in(patience)), patience);
  }

  /**
   * The greeting, which must be the next line.
   *
   * @throws AssertionError if the next line is something else, or none comes
   * @throws IOException if this client was closed
   */
  public String greeting() throws IOException {
    String line = line("a greeting");
    if (Json.Kind.of(message("a greeting", line)) != Json.Kind.QMP) {
      throw failure("a greeting", Excerpt.head(line));
    }
    greeted = true;
    return line;
  }

  /**
   * Reads the greeting, unless it was read before, and leaves negotiation mode.
   *
   * @param capabilities what to enable, such as {@code oob}
   * @throws AssertionError if the greeting or a success does not come
   * @throws IOException if the connection cannot be written to
   */
  public void negotiate(String... capabilities) throws IOException {
    if (!greeted) {
      greeting();
    }
    String arguments =
        capabilities.length == 0
            ? ""
            : ", \"arguments\": {\"enable\": [\"" + String.join("\", \"", capabilities) + "\"]}";
    String reply = ask("{\"execute\": \"qmp_capabilities\"" + arguments + "}\r\n");
    if (Json.Kind.of(message("success", reply)) != Json.Kind.RETURN) {
      throw failure("success of qmp_capabilities", Excerpt.head(reply));
    }
  }

  /**
   * Sends {@code raw} in UTF-8, exactly as it is: no line end is added.
   *
   * @throws AssertionError if the other side does not take it within the client's patience
   * @throws IOException if the other side is gone
   */
  public void send(String raw) throws IOException {
    sendBytes(raw.getBytes(UTF_8));
  }

  /**
   * Sends {@code raw}.
   *
   * @throws AssertionError if the other side does not take it within the client's patience
   * @throws IOException if the other side is gone
   */
  public void sendBytes(byte[] raw) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(raw);
    if (!wire.write(bytes, Deadline.in(patience))) {
      String taken = bytes.position() + " of " + raw.length + " bytes were taken";
      throw failure("the other side to read within " + patience, taken);
    }
  }

  /**
   * Sends {@code json} as it is and waits for the reply.
   *
   * @throws AssertionError as {@link #send} and {@link #reply}
   * @throws IOException if the other side is gone
   */
  public String ask(String json) throws IOException {
    send(json);
    return reply();
  }

  /**
   * The next line, without its end.
   *
   * @throws AssertionError if none comes in time, or what comes is no line of printable ASCII ended
   *     by CR LF
   * @throws IOException if this client was closed
   */
  public String line() throws IOException {
    return line("a line");
  }

  /**
   * The next line that is not an event; events before it are added to {@link #events}.
   *
   * @throws AssertionError as {@link #line}, and if a line is not exactly one JSON object
   * @throws IOException if this client was closed
   */
  public String reply() throws IOException {
    while (true) {
      String line = line("a reply");
      if (Json.Kind.of(message("a reply", line)) != Json.Kind.EVENT) {
        return line;
      }
      events.add(line);
    }
  }

  /**
   * The next line, which must be the event {@code name}; it is not added to {@link #events}.
   *
   * @throws AssertionError as {@link #line}, and if the line is anything else
   * @throws IOException if this client was closed
   */
  public String event(String name) throws IOException {
    String expected = "event " + name;
    String line = line(expected);
    if (!message(expected, line).path("event").asString("").equals(name)) {
      throw failure(expected, Excerpt.head(line));
    }
    return line;
  }

  /** The events that {@link #reply} has skipped so far, in order. */
  public List<String> events() {
    return List.copyOf(events);
  }

  /**
   * Ends the sending direction; replies can still be read.
   *
   * @throws IOException if the connection is gone
   */
  public void halfClose() throws IOException {
    wire.endOutput();
  }

  /**
   * Waits until the other side has closed, in order or by a reset.
   *
   * @return the lines that came before
   * @throws AssertionError if the end does not come in time, or comes in the middle of a line
   * @throws IOException if this client was closed
   */
  public List<String> expectEnd() throws IOException {
    Deadline deadline = Deadline.in(patience);
    List<String> lines = new ArrayList<>();
    while (true) {
      String line = nextLine("the end", deadline);
      if (line == null) {
        return lines;
      }
      lines.add(line);
    }
  }

  /**
   * Watches the connection for {@code quiet}.
   *
   * @throws AssertionError if anything comes, or came before and was not read yet; the end counts
   * @throws IOException if this client was closed
   */
  public void silent(Duration quiet) throws IOException {
    String expected = "silence for " + quiet;
    if (from == to && !fill(Deadline.in(quiet)) && end == null) {
      return;
    }
    throw failure(expected, came());
  }

  /** Closes the connection after reading what has come, so that the other side sees a plain end. */
  @Override
  public void close() throws IOException {
    try {
      Deadline now = Deadline.in(Duration.ZERO);
      ByteBuffer rest = ByteBuffer.allocate(CHUNK);
      while (wire.read(rest.clear(), now) > 0) {}
    } catch (IOException e) {
      // Closed already, or reset by the other side: nothing is left to be read.
    } finally {
      wire.close();
    }
  }

  /**
   * Closes the connection at once. If anything unread has come, the other side gets ECONNRESET, the
   * only reset that UNIX sockets have; otherwise it sees a plain end.
   *
   * @throws IOException if closing fails
   */
  public void reset() throws IOException {
    wire.close();
  }

  private String line(String expected) throws IOException {
    String line = nextLine(expected, Deadline.in(patience));
    if (line == null) {
      throw failure(expected, end);
    }
    return line;
  }

  /** The next line, or null at the end. */
  private @Nullable String nextLine(String expected, Deadline deadline) throws IOException {
    while (true) {
      for (; scanned < to; scanned++) {
        if (buffer[scanned] == '\n') {
          String line = checked(from, ++scanned);
          from = scanned;
          return line;
        }
      }
      if (!fill(deadline)) {
        if (end == null) {
          throw failure(expected + " within " + deadline.patience(), came());
        }
        if (from < to) {
          throw failure(expected, end + " in the middle of a line: " + came());
        }
        return null;
      }
    }
  }

  private String checked(int start, int stop) {
    if (stop - start < 2 || buffer[stop - 2] != '\r') {
      throw failure("a line ended by CR LF", bytes(start, stop));
    }
    if (stop - start == 2) {
      throw failure("a message on each line", "an empty line");
    }
    for (int i = start; i < stop - 2; i++) {
      if (buffer[i] < 0x20 || buffer[i] > 0x7e) {
        String what = String.format("0x%02x at column %d of ", buffer[i] & 0xff, i - start);
        throw failure("printable ASCII", what + bytes(start, stop));
      }
    }
    return new String(buffer, start, stop - 2 - start, US_ASCII);
  }

  /** Reads more. False if nothing came: at the deadline, or at the end, which is then noted. */
  private boolean fill(Deadline deadline) throws IOException {
    if (end != null) {
      return false;
    }
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, to - from);
      scanned -= from;
      to -= from;
      from = 0;
    }
    if (buffer.length - to < CHUNK) {
      buffer = Arrays.copyOf(buffer, buffer.length * 2);
    }
    int count;
    try {
      count = wire.read(ByteBuffer.wrap(buffer, to, CHUNK), deadline);
    } catch (SocketException e) {
      end = "the connection was reset (" + e.getMessage() + ")";
      return false;
    }
    if (count < 0) {
      end = "the connection ended";
      return false;
    }
    to += count;
    return count > 0;
  }

  private JsonNode message(String expected, String line) {
    try {
      JsonNode message = Json.parse(line);
      if (message.isObject()) {
        return message;
      }
    } catch (JacksonException e) {
      throw new AssertionError(text(expected, "no JSON: " + Excerpt.head(line)), e);
    }
    throw failure(expected, "no JSON object: " + Excerpt.head(line));
  }

  private String came() {
    if (from < to) {
      return bytes(from, to);
    }
    return end == null ? "nothing" : end;
  }

  private String bytes(int start, int stop) {
    return Excerpt.head(Arrays.copyOfRange(buffer, start, stop));
  }

  private AssertionError failure(String expected, @Nullable String came) {
    return new AssertionError(text(expected, came));
  }

  private String text(String expected, @Nullable String came) {
    return "expected " + expected + "; came: " + came + "; " + wire.excerpt();
  }
}
