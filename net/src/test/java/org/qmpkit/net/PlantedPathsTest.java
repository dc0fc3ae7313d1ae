package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Twelve things that somebody may plant at a socket's path, before it is made or while it listens:
 * each is refused or replaced as it should be, and nothing foreign is ever removed or changed.
 */
@Timeout(120)
final class PlantedPathsTest {
  /** What is planted before the socket is made, or done to it afterwards. */
  enum Plant {
    SYMLINK("a symbolic link is in the way"),
    DANGLING_SYMLINK("a symbolic link is in the way"),
    FILE("a file is in the way"),
    FOLDER("a folder is in the way"),
    FIFO("a fifo is in the way"),
    LIVE_FOREIGN_SOCKET("a program listens there already"),
    /** Of another user where the test may make one: whoever may write the folder may replace it. */
    STALE_FOREIGN_SOCKET(""),
    /** A second name of a file elsewhere. */
    HARD_LINK("a file is in the way"),
    /** The folder itself is reached by a link: its owner wanted it so. */
    PARENT_SYMLINK(""),
    STICKY_FOLDER(""),
    /** While it listens, another file is put in its place. */
    SWAPPED(""),
    /** While it listens, its file is removed. */
    REMOVED("");

    /** Why it is refused, or empty if it is not. */
    final String refusal;

    Plant(String refusal) {
      this.refusal = refusal;
    }
  }

  @TempDir Path root;

  private final UnixTransport unix = new UnixTransport();
  private final List<ServerSocketChannel> servers = new ArrayList<>();
  private Loop loop;
  private Path folder;
  private Path elsewhere;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new SelectorPoller());
    folder = Files.createDirectory(root.resolve("folder"));
    elsewhere = Files.createDirectory(root.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("precious"), "precious");
    Files.writeString(folder.resolve("neighbour"), "precious");
  }

  @AfterEach
  void close() throws IOException {
    loop.close();
    for (ServerSocketChannel each : servers) {
      each.close();
    }
  }

  @ParameterizedTest
  @EnumSource
  void isRefusedOrReplacedAndNothingForeignIsTouched(Plant plant) throws Exception {
    Path path = plant(plant);
    Map<String, String> before = everything();
    Address address = Address.parse("unix:" + path);
    if (plant.refusal.isEmpty()) {
      before.remove("folder/s");
      listenAndClose(plant, address, path);
    } else {
      TransportException e =
          assertThrows(TransportException.class, () -> unix.listen(address, loop));
      assertTrue(e.reason().contains(plant.refusal), e.reason());
      assertFalse(e.remedy().isEmpty());
    }
    Map<String, String> after = everything();
    if (plant == Plant.SWAPPED) {
      assertTrue(String.valueOf(after.remove("folder/s")).endsWith(": a stranger's"));
    }
    assertEquals(before, after);
  }

  private void listenAndClose(Plant plant, Address address, Path path) throws Exception {
    Listener listener = unix.listen(address, loop);
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    assertEquals(0140600, mode);
    Turns.connected(unix, address, loop);
    assertNotNull(listener.accept());
    switch (plant) {
      case SWAPPED -> {
        Files.delete(path);
        Files.writeString(path, "a stranger's");
      }
      case REMOVED -> Files.delete(path);
      default -> {}
    }
    listener.close();
    assertEquals(plant == Plant.SWAPPED, Files.exists(path, LinkOption.NOFOLLOW_LINKS));
  }

  /** Plants something and tells at which path the socket is to be made. */
  private Path plant(Plant plant) throws Exception {
    Path path = folder.resolve("s");
    Path precious = elsewhere.resolve("precious");
    switch (plant) {
      case SYMLINK -> Files.createSymbolicLink(path, precious);
      case DANGLING_SYMLINK -> Files.createSymbolicLink(path, elsewhere.resolve("nothing"));
      case FILE -> Files.writeString(path, "precious");
      case FOLDER -> Files.createDirectory(path);
      case FIFO -> assertEquals(0, new ProcessBuilder("mkfifo", "" + path).start().waitFor());
      case LIVE_FOREIGN_SOCKET -> servers.add(Sockets.rawServer(path, 8));
      case STALE_FOREIGN_SOCKET -> own(Sockets.deadSocket(path), 54321);
      case HARD_LINK -> Files.createLink(path, precious);
      case PARENT_SYMLINK -> {
        Path link = Files.createSymbolicLink(root.resolve("link"), folder);
        return link.resolve("s");
      }
      case STICKY_FOLDER -> {
        own(Sockets.deadSocket(folder.resolve("theirs")), 54321);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertEquals(0, new ProcessBuilder("chmod", "+t", "" + folder).start().waitFor());
      }
      case SWAPPED, REMOVED -> {}
    }
    return path;
  }

  /** Gives a file to another user; without the right to, it stays ours. */
  private static void own(Path path, int user) throws IOException {
    if ("root".equals(System.getProperty("user.name"))) {
      Files.setAttribute(path, "unix:uid", user, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Every file there is, with its identity, owner, mode, and content. */
  private Map<String, String> everything() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.toList()) {
        Map<String, Object> attributes =
            Files.readAttributes(each, "unix:ino,uid,mode", LinkOption.NOFOLLOW_LINKS);
        boolean file = Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS);
        files.put(
            root.relativize(each).toString(),
            (file ? "file " : "")
                + new TreeMap<>(attributes)
                + (file ? ": " + Files.readString(each) : ""));
      }
    }
    return files;
  }
}
