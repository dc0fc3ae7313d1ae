package org.qmpkit.client;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/**
 * How many commands per second a client has answered by a real QEMU, next to a raw socket that
 * writes a line and reads up to the next line's end. Both talk to one QEMU in turn, each on a
 * monitor of its own; printed are the ratios of each pair of turns. Run by bench/client-rate.
 */
final class ClientRate {
  private static final String COMMAND = "query-status";
  private static final byte[] LINE =
      ("{\"execute\":\"" + COMMAND + "\",\"id\":1}\r\n").getBytes(US_ASCII);
  private static final int WINDOW = 64;

  private ClientRate() {}

  /** What is measured: so many commands, one after another or in a window. */
  private interface Turn {
    void run(int commands) throws IOException, InterruptedException, ExecutionException;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
    int commands = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 150;
    Path socket = Files.createTempDirectory("qmpkit-rate-").resolve("raw.qmp");
    try (RealQemu qemu = RealQemu.start("-qmp", "unix:" + socket + ",server=on,wait=off");
        RawSocket raw = new RawSocket(socket);
        QmpClient client = QmpClient.connect(Address.unix(qemu.path()), QmpOptions.DEFAULT)) {
      System.out.printf(
          "%-28s %10s %10s %8s %8s %8s%n", "commands/s", "raw", "", "ratio", "p25", "p75");
      compare("execute", rounds, commands, raw::run, count -> blocking(client, count));
      compare(
          "executeAsync, 64 at a time",
          rounds,
          commands,
          raw::run,
          count -> pipelined(client, count));
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(socket.getParent());
    }
  }

  private static void compare(String name, int rounds, int commands, Turn raw, Turn ours)
      throws IOException, InterruptedException, ExecutionException {
    ours.run(60 * commands);
    double[] rates = new double[rounds];
    double[] rawRates = new double[rounds];
    double[] ratios = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      // In another order each time, so that nobody always comes after the other.
      rates[i] = i % 2 == 0 ? rate(ours, commands) : 0;
      rawRates[i] = rate(raw, commands);
      rates[i] = i % 2 == 0 ? rates[i] : rate(ours, commands);
      ratios[i] = rates[i] / rawRates[i];
    }
    System.out.printf(
        "%-28s %10.0f %10.0f %8.2f %8.2f %8.2f%n",
        name,
        at(rawRates, 0.5),
        at(rates, 0.5),
        at(ratios, 0.5),
        at(ratios, 0.25),
        at(ratios, 0.75));
  }

  private static double rate(Turn turn, int commands)
      throws IOException, InterruptedException, ExecutionException {
    long began = System.nanoTime();
    turn.run(commands);
    return commands * 1e9 / (System.nanoTime() - began);
  }

  private static double at(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.min(sorted.length - 1, share * sorted.length)];
  }

  private static void blocking(QmpClient client, int count)
      throws QmpException, InterruptedException {
    for (int i = 0; i < count; i++) {
      client.execute(COMMAND);
    }
  }

  private static void pipelined(QmpClient client, int count)
      throws InterruptedException, ExecutionException {
    List<CompletableFuture<JsonNode>> window = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      window.add(client.executeAsync(COMMAND));
      if (window.size() == WINDOW) {
        for (CompletableFuture<JsonNode> each : window) {
          each.get();
        }
        window.clear();
      }
    }
    for (CompletableFuture<JsonNode> each : window) {
      each.get();
    }
  }

  /** The least a program can do: no ids, no parsing, no events, one command at a time. */
  private static final class RawSocket implements AutoCloseable {
    private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
    private final ByteBuffer line = ByteBuffer.allocateDirect(LINE.length);

    RawSocket(Path socket) throws IOException {
      channel.connect(UnixDomainSocketAddress.of(socket));
      readLine();
      channel.write(ByteBuffer.wrap("{\"execute\":\"qmp_capabilities\"}".getBytes(US_ASCII)));
      readLine();
      line.put(LINE);
    }

    void run(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        channel.write(line.flip());
        readLine();
      }
    }

    private void readLine() throws IOException {
      buffer.clear();
      do {
        if (channel.read(buffer) < 0) {
          throw new EOFException("QEMU ended the connection");
        }
      } while (buffer.get(buffer.position() - 1) != '\n');
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
