package org.qmpkit.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/**
 * A real QEMU and a helper that shares its monitor, in one folder; most tests talk to this.
 *
 * @param socket where clients connect
 */
record SharedQemu(RealQemu qemu, HelperProcess helper, Path socket) implements AutoCloseable {
  private static final String STATUS = "{\"execute\": \"__org.qmpkit_status\"}";

  /** Starts both; QEMU is an empty and stopped machine unless its arguments say otherwise. */
  static SharedQemu start(Path folder, String... qemuArguments) throws IOException {
    RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"), qemuArguments);
    try {
      Path socket = folder.resolve("shared.qmp");
      return new SharedQemu(qemu, HelperProcess.sharing(socket, qemu.path()), socket);
    } catch (IOException | RuntimeException | AssertionError e) {
      qemu.close();
      throw e;
    }
  }

  /** A client that has connected and not read anything yet. */
  LineClient connect() throws IOException {
    return LineClient.connect(socket, Patience.LIMIT);
  }

  /** A client that has negotiated. */
  LineClient client(String... capabilities) throws IOException {
    return negotiated(socket, capabilities);
  }

  /** A client of any socket that has negotiated. */
  static LineClient negotiated(Path socket, String... capabilities) throws IOException {
    LineClient client = LineClient.connect(socket, Patience.LIMIT);
    try {
      client.negotiate(capabilities);
      return client;
    } catch (IOException | AssertionError e) {
      client.close();
      throw e;
    }
  }

  /** Waits until so many commands are with QEMU and not answered, as the helper tells. */
  void awaitInFlight(int count) throws IOException {
    awaitStatus(count + " commands in flight", status -> status.path("in-flight").size() == count);
  }

  /** Waits until the helper tells a status of itself. */
  JsonNode awaitStatus(String expected, Predicate<JsonNode> wanted) throws IOException {
    return awaitStatus(socket, expected, wanted);
  }

  /** Waits until the helper at a socket tells a status of itself. */
  static JsonNode awaitStatus(Path socket, String expected, Predicate<JsonNode> wanted)
      throws IOException {
    JsonNode[] last = new JsonNode[1];
    return Patience.find(
        expected,
        () -> {
          last[0] = status(socket);
          return Optional.of(last[0]).filter(wanted);
        },
        () -> String.valueOf(last[0]));
  }

  /** What the helper at a socket tells of itself. */
  static JsonNode status(Path socket) throws IOException {
    try (LineClient client = LineClient.connect(socket, Patience.LIMIT)) {
      JsonNode answer = Messages.parse(client.ask(STATUS));
      // A helper whose QEMU is there greets first.
      return (answer.has("QMP") ? Messages.parse(client.reply()) : answer).path("return");
    }
  }

  @Override
  public void close() {
    try (RealQemu last = qemu) {
      assert last != null;
      helper.close();
    }
  }
}
