package org.qmpkit.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a loop calls the handlers of real sockets, and what it does when they misbehave. */
@Timeout(60)
final class DispatchTest {
  @TempDir Path dir;

  private final UnixTransport unix = new UnixTransport();
  private Loop loop;
  private final List<String> log = new ArrayList<>();
  private Listener listener;

  @BeforeEach
  void listen() throws IOException {
    loop = new Loop(new SelectorPoller());
    listener = unix.listen(Address.unix(dir.resolve("s")), loop);
  }

  @AfterEach
  void close() {
    loop.close();
  }

  /** Both ends of a connection. */
  private record Pair(Endpoint near, Endpoint far) {
    static void send(Endpoint endpoint, String text) throws IOException {
      endpoint.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
    }
  }

  private Pair pair() throws IOException {
    Endpoint near = Turns.connected(unix, listener.address(), loop);
    return new Pair(near, Objects.requireNonNull(listener.accept()));
  }

  private int readInto(Endpoint endpoint) throws IOException {
    return endpoint.read(loop.buffer());
  }

  @Test
  void aRuntimeExceptionClosesItsEndpointIsThrownAndDisturbsNobodyElse() throws IOException {
    Pair bad = pair();
    Pair good = pair();
    bad.near.onReady((r, w) -> {
      throw new IllegalArgumentException("bad handler");
    });
    bad.near.interest(true, false);
    good.near.onReady((r, w) -> log.add("good " + readInto(good.near)));
    good.near.interest(true, false);
    Pair.send(bad.far, "x");
    Pair.send(good.far, "yy");
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> loop.turn(Duration.ofSeconds(30)));
    assertEquals("bad handler", thrown.getMessage());
    assertEquals(List.of("good 2"), log, "the other one had its turn all the same");
    assertEquals(-1, readInto(bad.far));
    assertFalse(loop.turn(Duration.ZERO));
  }

  @Test
  void anIoExceptionIsReportedBeforeItsEndpointCloses() throws IOException {
    Pair pair = pair();
    loop.onFailure((where, why) -> {
      try {
        log.add(where + " " + why.getMessage() + " " + readInto(pair.far));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    pair.near.onReady((r, w) -> {
      throw new IOException("broken");
    });
    pair.near.interest(false, true);
    assertTrue(loop.turn(Duration.ofSeconds(30)));
    assertEquals(List.of(listener.address() + " broken 0"), log);
    assertEquals(-1, readInto(pair.far));
  }

  @Test
  void anIoExceptionNobodyListensForIsDropped() throws IOException {
    Pair pair = pair();
    pair.near.onReady((r, w) -> {
      throw new IOException("broken");
    });
    pair.near.interest(false, true);
    assertTrue(loop.turn(Duration.ofSeconds(30)));
    assertEquals(-1, readInto(pair.far));
  }

  @Test
  void aHandlerMayCloseEveryEndpointThatIsReadyInTheSameTurn() throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      pairs.add(pair());
    }
    for (Pair pair : pairs) {
      pair.near.onReady((r, w) -> {
        log.add("called");
        pairs.forEach(p -> p.near.close());
        pairs.forEach(p -> p.near.interest(true, true));
      });
      pair.near.interest(true, true);
      Pair.send(pair.far, "x");
    }
    assertTrue(loop.turn(Duration.ofSeconds(30)));
    assertEquals(List.of("called"), log);
    assertFalse(loop.turn(Duration.ZERO));
    for (Pair pair : pairs) {
      assertEquals(-1, readInto(pair.far));
    }
  }

  @Test
  void interestTurnedOffByAnotherHandlerCountsInTheSameTurn() throws IOException {
    List<Pair> pairs = List.of(pair(), pair(), pair());
    for (Pair pair : pairs) {
      pair.near.onReady((r, w) -> {
        log.add("called");
        pairs.forEach(p -> p.near.interest(false, false));
      });
      pair.near.interest(true, false);
      Pair.send(pair.far, "x");
    }
    assertTrue(loop.turn(Duration.ofSeconds(30)));
    assertEquals(List.of("called"), log);
    assertFalse(loop.turn(Duration.ZERO));
  }

  @Test
  void interestWithoutAHandlerIsAMistake() throws IOException {
    Pair pair = pair();
    assertThrows(IllegalStateException.class, () -> pair.near.interest(true, false));
    pair.near.interest(false, false);
    assertThrows(IllegalStateException.class, () -> listener.interest(true));
  }

  @Test
  void aListenerWhoseHandlerThrowsRestsAndGoesOn() throws IOException {
    loop.onFailure((where, why) -> log.add(where));
    listener.onWaiting(() -> {
      throw new IllegalArgumentException("bad handler");
    });
    listener.interest(true);
    Endpoint waiting = Turns.connected(unix, listener.address(), loop);
    Turns.until(loop, () -> !log.isEmpty(), "the handler's first call");
    assertEquals(List.of(listener.address().toString()), log);
    assertFalse(loop.turn(Duration.ZERO), "it does not spin");
    assertEquals(1, log.size());
    Turns.until(loop, () -> log.size() == 2, "the handler's second call");
    waiting.close();
  }

  @Test
  void closingTheLoopClosesWhatBelongsToIt() throws IOException {
    Path there = dir.resolve("other");
    Endpoint near;
    Endpoint far;
    try (Loop other = new Loop(new SelectorPoller())) {
      Listener theirs = unix.listen(Address.unix(there), other);
      near = Turns.connected(unix, theirs.address(), loop);
      far = Objects.requireNonNull(theirs.accept());
      assertEquals(0, readInto(near));
    }
    assertEquals(-1, readInto(near));
    assertEquals(-1, readInto(far));
    assertFalse(Files.exists(there));
  }

  @Test
  void heapBuffersLargerThanTheSharedOneAreReadAndWrittenInPieces() throws IOException {
    // By TCP, whose sockets would take more at once.
    TcpTransport tcp = new TcpTransport();
    Listener there = tcp.listen(Address.parse("tcp::0"), loop);
    Endpoint near = Turns.connected(tcp, there.address(), loop);
    Endpoint far = Objects.requireNonNull(there.accept());
    ByteBuffer large = ByteBuffer.allocate(3 * Loop.BUFFER_SIZE);
    int written = near.write(large);
    assertTrue(written > 0 && written <= Loop.BUFFER_SIZE, "wrote " + written);
    assertEquals(3 * Loop.BUFFER_SIZE, large.limit());
    near.write(large);
    Turns.settle(loop);
    ByteBuffer into = ByteBuffer.allocate(3 * Loop.BUFFER_SIZE);
    int read = far.read(into);
    assertTrue(read > 0 && read <= Loop.BUFFER_SIZE, "read " + read);
    assertEquals(3 * Loop.BUFFER_SIZE, into.limit());
  }

  @Test
  void movingBytesAllocatesNothing() throws Exception {
    Pair pair = pair();
    ByteBuffer ping = ByteBuffer.allocateDirect(100);
    int[] rounds = {0};
    pair.far.onReady((r, w) -> {
      ByteBuffer buffer = loop.buffer();
      pair.far.read(buffer);
      pair.far.write(buffer.flip());
    });
    pair.near.onReady((r, w) -> {
      pair.near.read(loop.buffer());
      rounds[0]++;
      pair.near.interest(true, true);
      pair.near.interest(true, false);
      pair.near.write(ping.clear());
    });
    pair.far.interest(true, false);
    pair.near.interest(true, false);
    pair.near.write(ping);
    Duration wait = Duration.ofSeconds(30);
    while (rounds[0] < 20_000) {
      loop.turn(wait);
    }
    long before = allocated();
    while (rounds[0] < 40_000) {
      loop.turn(wait);
    }
    long perRound = (allocated() - before) / 20_000;
    assertTrue(perRound < 16, perRound + " bytes per round trip");
  }

  /** Bytes this thread has allocated; java.management is not a module this one reads. */
  private static long allocated() throws ReflectiveOperationException {
    Object bean =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    Method method =
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getCurrentThreadAllocatedBytes");
    return (Long) Objects.requireNonNull(method.invoke(bean));
  }

  @Test
  void aLoopOnAnotherPollerIsRefusedWithTheReason() throws IOException {
    Poller other =
        new Poller() {
          @Override
          public int poll(long nanos, Dispatch dispatch) {
            return 0;
          }

          @Override
          public void wakeup() {}

          @Override
          public void close() {}
        };
    try (Loop strange = new Loop(other)) {
      for (String text : List.of("unix:" + dir.resolve("x"), "tcp:127.0.0.1:0")) {
        Address address = Address.parse(text);
        Transport transport = text.startsWith("unix") ? unix : new TcpTransport();
        TransportException direct =
            assertThrows(TransportException.class, () -> transport.listen(address, strange));
        assertTrue(direct.reason().contains("a loop that knows sockets"), direct.reason());
        assertFalse(direct.retryable());
        assertSame(
            TransportException.class,
            Turns.failure(transport, address, strange, Duration.ofSeconds(1)).getClass());
        TransportException chosen =
            assertThrows(
                TransportException.class, () -> Transports.load().listen(address, strange));
        assertTrue(chosen.reason().contains("SocketPoller"), chosen.reason());
      }
    }
  }
}
