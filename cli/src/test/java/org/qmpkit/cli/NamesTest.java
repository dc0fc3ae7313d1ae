package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;

/** Which words are addresses, and which are names; and of what. */
@Timeout(300)
class NamesTest {
  private final PlantedHost host;
  private final Names names;

  NamesTest(@TempDir Path folder) {
    this.host = new PlantedHost(folder);
    this.names = new Names(new Host(folder, true), Map.of());
  }

  private Path socket(String path) throws IOException {
    Path file = host.root().resolve(path);
    Files.createDirectories(file.getParent());
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(file));
    }
    return file;
  }

  private void qemu(int pid, String name, String socket) throws IOException {
    String[] words = {"qemu-system-x86_64", "-name", name, "-qmp", "unix:" + socket + ",server=on"};
    host.process(pid, words);
  }

  private void assertRefused(int status, String text, String word) {
    UsageException e =
        assertThrows(UsageException.class, () -> names.find(word, Address::parseInShell));
    assertEquals(status, e.status(), e::getMessage);
    assertTrue(String.valueOf(e.getMessage()).contains(text), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/run/qmp/web1.qmp",
        "unix:web1",
        "./web1",
        "localhost:4444",
        "tcp:web1:1",
        "web1:1",
        "@web1",
        "stdio:",
        "exec:web1",
        // A file of the folder that tests run in.
        "pom.xml"
      })
  void anAddressStaysOne(String word) throws Exception {
    // None of them is looked for, whatever is called so.
    socket("run/qmp/" + word.replace('/', '_') + ".qmp");
    assertEquals(Address.parse(word), names.find(word, Address::parse));
  }

  @Test
  void aNameStandsForItsAddress() throws Exception {
    Address vm1 = Address.unix(socket("run/qmp/vm1.qmp"));
    Address web1 = Address.unix(socket("tmp/a"));
    qemu(3, "web1", "/tmp/a");
    assertEquals(vm1, names.find("vm1", Address::parse));
    assertEquals(web1, names.find("web1", Address::parse));
    assertEquals(web1, names.find("web1", Address::parseInShell));
  }

  @Test
  void aNameThatIsNoAddressByItsForm() throws Exception {
    Address odd = Address.unix(socket("tmp/a"));
    qemu(3, "web 1: a,,b", "/tmp/a");
    assertEquals(odd, names.find("web 1: a,b", Address::parse));
    assertEquals(odd, names.find("web 1: a,b", Address::parseInShell));
    // What is neither is a path, or wrong, as it was.
    assertEquals("a:b:c", names.find("a:b:c", Address::parseInShell).target());
    UsageException e =
        assertThrows(UsageException.class, () -> names.find("a:b:c", Address::parse));
    assertTrue(String.valueOf(e.getMessage()).contains("'a' is no known scheme"), e::getMessage);
  }

  @Test
  void anUnknownNameComesWithThoseThereAre() throws Exception {
    assertRefused(ExitStatus.UNREACHABLE, "no monitor of that name; none was found", "web1");
    socket("run/qmp/web1.qmp");
    socket("run/qmp/db.qmp");
    assertRefused(
        ExitStatus.UNREACHABLE, "did you mean 'web1'? There are db, web1 ('qmp list'", "wbe1");
    assertRefused(ExitStatus.UNREACHABLE, "name; there are db, web1 (", "something");
    assertRefused(ExitStatus.UNREACHABLE, "'" + "x".repeat(199) + "…'", "x".repeat(9_000));
    assertRefused(ExitStatus.USAGE, "control character", "web\0001");
  }

  @Test
  void twoOfANameAreBothNamed() throws Exception {
    Path first = socket("run/qmp/web1.qmp");
    Path second = socket("tmp/b");
    qemu(3, "web1", "/tmp/b");
    assertRefused(ExitStatus.USAGE, "'web1' is the name of 2 monitors", "web1");
    assertRefused(ExitStatus.USAGE, "unix:" + first, "web1");
    assertRefused(ExitStatus.USAGE, "unix:" + second, "web1");
  }

  @Test
  void aHelperStandsForWhatItShares() throws Exception {
    Address shared = Address.unix(socket("run/qmp/vm1.qmp"));
    socket("tmp/a");
    qemu(3, "web1", "/tmp/a");
    host.process(
        4, "java", "org.qmpkit.cli.Qmp", "helper", "--route", "/run/qmp/vm1.qmp => /tmp/a");
    assertEquals(shared, names.find("web1", Address::parse));
    assertEquals(shared, names.find("vm1", Address::parse));
  }

  @Test
  void anotherUsersNameIsNotTaken() throws Exception {
    Path theirs = socket("tmp/a");
    qemu(3, "web1", "/tmp/a");
    Assumptions.assumeTrue(Users.of(theirs) == 0, "gives files away");
    host.users(3, 1234, 1234, 1234);
    Files.setAttribute(theirs, "unix:uid", 1234);
    assertRefused(ExitStatus.UNREACHABLE, "another user has given", "web1");
    assertRefused(ExitStatus.UNREACHABLE, "unix:" + theirs, "web1");
    // Nor does it make a name of ours ambiguous.
    Address own = Address.unix(socket("run/qmp/web1.qmp"));
    assertEquals(own, names.find("web1", Address::parse));
  }
}
