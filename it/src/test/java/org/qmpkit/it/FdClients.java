package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sockets that pass descriptors, which Java's can't: each method has {@code descriptors.py} do it,
 * in a process of its own.
 */
final class FdClients implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final Path script;
  private final Process process;
  private final Writer to;
  private final BufferedReader from;

  private FdClients(Path script, Process process) {
    this.script = script;
    this.process = process;
    this.to = new OutputStreamWriter(process.getOutputStream(), UTF_8);
    this.from = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
  }

  static FdClients start() throws IOException {
    Path script = Files.createTempFile("qmpkit-it-", ".py");
    try (InputStream own = FdClients.class.getResourceAsStream("/descriptors.py")) {
      Files.write(script, Objects.requireNonNull(own).readAllBytes());
    }
    return new FdClients(
        script,
        new ProcessBuilder("python3", script.toString()).redirectError(Redirect.INHERIT).start());
  }

  private JsonNode call(Object... words) throws IOException {
    to.write(MAPPER.writeValueAsString(words) + "\n");
    to.flush();
    String answer = from.readLine();
    if (answer == null) {
      throw new AssertionError("descriptors.py has failed at " + MAPPER.writeValueAsString(words));
    }
    return MAPPER.readTree(answer);
  }

  /** The process that all of these clients are. */
  long pid() {
    return process.pid();
  }

  void connect(String name, Path socket) throws IOException {
    call("connect", name, socket.toString());
  }

  /** A client that has negotiated. */
  void negotiate(String name, Path socket) throws IOException {
    connect(name, socket);
    line(name);
    ask(name, "{\"execute\": \"qmp_capabilities\"}");
  }

  void listen(String name, Path socket) throws IOException {
    call("listen", name, socket.toString());
  }

  void accept(String listener, String name) throws IOException {
    call("accept", listener, name);
  }

  /** Sends with so many descriptors on the first byte; returns the numbers of their pipes. */
  List<Integer> send(String name, String text, int descriptors) throws IOException {
    List<Integer> pipes = new ArrayList<>();
    call("send", name, text, descriptors).forEach(each -> pipes.add(each.intValue()));
    return pipes;
  }

  /** The next line of QMP; null at the end. */
  @Nullable String line(String name) throws IOException {
    JsonNode line = call("line", name);
    return line.isNull() ? null : line.stringValue();
  }

  /** Asks something, and returns the next line. */
  String ask(String name, String command) throws IOException {
    send(name, command, 0);
    return answer(name);
  }

  /** The next line that is no event. */
  String answer(String name) throws IOException {
    String line = line(name);
    while (line != null && line.contains("\"event\":")) {
      line = line(name);
    }
    return Objects.requireNonNull(line, "the end came");
  }

  /** What came next, and how many descriptors with it. */
  JsonNode receive(String name) throws IOException {
    return call("receive", name, 1000);
  }

  /** Sends pieces with a descriptor each until no more is taken; returns how many. */
  int stuff(String name, int size) throws IOException {
    return call("stuff", name, size).intValue();
  }

  /** Reads so many pieces; whether each came with the descriptor that was sent with it. */
  boolean drain(String name, int size, int pieces) throws IOException {
    return call("drain", name, size, pieces).booleanValue();
  }

  void close(String name) throws IOException {
    call("close", name);
  }

  /** Waits until nobody has the other end of a pipe. */
  void awaitGone(List<Integer> pipes) throws IOException {
    for (int each : pipes) {
      if (!call("gone", each, Patience.LIMIT.toSeconds()).booleanValue()) {
        throw new AssertionError("somebody still has the other end of pipe " + each);
      }
    }
  }

  /** Whether somebody has the other end of a pipe now. */
  boolean held(int pipe) throws IOException {
    return !call("gone", pipe, 0).booleanValue();
  }

  /** So many clients come and go; every other one leaves in the middle of something. */
  void churn(Path socket, int rounds, int seed) throws IOException {
    call("churn", socket.toString(), rounds, seed);
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Program.ended(process);
    Files.deleteIfExists(script);
  }
}
