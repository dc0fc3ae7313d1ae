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
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the file of a listening UNIX socket comes and goes, and what it leaves alone. */
@Timeout(120)
final class SocketFileTest {
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

  @ParameterizedTest
  @CsvSource({"'',600", ",600", "mode=0660,660", "mode=777,777", "mode=0707,707"})
  void theSocketHasExactlyItsMode(@Nullable String option, String mode) throws IOException {
    listen(option == null || option.isEmpty() ? "" : "," + option);
    Object bits = Files.getAttribute(dir.resolve("s"), "unix:mode");
    assertEquals(mode, Integer.toOctalString((Integer) bits & 07777));
    assertEquals(List.of("s"), Sockets.names(dir));
  }

  @ParameterizedTest
  @ValueSource(strings = {"888", "abc", "1777", "66", "", "u=rw"})
  void aModeThatIsNoneIsRefused(String mode) throws IOException {
    TransportException e = refusal("unix:" + dir.resolve("s") + ",mode=" + mode);
    assertTrue(e.reason().contains("mode '" + mode + "' is not three octal digits"), e.reason());
    assertFalse(e.retryable());
    assertEquals(List.of(), Sockets.names(dir));
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
    assertEquals(List.of(), Sockets.names(dir));
  }

  @Test
  void aDeadSocketIsReplaced() throws IOException {
    Path path = Sockets.deadSocket(dir.resolve("s"));
    Object dead = Sockets.identity(path);
    Listener listener = listen("");
    assertFalse(Objects.equals(dead, Sockets.identity(path)));
    Turns.connected(unix, listener.address(), loop);
    assertNotNull(listener.accept());
    assertEquals(List.of("s"), Sockets.names(dir));
  }

  @Test
  void aLivingSocketIsLeftAlone() throws IOException {
    Listener first = listen("");
    Object before = Sockets.identity(dir.resolve("s"));
    TransportException e = refusal("unix:" + dir.resolve("s"));
    assertTrue(e.reason().contains("a program listens there already"), e.reason());
    assertTrue(e.retryable());
    assertEquals(before, Sockets.identity(dir.resolve("s")));
    assertEquals(List.of("s"), Sockets.names(dir));
    assertNotNull(first.accept(), "the probe");
    Turns.connected(unix, first.address(), loop);
    assertNotNull(first.accept());
  }

  @Test
  void aLivingSocketWithAFullBacklogIsLeftAlone() throws IOException {
    Path path = dir.resolve("s");
    List<SocketChannel> clients = new ArrayList<>();
    try (ServerSocketChannel server = Sockets.rawServer(path, 1)) {
      Sockets.fill(path, clients);
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
      default -> Files.createSymbolicLink(path, Sockets.deadSocket(dir.resolve("t")));
    }
    Object before = Sockets.identity(path);
    List<String> names = Sockets.names(dir);
    TransportException e = refusal("unix:" + path);
    assertTrue(e.reason().endsWith("is in the way"), e.reason());
    assertFalse(e.retryable());
    assertEquals(before, Sockets.identity(path));
    assertEquals(names, Sockets.names(dir));
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
    assertEquals(List.of("f"), Sockets.names(dir));
  }

  @Test
  void aFolderThatTakesNoFilesIsRefused() {
    // Even root makes no files there.
    TransportException e = refusal("unix:/proc/qmpkit.sock");
    assertTrue(e.reason().startsWith("its folder takes no new files"), e.reason());
    assertFalse(e.retryable());
  }

  @Test
  void closingRemovesTheFileOnce() throws IOException {
    Path path = dir.resolve("s");
    Listener listener = listen("");
    listener.close();
    assertEquals(List.of(), Sockets.names(dir));
    Sockets.rawServer(path, 1).close();
    listener.close();
    assertEquals(List.of("s"), Sockets.names(dir));
  }

  @Test
  void closingLeavesAFileThatIsNoLongerOurs() throws IOException {
    Path path = dir.resolve("s");
    Listener listener = listen("");
    Files.delete(path);
    try (ServerSocketChannel theirs = Sockets.rawServer(path, 1)) {
      listener.close();
      assertTrue(theirs.isOpen() && Files.exists(path));
    }
  }

  @Test
  void oneOfSeveralThatReplaceADeadSocketWins() throws Exception {
    Path path = dir.resolve("s");
    for (int round = 0; round < 50; round++) {
      Sockets.deadSocket(path);
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
      assertEquals(List.of("s"), Sockets.names(dir));
      Turns.connected(unix, Address.unix(path), loop).close();
      loops.forEach(Loop::close);
      assertEquals(List.of(), Sockets.names(dir));
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
    Object before = Sockets.identity(path);
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
      if (before.equals(Sockets.identity(path))) {
        wrong.set("it was there and refused");
      }
    } catch (IOException e) {
      // It went away meanwhile.
    }
  }
}
