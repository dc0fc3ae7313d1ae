// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.qmpkit.protocol.ClientSession;
import org.qmpkit.protocol.NastyMessages;

/**
 * What it costs to check the two hundred messages of a hostile QEMU, beside what a relay spends on
 * as many bytes: a read from one UNIX socket and a write into another, 256 KiB at most at a time.
 * All on one thread, medians of interleaved rounds. A checked message is read and written too, so
 * that the ratio is (relay + check) / relay. Started by {@code bench/hostile}.
 */
static final int CHUNK = 256 * 1024;

static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

static final int WARM = 15;
static final int ROUNDS = 31;

record Cost(String name, int bytes, double check, double relay) {
  double ratio() {
    return (relay + check) / relay;
  }
}

void main() throws Exception {
  Map<String, byte[]> messages = NastyMessages.all();
  Map<String, double[]> checks = new TreeMap<>();
  Map<Integer, double[]> relays = new TreeMap<>();
  Path folder = Files.createTempDirectory("qmpkit-hostile");
  try (Sockets from = new Sockets(folder.resolve("from"));
      Sockets to = new Sockets(folder.resolve("to"))) {
    for (int round = -WARM; round < ROUNDS; round++) {
      for (Map.Entry<String, byte[]> each : messages.entrySet()) {
        double check = check(each.getValue());
        if (round >= 0) {
          checks.computeIfAbsent(each.getKey(), _ -> new double[ROUNDS])[round] = check;
        }
      }
      for (int size : sizes(messages)) {
        double relay = relay(from, to, size);
        if (round >= 0) {
          relays.computeIfAbsent(size, _ -> new double[ROUNDS])[round] = relay;
        }
      }
    }
  } finally {
    Files.delete(folder);
  }
  List<Cost> costs = new ArrayList<>();
  messages.forEach(
      (name, bytes) ->
          costs.add(
              new Cost(
                  name,
                  bytes.length,
                  median(checks.get(name)),
                  median(relays.get(rounded(bytes.length))))));
  report(costs);
}

void report(List<Cost> costs) {
  double bytes = costs.stream().mapToDouble(Cost::bytes).sum();
  double check = costs.stream().mapToDouble(Cost::check).sum();
  double relay = costs.stream().mapToDouble(Cost::relay).sum();
  System.out.printf(
      "%d messages, %.1f MB: checked at %.2f ns/byte, relayed at %.2f ns/byte (a read and a write"
          + " of up to 256 KiB on UNIX sockets): %.1f times a relay's%n",
      costs.size(), bytes / 1e6, check / bytes, relay / bytes, (relay + check) / relay);
  long over = costs.stream().filter(each -> each.ratio() > 10).count();
  System.out.printf("over 10 times a relay's: %d; the worst ten:%n", over);
  System.out.printf("%8s %8s %8s %6s  %s%n", "bytes", "ns/byte", "relay's", "ratio", "message");
  costs.stream()
      .sorted(Comparator.comparingDouble(Cost::ratio).reversed())
      .limit(10)
      .forEach(
          each ->
              System.out.printf(
                  "%8d %8.2f %8.2f %6.1f  %s%n",
                  each.bytes(),
                  each.check() / each.bytes(),
                  each.relay() / each.bytes(),
                  each.ratio(),
                  each.name()));
}

double median(double[] times) {
  Arrays.sort(times);
  return times[times.length / 2];
}

/** Sizes that a relay is timed with: kibibytes, for messages of about as many. */
int rounded(int bytes) {
  return Math.max(1, (bytes + 512) / 1024) * 1024;
}

List<Integer> sizes(Map<String, byte[]> messages) {
  return messages.values().stream().map(each -> rounded(each.length)).distinct().toList();
}

// ---- checking

/** Nanoseconds of CPU to take a message in a session that QEMU has greeted. */
double check(byte[] message) {
  ClientSession session = new ClientSession(10 << 20, new Random(7));
  take(session, "{\"QMP\": {\"version\": {}, \"capabilities\": []}}".getBytes(StandardCharsets.US_ASCII));
  ByteBuffer sent = ByteBuffer.allocate((int) session.outbox().size());
  session.outbox().peek(sent);
  session.wrote(sent.position());
  String fence = new String(sent.array(), StandardCharsets.US_ASCII).replaceAll(".*\"id\":|}\\s*$", "");
  take(session, ("{\"return\": {}, \"id\": " + fence + "}").getBytes(StandardCharsets.US_ASCII));
  if (session.phase() != ClientSession.Phase.READY) {
    throw new IllegalStateException("not ready after " + fence);
  }
  ByteBuffer direct = ByteBuffer.allocateDirect(message.length).put(message).flip();
  long begin = THREADS.getCurrentThreadCpuTime();
  for (int at = 0; at < message.length; at += CHUNK) {
    direct.limit(Math.min(message.length, at + CHUNK)).position(at);
    while (session.next(direct) != null) {}
  }
  return THREADS.getCurrentThreadCpuTime() - begin;
}

void take(ClientSession session, byte[] bytes) {
  ByteBuffer in = ByteBuffer.wrap(bytes);
  while (session.next(in) != null) {}
}

// ---- relaying

/** Two ends of one UNIX connection, neither of which blocks. */
record Sockets(SocketChannel near, SocketChannel far) implements AutoCloseable {
  Sockets(Path path) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    SocketChannel near;
    SocketChannel far;
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      near = SocketChannel.open(address);
      far = server.accept();
    } finally {
      Files.deleteIfExists(path);
    }
    near.configureBlocking(false);
    far.configureBlocking(false);
    this(near, far);
  }

  @Override
  public void close() throws IOException {
    near.close();
    far.close();
  }
}

final ByteBuffer moved = ByteBuffer.allocateDirect(CHUNK);
final ByteBuffer rest = ByteBuffer.allocateDirect(CHUNK);

/** Nanoseconds in a relay's reads and writes of so many bytes; filling and draining is not timed. */
double relay(Sockets from, Sockets to, int bytes) throws IOException {
  long time = 0;
  for (int left = bytes; left > 0; ) {
    rest.clear().limit(Math.min(left, CHUNK));
    from.near().write(rest);
    long begin = System.nanoTime();
    moved.clear();
    int read = from.far().read(moved);
    moved.flip();
    int written = to.near().write(moved);
    time += System.nanoTime() - begin;
    if (written != read) {
      throw new IllegalStateException("read " + read + ", and only " + written + " could be written");
    }
    left -= read;
    for (int drained = 0; drained < read; ) {
      drained += to.far().read(rest.clear());
    }
  }
  return time;
}
