package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  private List<String> names() throws IOException {
    return names(dir);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> String.valueOf(p.getFileName())).sorted().toList();
    }
  }

  private static @Nullable Object identity(Path path) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  private static ServerSocketChannel rawServer(Path path, int backlog) throws IOException {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(path), backlog);
  }

  private static Path deadSocket(Path path) throws IOException {
    rawServer(path, 1).close();
    return path;
  }

  @ParameterizedTest
  @CsvSource({"'',600", ",600", "mode=0660,660", "mode=777,777", "mode=0707,707"})
  void theSocketHasExactlyItsMode(@Nullable String option, String mode) throws IOException {
    listen(option == null || option.isEmpty() ? "" : "," + option);
    Object bits = Files.getAttribute(dir.resolve("s"), "unix:mode");
    assertEquals(mode, Integer.toOctalString((Integer) bits & 07777));
    assertEquals(List.of("s"), names());
  }

  @ParameterizedTest
  @ValueSource(strings = {"888", "abc", "1777", "66", "", "u=rw"})
  void aModeThatIsNoneIsRefused(String mode) throws IOException {
    TransportException e = refusal("unix:" + dir.resolve("s") + ",mode=" + mode);
    assertTrue(e.reason().contains("mode '" + mode + "' is not three octal digits"), e.reason());
    assertFalse(e.retryable());
    assertEquals(List.of(), names());
  }

  @Test
  void theSocketIsGivenToItsGroupByNameOrNumber() throws IOException {
    String own = Files.readAttributes(dir, PosixFileAttributes.class).group().getName();
    Listener listener = listen(",group=" + own);
    assertEquals(own, group());
    listener.close();
    assumeTrue("root".equals(System.getProperty("user.name")));
    listen(",group=54321,mode=0660");
    assertEquals("54321", group());
  }

  private String group() throws IOException {
    return Files.readAttributes(dir.resolve("s"), PosixFileAttributes.class).group().getName();
  }

  @Test
  void anUnknownGroupIsRefused() throws IOException {
    TransportException e = refusal("unix:" + dir.resolve("s") + ",group=nosuchgroup");
    assertTrue(e.reason().contains("no group 'nosuchgroup'"), e.reason());
    assertEquals(List.of(), names());
  }

  @Test
  void aDeadSocketIsReplaced() throws IOException {
    Path path = deadSocket(dir.resolve("s"));
    Object dead = identity(path);
    Listener listener = listen("");
    assertFalse(Objects.equals(dead, identity(path)));
    Turns.connected(unix, listener.address(), loop);
    assertNotNull(listener.accept());
    assertEquals(List.of("s"), names());
  }

  @Test
  void aLivingSocketIsLeftAlone() throws IOException {
    Listener first = listen("");
    Object before = identity(dir.resolve("s"));
    TransportException e = refusal("unix:" + dir.resolve("s"));
    assertTrue(e.reason().contains("a program listens there already"), e.reason());
    assertTrue(e.retryable());
    assertEquals(before, identity(dir.resolve("s")));
    assertEquals(List.of("s"), names());
    assertNotNull(first.accept(), "the probe");
    Turns.connected(unix, first.address(), loop);
    assertNotNull(first.accept());
  }

  @Test
  void aLivingSocketWithAFullBacklogIsLeftAlone() throws IOException {
    Path path = dir.resolve("s");
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel server = rawServer(path, 1)) {
      fill(path, clients);
      assertTrue(refusal("unix:" + path).reason().contains("backlog is full"));
      assertTrue(server.isOpen() && Files.exists(path));
    } finally {
      for (SocketChannel client : clients) {
        client.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "folder", "fifo", "link", "dangling", "dead-link"})
  void whatIsNotASocketIsLeftAlone(String what) throws Exception {
    Path path = dir.resolve("s");
    switch (what) {
      case "file" -> Files.writeString(path, "precious");
      case "folder" -> Files.createDirectory(path);
      case "fifo" -> assertEquals(0, new ProcessBuilder("mkfifo", "" + path).start().waitFor());
      case "link" -> Files.createSymbolicLink(path, Files.createFile(dir.resolve("t")));
      case "dangling" -> Files.createSymbolicLink(path, dir.resolve("gone"));
      default -> Files.createSymbolicLink(path, deadSocket(dir.resolve("t")));
    }
    Object before = identity(path);
    List<String> names = names();
    TransportException e = refusal("unix:" + path);
    assertTrue(e.reason().endsWith("is in the way"), e.reason());
    assertFalse(e.retryable());
    assertEquals(before, identity(path));
    assertEquals(names, names());
    if (what.equals("file")) {
      assertEquals("precious", Files.readString(path));
    }
  }

  @Test
  void aMissingFolderIsNamed() {
    TransportException e = refusal("unix:" + dir.resolve("no/s"));
    assertEquals("there is no folder '" + dir.resolve("no") + "'", e.reason());
    assertTrue(e.retryable());
  }

  @Test
  void aFolderThatIsAFileIsNamed() throws IOException {
    Files.createFile(dir.resolve("f"));
    TransportException e = refusal("unix:" + dir.resolve("f/s"));
    assertTrue(e.reason().contains("/f' is not a folder"), e.reason());
    assertEquals(List.of("f"), names());
  }

  @Test
  void aFolderThatTakesNoFilesIsRefused() {
    // Even root makes no files there.
    TransportException e = refusal("unix:/proc/qmpkit.sock");
    assertTrue(e.reason().startsWith("its folder takes no new files"), e.reason());
    assertFalse(e.retryable());
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
          assertEquals(1, names(sockets).size());
        }
        deadSocketAt(path);
        unix.listen(Address.unix(path), loop).close();
        assertEquals(List.of(), names(sockets));
        assertEquals(List.of(), names(temporary));
      }
    } finally {
      System.setProperty("java.io.tmpdir", String.valueOf(before));
    }
  }

  /** A dead socket at a path that the JDK may find too long. */
  private void deadSocketAt(Path path) throws IOException {
    Files.move(deadSocket(dir.resolve("d")), path);
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
      assertEquals(List.of("s"), names(folder));
    }
    assertEquals(List.of(), names(folder));
  }

  @Test
  void aPathOf108BytesIsRefused() throws IOException {
    Path path = pathOf(dir, 108);
    String why = "the path has 108 bytes, a socket's may have 107";
    assertEquals(why, refusal("unix:" + path).reason());
    assertEquals(why, failure(path).reason());
    assertEquals(List.of(), names());
  }

  @Test
  void closingRemovesTheFileOnce() throws IOException {
    Path path = dir.resolve("s");
    Listener listener = listen("");
    listener.close();
    assertEquals(List.of(), names());
    rawServer(path, 1).close();
    listener.close();
    assertEquals(List.of("s"), names());
  }

  @Test
  void closingLeavesAFileThatIsNoLongerOurs() throws IOException {
    Path path = dir.resolve("s");
    Listener listener = listen("");
    Files.delete(path);
    try (ServerSocketChannel theirs = rawServer(path, 1)) {
      listener.close();
      assertTrue(theirs.isOpen() && Files.exists(path));
    }
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
  void oneOfSeveralThatReplaceADeadSocketWins() throws Exception {
    Path path = dir.resolve("s");
    for (int round = 0; round < 50; round++) {
      deadSocket(path);
      AtomicInteger won = new AtomicInteger();
      AtomicReference<@Nullable Throwable> wrong = new AtomicReference<>();
      List<Thread> threads = new ArrayList<>();
      List<Loop> loops = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Loop own = new Loop(new SelectorPoller());
        loops.add(own);
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    unix.listen(Address.unix(path), own);
                    won.incrementAndGet();
                  } catch (TransportException e) {
                    if (!e.reason().contains("listens there already")) {
                      wrong.set(e);
                    }
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertNull(wrong.get());
      assertEquals(1, won.get());
      assertEquals(List.of("s"), names());
      Turns.connected(unix, Address.unix(path), loop).close();
      loops.forEach(Loop::close);
      assertEquals(List.of(), names());
    }
  }

  @Test
  void whoeverSeesTheSocketSeesItListeningAndInItsFinalMode() throws Exception {
    Path path = dir.resolve("s");
    AtomicReference<@Nullable String> wrong = new AtomicReference<>();
    AtomicInteger seen = new AtomicInteger();
    Thread racer =
        Thread.ofPlatform()
            .start(() -> {
              while (!Thread.currentThread().isInterrupted() && wrong.get() == null) {
                look(path, seen, wrong);
              }
            });
    for (int i = 0; (i < 1000 || seen.get() < 100) && wrong.get() == null; i++) {
      listen("").close();
      loop.turn(Duration.ZERO);
    }
    racer.interrupt();
    racer.join();
    assertNull(wrong.get());
  }

  private static void look(Path path, AtomicInteger seen, AtomicReference<@Nullable String> wrong) {
    Object before = identity(path);
    if (before == null) {
      return;
    }
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      if (((Integer) mode & 0777) != 0600) {
        wrong.set("mode " + Integer.toOctalString((Integer) mode));
      }
      channel.connect(UnixDomainSocketAddress.of(path));
      seen.incrementAndGet();
    } catch (ConnectException e) {
      if (before.equals(identity(path))) {
        wrong.set("it was there and refused");
      }
    } catch (IOException e) {
      // It went away meanwhile.
    }
  }

  @Test
  void aFullBacklogIsToldApartFromAConnection() throws IOException {
    Path path = dir.resolve("s");
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel server = rawServer(path, 1)) {
      fill(path, clients);
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
    try (ServerSocketChannel server = rawServer(path, 1)) {
      fill(path, clients);
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

  /** Connects until the system has no place left. */
  private static void fill(Path path, List<SocketChannel> clients) throws IOException {
    while (true) {
      SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
      client.configureBlocking(false);
      try {
        assertTrue(client.connect(UnixDomainSocketAddress.of(path)));
        clients.add(client);
      } catch (IOException e) {
        client.close();
        assertTrue(UnixConnect.isFull(e), e.toString());
        return;
      }
    }
  }

  @Test
  void connectingSaysWhyItFailed() throws IOException {
    TransportException absent = failure(dir.resolve("absent"));
    assertEquals("there is no such file", absent.reason());
    assertTrue(absent.retryable());
    TransportException dead = failure(deadSocket(dir.resolve("dead")));
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
    assertTrue(e.reason().contains("'mode' is not known here; known are server, wait"), "" + e);
    assertFalse(e.retryable());
  }

  @Test
  void abstractNamesAreRefusedWithTheReason() {
    assertTrue(refusal("unix:@name").reason().contains("net-linux"));
    TransportException e =
        Turns.failure(unix, Address.parse("unix:@name"), loop, Duration.ofSeconds(1));
    assertTrue(e.reason().contains("net-linux"), e.reason());
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
