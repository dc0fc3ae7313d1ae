package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** The file of the helper's socket: what it may replace, whose it is, and when it goes. */
@Timeout(300)
class SocketFileTest {
  private final Path folder;
  private final Path nobody;

  SocketFileTest(@TempDir Path folder) {
    this.folder = folder;
    this.nobody = folder.resolve("nobody.sock");
  }

  @Test
  void isItsOwnersAloneUnlessToldOtherwise() throws Exception {
    Path usual = folder.resolve("usual.qmp");
    Path wider = folder.resolve("wider.qmp");
    try (HelperProcess helper =
        HelperProcess.start(
            "--route", "unix:" + usual + " => unix:" + nobody,
            "--route", "unix:" + wider + ",mode=0660 => unix:" + nobody)) {
      helper.awaitLog("shares .* at unix:" + wider);
      assertEquals("rw-------", mode(usual));
      assertEquals("rw-rw----", mode(wider));
    }
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void ofAProgramThatListensIsLeftAlone() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient client = shared.client()) {
      String reason = "a program listens there already";
      assertRefused(shared.socket().toString(), reason);
      assertRefused(shared.qemu().path().toString(), reason);
      assertEmptyReturn("undisturbed", client.ask(command("query-name", "undisturbed")));
    }
  }

  @Test
  void ofAQemuWhoseBacklogIsFullIsLeftAlone() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"));
        LineClient first = SharedQemu.negotiated(qemu.path());
        LineClient second = LineClient.connect(qemu.path());
        LineClient third = LineClient.connect(qemu.path())) {
      assertRefused(qemu.path().toString(), "a program listens there already");
      assertEmptyReturn("undisturbed", first.ask(command("query-name", "undisturbed")));
      second.reset();
      third.reset();
    }
  }

  @Test
  void isNeverPutInTheWayOfSomethingElse() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "precious");
    Files.createSymbolicLink(folder.resolve("link"), file);
    Files.createSymbolicLink(folder.resolve("dangling"), nobody);
    Files.createDirectory(folder.resolve("folder"));
    assertRefused(file.toString(), "a file is in the way");
    assertRefused(folder.resolve("link").toString(), "a symbolic link is in the way");
    assertRefused(folder.resolve("dangling").toString(), "a symbolic link is in the way");
    assertRefused(folder.resolve("folder").toString(), "a folder is in the way");
    assertEquals("precious", Files.readString(file));
  }

  @Test
  void needsAFolderAndAPathThatFits() throws Exception {
    Path missing = folder.resolve("missing");
    assertRefused(missing.resolve("shared.qmp").toString(), "there is no folder '" + missing + "'");
    String longest = folder + "/" + "x".repeat(106 - folder.toString().length());
    assertEquals(107, longest.length());
    assertRefused(longest + "x", "the path has 108 bytes, a socket's may have 107");
    try (HelperProcess helper = HelperProcess.sharing(Path.of(longest), nobody)) {
      assertTrue(helper.alive());
      // The JDK itself can't connect to a path as long as that; the tool can.
      Program.Outcome health = Program.run("health", longest);
      assertTrue(health.out().contains("\"via\":\"helper\""), health.out());
    }
  }

  @Test
  void isNotMadeWhereItMayNot() throws Exception {
    assertRefused("/proc/shared.qmp", "/proc");
  }

  /** The helper ends with status 3 and one line, and the folder is as it was. */
  private void assertRefused(String listen, String reason) throws IOException {
    Map<String, Object> before = contents();
    Program.Outcome outcome =
        Program.run("helper", "--listen", "unix:" + listen, "--connect", "unix:" + nobody);
    assertEquals(3, outcome.status(), outcome.err());
    assertEquals(1, outcome.errLines().size(), outcome.err());
    String line = outcome.errLines().getFirst();
    assertTrue(line.startsWith("qmp helper: cannot listen on unix:" + listen + ": "), line);
    assertTrue(line.contains(reason), line);
    assertEquals("", outcome.out());
    assertEquals(before, contents());
  }

  /** Every name in the folder, with what identifies the file behind it. */
  private Map<String, Object> contents() throws IOException {
    Map<String, Object> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        contents.put(
            file.toString(), Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS));
      }
    }
    return contents;
  }

  @Test
  void ofTwoRoutesAtOnePlaceNeitherIsMade() throws Exception {
    String route = "unix:" + folder.resolve("a.qmp") + " => unix:" + nobody;
    Program.Outcome outcome = Program.run("helper", "--route", route, "--route", route);
    assertEquals(2, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains("two routes listen on"), outcome.err());
    assertEquals(Map.of(), contents());
  }

  @Test
  void allGoWhenOneCannotBeMade() throws Exception {
    Path good = folder.resolve("good.qmp");
    Program.Outcome outcome =
        Program.run(
            "helper",
            "--route",
            "unix:" + good + " => unix:" + nobody,
            "--route",
            "unix:" + folder.resolve("missing/bad.qmp") + " => unix:" + nobody);
    assertEquals(3, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains("there is no folder"), outcome.err());
    assertEquals(Map.of(), contents());
  }

  @Test
  void isNotRemovedAtTheEndIfItHasBecomeAnothers() throws Exception {
    Path socket = folder.resolve("shared.qmp");
    try (HelperProcess helper = HelperProcess.sharing(socket, nobody);
        ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      SharedQemu.status(socket);
      Object before = Files.getAttribute(socket, "unix:ino");
      // Moved rather than deleted, so that its number is not given to the new one.
      Files.move(socket, folder.resolve("moved.qmp"));
      other.bind(UnixDomainSocketAddress.of(socket));
      Object after = Files.getAttribute(socket, "unix:ino");
      assertNotEquals(before, after);
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      assertEquals(after, Files.getAttribute(socket, "unix:ino"));
    }
  }
}
