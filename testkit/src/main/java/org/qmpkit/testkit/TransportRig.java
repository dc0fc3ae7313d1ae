package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/**
 * A transport, and a loop that the test's own thread turns; what a {@link TransportContract} needs.
 */
final class TransportRig {
  static final Duration DEADLINE = Duration.ofMinutes(3);

  private final Transport transport;
  private final Loop loop;

  TransportRig(Transport transport, Loop loop) {
    this.transport = transport;
    this.loop = loop;
  }

  /** What came of a connection. */
  static final class Outcome implements Connecting {
    int calls;
    @Nullable Endpoint endpoint;
    @Nullable TransportException why;

    @Override
    public void connected(Endpoint connected) {
      calls++;
      endpoint = connected;
    }

    @Override
    public void failed(TransportException failure) {
      calls++;
      why = failure;
    }
  }

  /** Both ends of a connection. */
  record Pair(Endpoint near, Endpoint far) {}

  void until(BooleanSupplier done, String what) {
    long began = System.nanoTime();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - began > DEADLINE.toNanos()) {
        fail("not within " + DEADLINE.toSeconds() + " s: " + what);
      }
      loop.turn(Duration.ofMillis(100));
    }
  }

  void settle() {
    for (int i = 0; i < 3; i++) {
      loop.turn(Duration.ZERO);
    }
  }

  Outcome outcome(Address address, Duration timeout) {
    Outcome outcome = new Outcome();
    transport.connect(address, loop, timeout, outcome);
    until(() -> outcome.calls > 0, "an outcome of connecting to " + address);
    return outcome;
  }

  /** Both ends of a new connection to a listener, by the address that reaches it. */
  Pair pair(Listener at, Address by) {
    Outcome outcome = outcome(by, DEADLINE);
    Endpoint near = outcome.endpoint;
    if (near == null) {
      throw new AssertionError("no connection", outcome.why);
    }
    return new Pair(near, accepted(at));
  }

  Endpoint accepted(Listener at) {
    List<Endpoint> peers = new ArrayList<>();
    at.onWaiting(() -> accept(at, peers));
    at.interest(true);
    until(() -> !peers.isEmpty(), "a peer at " + at.address());
    at.interest(false);
    return peers.getFirst();
  }

  static void accept(Listener at, List<Endpoint> peers) {
    try {
      Endpoint peer = at.accept();
      if (peer != null) {
        peers.add(peer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  void write(Endpoint to, String text) throws IOException {
    ByteBuffer bytes = bytes(text);
    while (bytes.hasRemaining()) {
      to.write(bytes);
      loop.turn(Duration.ZERO);
    }
  }

  /** Reads so many characters, or to the end of input where fewer come. */
  String read(Endpoint from, int count) {
    ByteBuffer into = ByteBuffer.allocate(count);
    boolean[] end = {false};
    from.onReady((r, w) -> end[0] |= from.read(into) < 0);
    from.interest(true, false);
    until(() -> end[0] || !into.hasRemaining(), count + " bytes from " + from.peer());
    from.interest(false, false);
    return new String(into.array(), 0, into.position(), StandardCharsets.UTF_8);
  }

  void assertEnds(Endpoint endpoint) {
    assertEquals("", read(endpoint, 1), "bytes where the end of input was due");
  }

  static long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One direction of a stream: a side that writes a pattern, and one that reads it in bits. */
  static final class Flow {
    static final int LARGE = 8 << 20;

    final ByteBuffer out = ByteBuffer.allocateDirect(LARGE);
    final ByteBuffer in = ByteBuffer.allocateDirect(LARGE + 1);
    final Random random;
    boolean wasFull;
    boolean ended;

    /** Whether the end is known by the count alone, since nobody is told of it. */
    boolean endsByItself;

    Flow(long seed) {
      random = new Random(seed);
      byte[] pattern = new byte[LARGE];
      new Random(-seed).nextBytes(pattern);
      out.put(pattern).flip();
    }

    void write(Endpoint to) throws IOException {
      while (out.hasRemaining()) {
        int offered = out.remaining();
        if (to.write(out) < offered) {
          wasFull = true;
          return;
        }
      }
      to.shutdownOutput();
    }

    void read(Endpoint from) throws IOException {
      // Slowly: at most 4 KB of what is there, however much it is.
      ByteBuffer some = in.slice(in.position(), Math.min(in.remaining(), random.nextInt(4096) + 1));
      int n = from.read(some);
      in.position(in.position() + Math.max(0, n));
      ended |= n < 0 || (endsByItself && in.position() == LARGE);
    }

    void assertWhole() {
      byte[] sent = new byte[LARGE];
      byte[] received = new byte[in.flip().remaining()];
      out.rewind().get(sent);
      in.get(received);
      assertArrayEquals(sent, received);
      assertTrue(wasFull, "the stream was never full, so nothing was tested");
    }
  }

  static void flow(Endpoint endpoint, Flow out, Flow in) {
    endpoint.onReady((readable, writable) -> {
      if (writable) {
        out.write(endpoint);
      }
      if (readable) {
        in.read(endpoint);
      }
      endpoint.interest(!in.ended, out.out.hasRemaining());
    });
    endpoint.interest(true, true);
  }
}
