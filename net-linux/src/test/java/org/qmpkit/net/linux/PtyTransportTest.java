package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.TransportException;

@Timeout(120)
final class PtyTransportTest {
  @TempDir Path dir;

  private final PtyTransport pty = new PtyTransport();
  private Loop loop;
  private Path link;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new EpollPoller());
    link = dir.resolve("console");
  }

  @AfterEach
  void close() {
    loop.close();
  }

  private Address address() {
    return Address.parse("pty:" + link);
  }

  private Endpoint connected() {
    return Outcomes.connected(pty, address(), loop);
  }

  private Endpoint accepted(Listener listener) {
    Endpoint[] peer = new Endpoint[1];
    listener.onWaiting(() -> {
      try {
        peer[0] = listener.accept();
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      listener.interest(false);
    });
    listener.interest(true);
    Outcomes.until(loop, () -> peer[0] != null, "a peer");
    return peer[0];
  }

  private byte[] read(Endpoint from, int count) {
    ByteBuffer into = ByteBuffer.allocate(count);
    boolean[] ended = {false};
    from.onReady((readable, writable) -> ended[0] |= from.read(into) < 0);
    from.interest(true, false);
    Outcomes.until(loop, () -> ended[0] || !into.hasRemaining(), count + " bytes");
    from.interest(false, false);
    return Arrays.copyOf(into.array(), into.position());
  }

  /** What stty(1) says of a terminal, or does to it. */
  private String stty(String... words) throws Exception {
    ProcessBuilder stty = new ProcessBuilder("stty", "-F", link.toString());
    stty.command().addAll(List.of(words));
    Process process = stty.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), said);
    return said;
  }

  @Test
  void everyBytePassesAsItIsInBothDirections() throws IOException {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    try (Listener listener = pty.listen(address(), loop)) {
      Endpoint near = accepted(listener);
      Endpoint far = connected();
      assertEquals(256, near.write(ByteBuffer.wrap(all)));
      assertArrayEquals(all, read(far, 256));
      assertEquals(256, far.write(ByteBuffer.allocateDirect(256).put(all).flip()));
      assertArrayEquals(all, read(near, 256));
      assertEquals(address() + "#1", near.peer());
      assertEquals(address().toString(), far.peer());
      assertNull(listener.accept());
    }
  }

  @Test
  void whatWasWrittenBeforeItWasOpenedIsThereAndNothingOfTheOneBefore() throws IOException {
    try (Listener listener = pty.listen(address(), loop)) {
      Endpoint near = accepted(listener);
      near.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      Endpoint far = connected();
      assertArrayEquals(new byte[] {1, 2, 3}, read(far, 3));
      near.write(ByteBuffer.wrap(new byte[] {4}));
      far.close();
      assertEquals(0, read(near, 1).length);
      near.close();
      Endpoint next = accepted(listener);
      Endpoint other = connected();
      next.write(ByteBuffer.wrap(new byte[] {5}));
      assertArrayEquals(new byte[] {5}, read(other, 1));
    }
  }

  @Test
  void theEndOfOurSideIsTheEndOfInputOnTheOther() throws IOException {
    try (Listener listener = pty.listen(address(), loop)) {
      Endpoint near = accepted(listener);
      Endpoint far = connected();
      near.close();
      assertEquals(0, read(far, 1).length);
      far.shutdownOutput();
      assertThrows(PeerGoneException.class, () -> far.write(ByteBuffer.wrap(new byte[] {1})));
      far.close();
      far.close();
      assertEquals(-1, far.read(ByteBuffer.allocate(1)));
    }
  }

  @Test
  void aTerminalGetsItsModesBack() throws Exception {
    try (Listener listener = pty.listen(address(), loop)) {
      assertFalse(listener.address().target().isEmpty());
      assertTrue(stty("-a").contains("-icanon"), "ours is raw from the beginning");
      stty("sane");
      String before = stty("-g");
      Endpoint far = connected();
      String during = stty("-g");
      assertNotEquals(before, during);
      assertTrue(stty("-a").contains("-icanon"));
      far.close();
      loop.turn(Duration.ZERO);
      assertEquals(before, stty("-g"));
    }
  }

  @Test
  void theLinkGoesWithTheListenerAndADeadOneIsReplaced() throws IOException {
    Files.createSymbolicLink(link, Path.of("/dev/pts/no-such"));
    try (Listener listener = pty.listen(address(), loop)) {
      assertTrue(Files.exists(link), listener.toString());
      TransportException why =
          assertThrows(TransportException.class, () -> pty.listen(address(), loop));
      assertTrue(why.reason().contains("has the path, and that exists"), why.reason());
      assertTrue(Files.exists(link));
    }
    assertFalse(Files.exists(link, LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void nothingElseIsReplaced() throws IOException {
    Files.writeString(link, "somebody's");
    assertEquals(
        "something that is no link has the path",
        assertThrows(TransportException.class, () -> pty.listen(address(), loop)).reason());
    assertEquals("somebody's", Files.readString(link));
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("/no/such/file"));
    assertThrows(TransportException.class, () -> pty.listen(address(), loop));
    assertEquals(Path.of("/no/such/file"), Files.readSymbolicLink(link));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "pty:/no/such/device   | No such file or directory | true",
        "pty:/etc/passwd       | it is no device           | false",
        "pty:/tmp              | it is no device           | false",
        "pty:/dev/tty,mode=1   | option 'mode'             | false",
      })
  void saysWhyItCannotConnect(String address, String reason, boolean retryable) {
    TransportException why =
        Outcomes.failure(pty, Address.parse(address), loop, Duration.ofSeconds(60));
    String message = Objects.requireNonNull(why.getMessage());
    assertTrue(message.startsWith("cannot connect to " + address + ": "), message);
    assertTrue(why.reason().contains(reason), message);
    assertFalse(message.contains("\n"), message);
    assertFalse(why.remedy().isEmpty(), message);
    assertEquals(retryable, why.retryable());
  }
}
