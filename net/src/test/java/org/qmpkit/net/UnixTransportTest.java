package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is special about UNIX sockets; the rest is in the contract of every transport. */
@Timeout(120)
final class UnixTransportTest {
  @TempDir Path dir;

  private final UnixTransport unix = new UnixTransport();
  private Loop loop;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new SelectorPoller());
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private Listener listen(String options) throws TransportException {
    return unix.listen(Address.parse("unix:" + dir.resolve("s") + options), loop);
  }

  private TransportException refusal(String text) {
    TransportException e =
        assertThrows(TransportException.class, () -> unix.listen(Address.parse(text), loop));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("cannot listen on " + text + ": "), message);
    assertFalse(message.contains("\n"), message);
    assertFalse(e.remedy().isEmpty(), message);
    return e;
  }

  private TransportException failure(Path path) {
    return Turns.failure(unix, Address.unix(path), loop, Duration.ofMillis(200));
  }

  @Test
  void aPathMayHave107BytesWhetherOrNotTheJdkTakesIt() throws IOException {
    Path temporary = Files.createDirectory(dir.resolve("t"));
    Path sockets = Files.createDirectory(dir.resolve("u"));
    String before = System.setProperty("java.io.tmpdir", temporary.toString());
    try {
      for (int bytes = 90; bytes <= 107; bytes++) {
        Path path = pathOf(sockets, bytes);
        try (Listener listener = unix.listen(Address.unix(path), loop)) {
          Endpoint near = Turns.connected(unix, listener.address(), loop);
          assertNotNull(listener.accept(), bytes + " bytes");
          near.close();
          assertEquals(1, Sockets.names(sockets).size());
        }
        deadSocketAt(path);
        unix.listen(Address.unix(path), loop).close();
        assertEquals(List.of(), Sockets.names(sockets));
        assertEquals(List.of(), Sockets.names(temporary));
      }
    } finally {
      System.setProperty("java.io.tmpdir", String.valueOf(before));
    }
  }

  /** A dead socket at a path that the JDK may find too long. */
  private void deadSocketAt(Path path) throws IOException {
    Files.move(Sockets.deadSocket(dir.resolve("d")), path);
  }

  /** A path of so many bytes, in a folder as deep as its name is short. */
  private static Path pathOf(Path folder, int bytes) {
    int rest = bytes - ShortPath.length(folder) - 1;
    assertTrue(rest > 2, folder + " is too long for this test");
    Path path = folder.resolve("\u00e4" + "x".repeat(rest - 2));
    assertEquals(bytes, ShortPath.length(path));
    return path;
  }

  @Test
  void aLongFolderWithAShortNameWorksToo() throws IOException {
    Path folder = pathOf(dir, 105);
    Files.createDirectory(folder);
    Address address = Address.unix(folder.resolve("s"));
    try (Listener listener = unix.listen(address, loop)) {
      Turns.connected(unix, address, loop);
      assertNotNull(listener.accept());
      assertEquals(List.of("s"), Sockets.names(folder));
    }
    assertEquals(List.of(), Sockets.names(folder));
  }

  @Test
  void aPathOf108BytesIsRefused() throws IOException {
    Path path = pathOf(dir, 108);
    String why = "the path has 108 bytes, a socket's may have 107";
    assertEquals(why, refusal("unix:" + path).reason());
    assertEquals(why, failure(path).reason());
    assertEquals(List.of(), Sockets.names(dir));
  }

  @Test
  void aRelativePathIsInTheFolderOfTheProcess() throws IOException {
    Path path = Path.of("relative" + ProcessHandle.current().pid());
    try (Listener listener = unix.listen(Address.unix(path), loop)) {
      assertTrue(Files.exists(path));
      Turns.connected(unix, Address.unix(path.toAbsolutePath()), loop);
      assertNotNull(listener.accept());
    }
    assertFalse(Files.exists(path));
  }

  @Test
  void aFullBacklogIsToldApartFromAConnection() throws IOException {
    Path path = dir.resolve("s");
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel server = Sockets.rawServer(path, 1)) {
      Sockets.fill(path, clients);
      long began = System.nanoTime();
      TransportException e = failure(path);
      assertTrue(e.reason().startsWith("the backlog is full"), e.reason());
      assertTrue(e.retryable());
      assertTrue(System.nanoTime() - began >= 200_000_000, "it gave up early");
      for (SocketChannel client : clients) {
        assertNotNull(server.accept());
        client.close();
      }
    }
  }

  @Test
  void aPlaceInTheBacklogIsTakenAsSoonAsItIsFree() throws IOException {
    Path path = dir.resolve("s");
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel server = Sockets.rawServer(path, 1)) {
      Sockets.fill(path, clients);
      Turns.Outcome outcome = new Turns.Outcome();
      unix.connect(Address.unix(path), loop, Duration.ofSeconds(30), outcome);
      loop.turn(Duration.ZERO);
      loop.turn(Duration.ofMillis(20));
      assertEquals(0, outcome.calls);
      for (int i = 0; i < clients.size(); i++) {
        server.accept().close();
      }
      Turns.until(loop, () -> outcome.calls > 0, "a connection");
      assertNotNull(outcome.endpoint);
      assertNotNull(server.accept());
    }
    for (SocketChannel client : clients) {
      client.close();
    }
  }

  @Test
  void connectingSaysWhyItFailed() throws IOException {
    TransportException absent = failure(dir.resolve("absent"));
    assertEquals("there is no such file", absent.reason());
    assertTrue(absent.retryable());
    TransportException dead = failure(Sockets.deadSocket(dir.resolve("dead")));
    assertEquals("nobody listens there", dead.reason());
    assertTrue(dead.retryable());
    TransportException file = failure(Files.createFile(dir.resolve("file")));
    assertEquals("it is not a socket", file.reason());
    assertFalse(file.retryable());
    TransportException folder = failure(dir);
    assertEquals("it is not a socket", folder.reason());
    TransportException loose =
        failure(Files.createSymbolicLink(dir.resolve("loose"), dir.resolve("nowhere")));
    assertTrue(loose.retryable(), loose.reason());
  }

  @Test
  void optionsOfAListenerAreRefusedWhenConnecting() {
    Address address = Address.parse("unix:" + dir.resolve("s") + ",mode=0600");
    TransportException e = Turns.failure(unix, address, loop, Duration.ofSeconds(1));
    assertTrue(
        e.reason().contains("'mode' is not known here; known are fds, server, wait"), "" + e);
    assertFalse(e.retryable());
  }

  @Test
  void abstractNamesAreRefusedWithTheReason() {
    assertTrue(refusal("unix:@name").reason().contains("need a native poller"));
    TransportException e =
        Turns.failure(unix, Address.parse("unix:@name"), loop, Duration.ofSeconds(1));
    assertTrue(e.reason().contains("need a native poller"), e.reason());
  }

  @Test
  void bothEndsKnowTheUserAndTheName() throws IOException {
    Listener listener = listen(",server,nowait");
    Endpoint near = Turns.connected(unix, Address.unix(dir.resolve("s")), loop);
    Endpoint far = Objects.requireNonNull(listener.accept());
    Optional<String> me = Optional.of(System.getProperty("user.name"));
    assertEquals(me, near.user());
    assertEquals(me, far.user());
    assertEquals("unix:" + dir.resolve("s"), near.peer());
    assertEquals("unix:" + dir.resolve("s") + "#1", far.peer());
    assertEquals("unix:" + dir.resolve("s") + ",server=on,wait=off", listener.address() + "");
  }
}
