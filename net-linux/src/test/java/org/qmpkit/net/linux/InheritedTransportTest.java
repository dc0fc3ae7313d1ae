package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.UnixTransport;

/** Sockets that somebody else has made; here the test has, in its own process. */
@Timeout(300)
final class InheritedTransportTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int SET_FLAGS = 2;
  private static final int DATAGRAM = 2;
  private static final long PID = 4711;

  @TempDir Path dir;
  private EpollPoller poller;
  private Loop loop;
  private final InheritedTransport transport =
      new InheritedTransport(new Inherited(Map.of(), PID, 3));

  /** What came of connecting. */
  private static final class Outcome implements Connecting {
    @Nullable Endpoint endpoint;
    @Nullable TransportException why;

    @Override
    public void connected(Endpoint connected) {
      endpoint = connected;
    }

    @Override
    public void failed(TransportException failure) {
      why = failure;
    }
  }

  @BeforeEach
  void open() throws IOException {
    poller = new EpollPoller();
    loop = new Loop(poller);
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private void until(BooleanSupplier done) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!done.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "it did not come about within " + PATIENCE);
      loop.turn(Duration.ofMillis(5));
    }
  }

  /** As if this process had been started with it. */
  private static int inherited(int descriptor) {
    Libc.call(C.fcntl(), descriptor, SET_FLAGS, 0);
    return descriptor;
  }

  private int listening() throws IOException {
    Path path = dir.resolve("listening");
    int socket = BoundSocket.bind(UnixDomainSocketAddress.of(path), 5, poller.scratch()).take();
    return inherited(socket);
  }

  private Outcome connect(Transport by, Address address) {
    Outcome outcome = new Outcome();
    by.connect(address, loop, PATIENCE, outcome);
    until(() -> outcome.endpoint != null || outcome.why != null);
    return outcome;
  }

  private static Address fd(int descriptor) {
    return Address.parse("fd:" + descriptor);
  }

  private Endpoint accepted(Listener listener) {
    AtomicReference<@Nullable Endpoint> peer = new AtomicReference<>();
    listener.onWaiting(() -> {
      try {
        peer.set(listener.accept());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    listener.interest(true);
    until(() -> peer.get() != null);
    listener.interest(false);
    return Objects.requireNonNull(peer.get());
  }

  private void assertConnected(Endpoint one, Endpoint other) throws IOException {
    one.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)));
    ByteBuffer into = ByteBuffer.allocate(100);
    assertEquals(5, other.read(into));
    assertEquals(0, one.read(into), "it does not block");
  }

  /** A connected socket, and what it is connected to. */
  private int connected(AtomicReference<@Nullable Endpoint> other) throws IOException {
    Path path = dir.resolve("connected");
    try (Listener listener = new UnixTransport().listen(Address.unix(path), loop)) {
      int socket = Libc.checked(Libc.call(C.socket(), SocketAddresses.UNIX, Sockets.STREAM, 0));
      int length = SocketAddresses.write(UnixDomainSocketAddress.of(path), poller.scratch());
      Libc.checked(Libc.call(C.connect(), socket, poller.scratch().address(), length));
      other.set(accepted(listener));
      return socket;
    }
  }

  private String refused(String address) {
    return String.valueOf(
        assertThrows(TransportException.class, () -> transport.listen(Address.parse(address), loop))
            .getMessage());
  }

  @Test
  void oneThatListensIsListenedOn() throws IOException {
    int socket = listening();
    Listener listener = transport.listen(fd(socket), loop);
    Outcome outcome = connect(new UnixTransport(), Address.unix(dir.resolve("listening")));
    Endpoint peer = accepted(listener);
    assertEquals("fd:" + socket + "#1", peer.peer());
    assertConnected(Objects.requireNonNull(outcome.endpoint), peer);
    listener.close();
    assertTrue(Files.exists(dir.resolve("listening")), "the file is whoever's who made it");
    loop.turn(Duration.ZERO);
    assertTrue(refused("fd:" + socket).contains("it can be used once"));
  }

  @Test
  void atItsPathItIsAsIfOfOurMaking() throws IOException {
    Path path = dir.resolve("listening");
    int socket = listening();
    Address address = Address.parse("unix:" + path + ",fd=" + socket);
    Listener listener = new UnixTransport().listen(address, loop);
    Outcome outcome = connect(new UnixTransport(), Address.unix(path));
    assertConnected(Objects.requireNonNull(outcome.endpoint), accepted(listener));
    listener.close();
    assertFalse(Files.exists(path));
  }

  @Test
  void atItsPathItMustBeWhatItIsSaidToBe() throws IOException {
    int socket = listening();
    for (String wrong :
        new String[] {
          "nowhere,fd=" + socket,
          "listening,fd=x",
          "listening,fd=999",
          "listening,fd=" + socket + ",mode=0600"
        }) {
      Address address = Address.parse("unix:" + dir.resolve(wrong));
      assertThrows(TransportException.class, () -> new UnixTransport().listen(address, loop));
    }
    assertTrue(Files.exists(dir.resolve("listening")));
  }

  @Test
  void itIsNotConnectedTo() throws IOException {
    int socket = listening();
    TransportException why = Objects.requireNonNull(connect(transport, fd(socket)).why);
    assertTrue(why.remedy().contains("fd:" + socket + ",server=on"), why.getMessage());
    transport.listen(fd(socket), loop).close();
  }

  @Test
  void oneThatIsConnectedIsConnectedToOnce() throws IOException {
    AtomicReference<@Nullable Endpoint> other = new AtomicReference<>();
    int socket = connected(other);
    Endpoint endpoint = Objects.requireNonNull(connect(transport, fd(socket)).endpoint);
    assertConnected(endpoint, Objects.requireNonNull(other.get()));
    assertFalse(endpoint instanceof DescriptorEndpoint);
    TransportException again = Objects.requireNonNull(connect(transport, fd(socket)).why);
    assertFalse(again.retryable());
    endpoint.close();
  }

  @Test
  void orIsTheOnePeerOfAListener() throws IOException {
    AtomicReference<@Nullable Endpoint> other = new AtomicReference<>();
    Listener listener = transport.listen(Address.parse("fd:" + connected(other) + ",fds=on"), loop);
    Endpoint peer = accepted(listener);
    assertConnected(peer, Objects.requireNonNull(other.get()));
    assertInstanceOf(DescriptorEndpoint.class, peer);
    assertTrue(peer.credentials().isPresent());
    listener.close();
    assertConnected(peer, Objects.requireNonNull(other.get()));
  }

  @Test
  void onePeerThatIsNotTakenIsTurnedAway() throws IOException {
    AtomicReference<@Nullable Endpoint> other = new AtomicReference<>();
    transport.listen(fd(connected(other)), loop).close();
    loop.turn(Duration.ZERO);
    assertEquals(-1, Objects.requireNonNull(other.get()).read(ByteBuffer.allocate(1)));
  }

  @Test
  void whatIsNoSuchSocketIsSaidToBeNone() throws IOException {
    assertTrue(refused("fd:1048575").contains("started without a descriptor 1048575"));
    int own = Sockets.open(SocketAddresses.UNIX);
    assertTrue(refused("fd:" + own).contains("is this program's own"));
    inherited(own);
    assertTrue(refused("fd:" + own).contains("it neither listens nor is it connected"));
    Libc.call(C.close(), own);
    int datagram = Libc.checked(Libc.call(C.socket(), SocketAddresses.UNIX, DATAGRAM, 0));
    assertTrue(refused("fd:" + datagram).contains("of no stream"));
    Libc.call(C.close(), datagram);
    int event = Libc.checked(Libc.call(C.eventfd(), 0, 0));
    assertTrue(refused("fd:" + event).contains("it is anon_inode:[eventfd], which is no socket"));
    Libc.call(C.close(), event);
    assertTrue(refused("fd:3,mode=0600").contains("'mode' is not known here"));
    assertNotNull(connect(transport, Address.parse("fd:1048575")).why);
  }

  @Test
  void descriptorsNeedAUnixSocket() throws IOException {
    BoundSocket bound =
        BoundSocket.bind(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1, poller.scratch());
    int socket = inherited(bound.take());
    assertTrue(refused("fd:" + socket + ",fds=on").contains("only UNIX sockets"));
    transport.listen(fd(socket), loop).close();
  }

  @Test
  void namesAreThoseOfSocketActivation() throws IOException {
    int socket = listening();
    Map<String, String> environment =
        Map.of("LISTEN_FDS", "3", "LISTEN_PID", "4711", "LISTEN_FDNAMES", "a:qmp:qmp");
    InheritedTransport activated =
        new InheritedTransport(new Inherited(environment, PID, socket - 1));
    TransportException other =
        assertThrows(TransportException.class, () -> activated.listen(Address.parse("fd:b"), loop));
    assertTrue(other.reason().endsWith("but: a, qmp, qmp"), other.reason());
    Listener listener = activated.listen(Address.parse("fd:qmp"), loop);
    assertEquals("fd:qmp", listener.address().toString());
    // The second of that name comes next, and there is none.
    assertThrows(TransportException.class, () -> activated.listen(Address.parse("fd:qmp"), loop));
    listener.close();
  }

  @Test
  void activationIsForOneProcess() {
    Map<String, String> environment =
        Map.of("LISTEN_FDS", "1", "LISTEN_PID", "4712", "LISTEN_FDNAMES", "qmp");
    InheritedTransport activated = new InheritedTransport(new Inherited(environment, PID, 3));
    TransportException why =
        assertThrows(
            TransportException.class, () -> activated.listen(Address.parse("fd:qmp"), loop));
    assertEquals("LISTEN_PID is '4712' and this process is 4711", why.reason());
    assertTrue(refused("fd:qmp").contains("LISTEN_FDS is not set"));
    assertNull(connect(transport, Address.parse("fd:qmp")).endpoint);
  }
}
