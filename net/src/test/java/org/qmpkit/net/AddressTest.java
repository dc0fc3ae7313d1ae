package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AddressTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "unix:/run/q.sock                  | unix:/run/q.sock",
        "unix:q.sock                       | unix:q.sock",
        "unix:@name                        | unix:@name",
        "/run/q.sock                       | unix:/run/q.sock",
        "q.sock                            | unix:q.sock",
        "a:b/c                             | unix:a:b/c",
        "/run/vm:1                         | unix:/run/vm:1",
        "/run/q,,1.sock                    | unix:/run/q,,1.sock",
        "/run/q.sock,mode=0660,group=kvm   | unix:/run/q.sock,mode=0660,group=kvm",
        "unix:/p,server=on,wait=off        | unix:/p,server=on,wait=off",
        "unix:/p,server,nowait             | unix:/p,server=on,wait=off",
        "unix:/p,server,wait               | unix:/p,server=on,wait=on",
        "unix:/p,server=off                | unix:/p,server=off",
        "unix:/p,,,server                  | unix:/p,,,server=on",
        "unix:,,p                          | unix:,,p",
        "tcp:host:4444                     | tcp:host:4444",
        "tcp:[::1]:4444                    | tcp:[::1]:4444",
        "tcp::4444                         | tcp::4444",
        "tcp:h:0                           | tcp:h:0",
        "tcp:h:65535,server=on             | tcp:h:65535,server=on",
        "localhost:4444                    | tcp:localhost:4444",
        "[fe80::1%eth0]:4444,server        | tcp:[fe80::1%eth0]:4444,server=on",
        ":4444                             | tcp::4444",
        "tls:h:16509,authz=CN=a,,O=b       | tls:h:16509,authz=CN=a,,O=b",
        "vsock:any:15100                   | vsock:any:15100",
        "hvsock:/run/v.sock:4444           | hvsock:/run/v.sock:4444",
        "argo:7:15100,stream=on            | argo:7:15100,stream=on",
        "v4v:7                             | v4v:7",
        "vchan:7:/data/q,mode=client       | vchan:7:/data/q,mode=client",
        "exec:ssh h socat - UNIX:/q,a=b,,c | exec:ssh h socat - UNIX:/q,a=b,,c",
        "pty:/dev/pts/3                    | pty:/dev/pts/3",
        "fd:3                              | fd:3",
        "stdio:                            | stdio:",
      })
  void readsWhatToolsAccept(String text, String canonical) {
    Address address = Address.parse(text);
    assertEquals(canonical, address.toString());
    assertEquals(address, Address.parse(canonical));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a:b:c         | unix:a:b:c",
        "a:b:5         | unix:a:b:5",
        "a:b           | unix:a:b",
        "/p,server=on  | unix:/p,,server=on",
        "localhost:5   | tcp:localhost:5",
        "[::1]:5       | tcp:[::1]:5",
        "/p:5          | unix:/p:5",
        "unix:/p,wait  | unix:/p,wait=on",
      })
  void readsABareWordInTheShellAsQmpShellDoes(String text, String canonical) {
    Address address = Address.parseInShell(text);
    assertEquals(canonical, address.toString());
    assertEquals(address, Address.parse(canonical));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\"                     | it is empty",
        "a:b:c                  | 'a' is no known scheme (unix, tcp,",
        "a:b                    | 'a:b' is not HOST:PORT",
        "::1:4444               | tcp:[::1]:4444",
        "unix:                  | the path is empty",
        "unix:@                 | the path is empty",
        "tcp:host               | 'host' is not HOST:PORT",
        "tcp:a:b:1              | with an IPv6 host in brackets",
        "tcp:h:65536            | port 65536 is not within 0 to 65535",
        "tcp:h:99999999999      | port 99999999999 is not within 0 to 65535",
        "h:65536                | port 65536",
        "tcp:a b:1              | host 'a b' has a blank in it",
        "tcp:h:-1               | is not HOST:PORT",
        "stdio:x                | stdio has no target",
        "vsock:                 | nothing follows 'vsock:'",
        "\"exec: \"               | nothing follows 'exec:'",
        "unix:/p,server=maybe   | option 'server' is 'maybe', neither on nor off",
        "unix:/p,wait=          | option 'wait' is '', neither on nor off",
        "unix:/p,mode           | option 'mode' has no value",
        "unix:/p,               | an option is empty",
        "unix:/p,server,server  | option 'server' is given twice",
        "unix:/p,wait,nowait    | option 'wait' is given twice",
        "unix:/p,nowait=on      | option 'nowait' takes no value",
        "unix:/p,MODE=1         | option 'MODE' is not a name of small letters",
      })
  void saysWhatIsWrong(String text, String why) {
    String message = message(text);
    assertTrue(message.contains(why), message);
    assertTrue(message.startsWith("cannot read address '" + text + "': "), message);
    assertTrue(message.contains("; example: "), message);
  }

  @Test
  void refusesControlCharactersSaveInACommand() {
    assertFalse(message("unix:/a\nb").contains("\n"));
    assertTrue(message("unix:/a\u0000b").contains("character 3"), message("unix:/a\u0000b"));
    assertTrue(message("unix:/a,mode=\t").contains("option 'mode' has a control character"));
    assertEquals("a\nb", Address.parse("exec:a\nb").target());
    assertTrue(message("exec:a\u0000").contains("U+0000"));
  }

  @Test
  void theExampleIsAnAddressOfTheScheme() {
    for (String scheme : Address.SCHEMES) {
      assertEquals(scheme, Address.parse(AddressReader.example(scheme)).scheme());
    }
  }

  @Test
  void aConstructedAddressKeepsTheRulesToo() {
    assertThrows(AddressException.class, () -> new Address("ftp", "x", Map.of()));
    assertThrows(AddressException.class, () -> new Address("tcp", "x", Map.of()));
    assertThrows(AddressException.class, () -> new Address("exec", "x", Map.of("a", "b")));
    assertThrows(AddressException.class, () -> new Address("unix", "x", Map.of("a,b", "c")));
    assertThrows(AddressException.class, () -> new Address("unix", "x", Map.of("wait", "no")));
    assertEquals("unix:/a,,b", Address.unix(Path.of("/a,b")).toString());
    assertEquals("tcp:[::1]:5", Address.tcp("::1", 5).toString());
    assertEquals("tcp::5", Address.tcp("", 5).toString());
  }

  @Test
  void optionsKeepTheirOrderAndCannotBeChanged() {
    Address address = Address.parse("argo:1,stream=on,generation=2,localport=9");
    assertEquals(
        List.of("stream", "generation", "localport"), List.copyOf(address.options().keySet()));
    assertThrows(UnsupportedOperationException.class, () -> address.options().clear());
    assertEquals(Optional.of("2"), address.option("generation"));
    assertEquals(Optional.empty(), address.option("mode"));
    assertTrue(address.flag("stream", false));
    assertTrue(address.flag("absent", true));
    assertThrows(AddressException.class, () -> address.flag("generation", true));
  }

  @Test
  void serverIsOffUnlessSaid() {
    assertFalse(Address.parse("/p").server());
    assertFalse(Address.parse("unix:/p,server=off").server());
    assertTrue(Address.parse("unix:/p,server").server());
    assertTrue(Address.parse("tcp:h:1,server=on,wait=off").server());
  }

  @Test
  void hostAndPortAreThoseOfTcpAndTls() {
    assertEquals("::1", Address.parse("tcp:[::1]:4444").host());
    assertEquals("", Address.parse("tcp::4444").host());
    assertEquals(4444, Address.parse("tls:h:4444,cert=x").port());
    assertEquals("tls:[::1]:9,cert=x", Address.parse("tls:[::1]:0,cert=x").withPort(9).toString());
    assertThrows(IllegalStateException.class, () -> Address.parse("vsock:3:4").port());
    assertThrows(IllegalStateException.class, () -> Address.parse("/p").host());
  }

  @Test
  void anUnknownOptionIsRefusedWithTheKnownOnes() {
    Address address = Address.parse("unix:/p,server,mode=1,umask=2");
    AddressException e =
        assertThrows(AddressException.class, () -> address.checkOptions(List.of("mode", "group")));
    assertTrue(
        String.valueOf(e.getMessage())
            .contains("'umask' is not known here; known are group, mode, server, wait"),
        e.getMessage());
    address.checkOptions(List.of("mode", "umask"));
  }

  @Test
  void anyAddressReadsBackFromItsCanonicalSpelling() {
    Random random = new Random(4711);
    String alphabet = "ab,=:/@ 0[]-";
    for (int i = 0; i < 20_000; i++) {
      Map<String, String> options = new LinkedHashMap<>();
      for (int n = random.nextInt(4); n > 0; n--) {
        options.put("k" + random.nextInt(9), word(random, alphabet, 0));
      }
      Address address = new Address("unix", word(random, alphabet, 1), options);
      assertEquals(address, Address.parse(address.toString()));
      assertEquals(address, Address.parseInShell(address.toString()));
    }
  }

  private static String word(Random random, String alphabet, int atLeast) {
    StringBuilder word = new StringBuilder(atLeast == 0 ? "" : "p");
    for (int n = random.nextInt(6); n > 0; n--) {
      word.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return word.toString();
  }

  private static String message(String text) {
    return String.valueOf(
        assertThrows(AddressException.class, () -> Address.parse(text)).getMessage());
  }
}
