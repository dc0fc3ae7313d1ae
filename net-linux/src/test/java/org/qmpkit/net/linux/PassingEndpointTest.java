package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.Descriptors;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.UnixTransport;

/** Descriptors along with bytes, between two ends of one loop. */
@Timeout(300)
final class PassingEndpointTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int LINGER = 13;
  private static final Map<String, String> WITH = Map.of("fds", "on");

  @TempDir Path dir;
  private EpollPoller poller;
  private Loop loop;
  private Endpoint near;
  private Endpoint far;

  @BeforeEach
  void open() throws IOException {
    poller = new EpollPoller();
    loop = new Loop(poller);
    connect(WITH, WITH);
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private void connect(Map<String, String> connecting, Map<String, String> listening)
      throws IOException {
    String path = dir.resolve("s" + System.nanoTime()).toString();
    UnixTransport transport = new UnixTransport();
    List<Endpoint> ends = new ArrayList<>();
    try (Listener listener = transport.listen(new Address("unix", path, listening), loop)) {
      transport.connect(
          new Address("unix", path, connecting),
          loop,
          PATIENCE,
          new Connecting() {
            @Override
            public void connected(Endpoint endpoint) {
              ends.addFirst(endpoint);
            }

            @Override
            public void failed(TransportException why) {
              fail(why);
            }
          });
      listener.onWaiting(() -> {
        try {
          ends.addLast(Objects.requireNonNull(listener.accept()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
      listener.interest(true);
      until(() -> ends.size() == 2);
    }
    near = ends.getFirst();
    far = ends.getLast();
  }

  private void until(BooleanSupplier done) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!done.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "it did not come about within " + PATIENCE);
      loop.turn(Duration.ofMillis(5));
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String read(Endpoint from) throws IOException {
    ByteBuffer into = ByteBuffer.allocateDirect(1000);
    from.read(into);
    return StandardCharsets.UTF_8.decode(into.flip()).toString();
  }

  private static DescriptorEndpoint passing(Endpoint endpoint) {
    return assertInstanceOf(DescriptorEndpoint.class, endpoint);
  }

  private static Batch batch(int count) throws IOException {
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = Sockets.open(SocketAddresses.UNIX);
    }
    return Batch.of(numbers, count, false);
  }

  /** What each descriptor of a batch is of, as "socket:[4711]". */
  private static List<String> files(Descriptors descriptors) throws IOException {
    List<String> files = new ArrayList<>();
    for (int each : assertInstanceOf(Batch.class, descriptors).numbers()) {
      files.add(file(each));
    }
    return files;
  }

  private static String file(int descriptor) throws IOException {
    return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
  }

  private static long open(List<String> files) {
    long open = 0;
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path each : all.toList()) {
        try {
          open += files.contains(Files.readSymbolicLink(each).toString()) ? 1 : 0;
        } catch (NoSuchFileException e) {
          // Closed meanwhile.
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return open;
  }

  @Test
  void theyTravelBothWaysWithTheirBytesAndNotToChildren() throws IOException {
    for (List<Endpoint> way : List.of(List.of(near, far), List.of(far, near))) {
      Batch sent = batch(Descriptors.MOST);
      List<String> files = files(sent);
      assertEquals(3, passing(way.getFirst()).write(bytes("abc"), sent));
      assertEquals("abc", read(way.getLast()));
      Descriptors came = Objects.requireNonNull(passing(way.getLast()).takeDescriptors());
      assertNull(passing(way.getLast()).takeDescriptors(), "they are taken once");
      assertTrue(came.whole());
      assertEquals(Descriptors.MOST, came.count());
      assertEquals(files, files(came));
      int first = assertInstanceOf(Batch.class, came).numbers()[0];
      String info = Files.readString(Path.of("/proc/self/fdinfo/" + first));
      assertTrue(info.matches("(?s).*flags:\\s+02\\d{6}\\n.*"), "close-on-exec: " + info);
      assertEquals(2 * Descriptors.MOST, open(files));
      sent.close();
      assertThrows(IllegalStateException.class, sent::numbers);
      until(() -> open(files) == Descriptors.MOST);
      came.close();
      came.close();
      until(() -> open(files) == 0);
    }
  }

  @Test
  void aReadEndsWhereAWriteWithDescriptorsDoes() throws IOException {
    Batch first = batch(1);
    Batch second = batch(2);
    near.write(bytes("0"));
    passing(near).write(bytes("1"), first);
    near.write(bytes("2"));
    passing(near).write(bytes("3"), second);
    near.write(bytes("4"));
    assertEquals("01", read(far));
    assertEquals(files(first), files(Objects.requireNonNull(passing(far).takeDescriptors())));
    assertEquals("23", read(far));
    assertEquals(files(second), files(Objects.requireNonNull(passing(far).takeDescriptors())));
    assertEquals("4", read(far));
    assertNull(passing(far).takeDescriptors());
  }

  @Test
  void whatNobodyTakesIsClosedByTheNextReadAndByTheEnd() throws IOException {
    List<String> files = new ArrayList<>();
    for (String text : List.of("a", "b")) {
      Batch sent = batch(3);
      files.addAll(files(sent));
      passing(near).write(bytes(text), sent);
      sent.close();
    }
    assertEquals("a", read(far));
    assertEquals("b", read(far));
    until(() -> open(files) == 3);
    far.close();
    until(() -> open(files) == 0);
  }

  @Test
  void whatIsUnderWayIsClosedWithTheConnection() throws IOException {
    Batch sent = batch(8);
    List<String> files = files(sent);
    passing(near).write(bytes("a"), sent);
    sent.close();
    near.close();
    far.close();
    until(() -> open(files) == 0);
  }

  @Test
  void anAddressThatDoesNotAskForThemGetsNone() throws IOException {
    connect(WITH, Map.of());
    Batch sent = batch(2);
    List<String> files = files(sent);
    passing(near).write(bytes("abc"), sent);
    sent.close();
    assertFalse(far instanceof DescriptorEndpoint);
    assertEquals("abc", read(far));
    until(() -> open(files) == 0);
  }

  @Test
  void whereNoByteIsTakenNoDescriptorIs() throws IOException {
    ByteBuffer large = ByteBuffer.allocateDirect(1 << 20);
    int written = 0;
    for (int count = near.write(large); count > 0; count = near.write(large)) {
      written += count;
      large.clear();
    }
    Batch sent = batch(1);
    assertEquals(0, passing(near).write(bytes("x"), sent));
    assertEquals(1, sent.numbers().length, "they are still there");
    large.clear();
    while (written > 0) {
      written -= far.read(large);
      assertNull(passing(far).takeDescriptors());
      large.clear();
    }
    assertEquals(1, passing(near).write(bytes("x"), sent));
    assertEquals("x", read(far));
    assertNotNull(passing(far).takeDescriptors());
  }

  @Test
  void whatTheSystemDoesNotPassIsSaidAndTheBytesCanGoWithout() throws IOException {
    int[] closed = {1 << 20};
    Batch bad = Batch.of(closed, 1, false);
    IOException why = assertThrows(IOException.class, () -> passing(near).write(bytes("x"), bad));
    assertTrue(
        String.valueOf(why.getMessage()).startsWith("cannot pass descriptors to unix:"),
        why.getMessage());
    assertEquals(1, near.write(bytes("x")));
    assertEquals("x", read(far));
  }

  /** A descriptor whose close waits for its peer, up to a minute. */
  private int lingering(ServerSocket peer) throws IOException {
    MemorySegment scratch = poller.scratch();
    int socket = Sockets.open(SocketAddresses.INET);
    int length = SocketAddresses.write(peer.getLocalSocketAddress(), scratch);
    Libc.call(C.connect(), socket, scratch.address(), length);
    scratch.set(JAVA_INT, 0, 1);
    scratch.set(JAVA_INT, 4, 60);
    Libc.checked(
        Libc.call(C.setsockopt(), socket, Sockets.SOL_SOCKET, LINGER, scratch.address(), 8));
    until(() -> Libc.call(C.write(), socket, scratch.address(), 1) > 0);
    while (Libc.call(C.write(), socket, scratch.address(), EpollPoller.SCRATCH_SIZE) > 0) {
      // Until nothing more goes out.
    }
    return socket;
  }

  @Test
  void whereClosingHangsTheLoopDoesNotAndNoMoreAreTaken() throws IOException {
    List<Socket> peers = new ArrayList<>();
    try (ServerSocket peer = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      for (int i = 0; i < 8; i++) {
        int[] hanging = {lingering(peer)};
        peers.add(peer.accept());
        Batch.of(hanging, 1, false).close();
      }
      while (!Batch.tooManyClosing()) {
        batch(1).close();
      }
      Batch sent = batch(1);
      passing(near).write(bytes("a"), sent);
      assertEquals("a", read(far));
      Descriptors refused = Objects.requireNonNull(passing(far).takeDescriptors());
      assertFalse(refused.whole());
      assertEquals(0, refused.count());
      for (Socket each : peers) {
        each.close();
      }
      until(() -> !Batch.tooManyClosing());
      passing(near).write(bytes("b"), sent);
      assertEquals("b", read(far));
      assertTrue(Objects.requireNonNull(passing(far).takeDescriptors()).whole());
    }
  }
}
