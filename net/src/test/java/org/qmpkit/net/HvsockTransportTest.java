package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
final class HvsockTransportTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path dir;

  private final HvsockTransport hvsock = new HvsockTransport();
  private Loop loop;
  private Path path;

  @BeforeEach
  void open() throws IOException {
    loop = new Loop(new SelectorPoller());
    path = dir.resolve("v.sock");
  }

  @AfterEach
  void close() {
    loop.close();
  }

  /** Stands in for a hypervisor: takes one connection and its request, says something, and ends. */
  private static final class Vmm implements AutoCloseable {
    private final ServerSocketChannel server;
    private final CompletableFuture<String> heard = new CompletableFuture<>();

    /**
     * Listens.
     *
     * @param answer what it says; nothing to wait for the end of input instead
     */
    Vmm(Path path, byte... answer) throws IOException {
      server = Sockets.rawServer(path, 8);
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try (SocketChannel peer = server.accept()) {
              StringBuilder request = new StringBuilder();
              int last = read(peer);
              for (; last >= 0 && last != '\n'; last = read(peer)) {
                request.append((char) last);
              }
              if (answer.length == 0) {
                request.append("; ").append(read(peer));
              } else {
                peer.write(ByteBuffer.wrap(answer));
              }
              heard.complete(request.toString());
            } catch (IOException e) {
              heard.completeExceptionally(e);
            }
          });
    }

    private static int read(SocketChannel from) throws IOException {
      ByteBuffer one = ByteBuffer.allocate(1);
      return from.read(one) < 0 ? -1 : one.get(0) & 0xFF;
    }

    String heard() throws Exception {
      return heard.get(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private Address address(long port) {
    return Address.parse("hvsock:" + path + ":" + port);
  }

  private TransportException failure(Duration timeout) {
    TransportException why = Turns.failure(hvsock, address(4444), loop, timeout);
    String message = String.valueOf(why.getMessage());
    assertTrue(message.startsWith("cannot connect to " + address(4444) + ": "), message);
    assertFalse(message.contains("\n"), message);
    assertFalse(why.remedy().isEmpty(), message);
    return why;
  }

  private String readToTheEnd(Endpoint from) {
    StringBuilder text = new StringBuilder();
    boolean[] ended = {false};
    ByteBuffer some = ByteBuffer.allocate(3);
    from.onReady((readable, writable) -> {
      int count = from.read(some.clear());
      ended[0] = count < 0;
      text.append(StandardCharsets.ISO_8859_1.decode(some.flip()));
    });
    from.interest(true, false);
    Turns.until(loop, () -> ended[0], "the end of input");
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "\n", "OK 7\n", "{\"QMP\": {}}\r\n\0\u00ff"})
  void theGuestsBytesBehindTheAnswerAreAllThere(String behind) throws Exception {
    try (Vmm vmm = new Vmm(path, bytes("OK 1073741824\n" + behind))) {
      Endpoint guest = Turns.connected(hvsock, address(4_294_967_294L), loop);
      assertEquals("CONNECT 4294967294", vmm.heard());
      assertEquals(address(4_294_967_294L).toString(), guest.peer());
      assertEquals(behind, readToTheEnd(guest));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "OK\n",
        "OK \n",
        "OK 5\r\n",
        "OK -5\n",
        "ok 5\n",
        " OK 5\n",
        "OK 12345678901\n",
        "OK 00000000000000000000000000000000000000000000000000000000000000000000001\n",
        "\n",
        "\u001b[31m\u0000\u00ff\n",
        "{\"QMP\": {}}\n",
        "................................................................",
      })
  void anotherAnswerIsShownAndEndsIt(String answer) throws IOException {
    try (Vmm vmm = new Vmm(path, bytes(answer))) {
      TransportException why = failure(PATIENCE);
      assertNotNull(vmm);
      assertTrue(why.reason().startsWith("the answer begins '"), why.reason());
      assertTrue(why.reason().matches("[ -~]*"), why.reason());
      assertFalse(why.retryable());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"O", "OK 107374", "..............................................."})
  void aConnectionThatEndsWithoutAnOkIsRefused(String answer) throws IOException {
    try (Vmm vmm = new Vmm(path, bytes(answer))) {
      TransportException why = failure(PATIENCE);
      assertNotNull(vmm);
      assertTrue(why.reason().contains("closed the connection without an OK"), why.reason());
      assertTrue(why.retryable());
    }
  }

  @Test
  void aHypervisorThatOnlyHangsUpRefuses() throws Exception {
    try (ServerSocketChannel server = Sockets.rawServer(path, 8)) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              server.accept().close();
            } catch (IOException e) {
              // The test is over.
            }
          });
      assertTrue(failure(PATIENCE).reason().contains("closed the connection without an OK"));
    }
  }

  @Test
  void aHypervisorThatSaysNothingIsGivenUp() throws Exception {
    try (Vmm vmm = new Vmm(path)) {
      TransportException why = failure(Duration.ofMillis(200));
      assertEquals("the hypervisor did not say OK within 200 ms", why.reason());
      assertTrue(why.retryable());
      Turns.settle(loop);
      assertEquals("CONNECT 4444; -1", vmm.heard());
    }
  }

  @Test
  void whoGivesUpIsNotCalledAndHangsUp() throws Exception {
    try (Vmm vmm = new Vmm(path)) {
      Turns.Outcome outcome = new Turns.Outcome();
      Attempt attempt = hvsock.connect(address(4444), loop, PATIENCE, outcome);
      Turns.settle(loop);
      attempt.close();
      attempt.close();
      Turns.settle(loop);
      assertTrue(vmm.heard().endsWith("; -1"));
      assertEquals(0, outcome.calls);
    }
  }

  @Test
  void withoutAHypervisorTheSocketsOwnFailureIsTold() throws IOException {
    assertEquals("there is no such file", failure(PATIENCE).reason());
    Sockets.deadSocket(path);
    assertEquals("nobody listens there", failure(PATIENCE).reason());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "hvsock:/v.sock            | '/v.sock' is not /path:PORT",
        "hvsock:/v.sock:           | '/v.sock:' is not /path:PORT",
        "hvsock:/v.sock:a          | '/v.sock:a' is not /path:PORT",
        "hvsock::4                 | ':4' is not /path:PORT",
        "hvsock:/v.sock:4294967295 | port 4294967295 is not within 0 to 4294967294",
        "hvsock:/v.sock:4,fds=on   | option 'fds' is not known here",
      })
  void saysWhatIsWrongWithAnAddress(String text, String reason) {
    Address address = Address.parse(text);
    TransportException connecting = Turns.failure(hvsock, address, loop, PATIENCE);
    TransportException listening =
        assertThrows(TransportException.class, () -> hvsock.listen(address, loop));
    assertTrue(connecting.reason().contains(reason), connecting.reason());
    assertTrue(listening.reason().contains(reason), listening.reason());
    assertEquals(text, connecting.address());
    assertFalse(connecting.retryable());
  }

  @Test
  void aPathTooLongForASocketIsRefusedWithItsPort() {
    Address address = Address.parse("hvsock:/" + "x".repeat(104) + ":10");
    assertEquals(
        "the path has 108 bytes, a socket's may have 107",
        assertThrows(TransportException.class, () -> hvsock.listen(address, loop)).reason());
  }

  @Test
  void guestsArriveAtASocketNamedAfterThePort() throws IOException {
    Address address = Address.parse("hvsock:" + path + ":4444,mode=0660");
    try (Listener listener = hvsock.listen(address, loop);
        SocketChannel guest = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      assertEquals(address, listener.address());
      assertEquals(List.of("v.sock_4444"), Sockets.names(dir));
      Path socket = dir.resolve("v.sock_4444");
      assertEquals(
          "rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
      guest.connect(UnixDomainSocketAddress.of(socket));
      guest.write(ByteBuffer.wrap(bytes("CONNECT is the guest's own")));
      guest.shutdownOutput();
      Endpoint peer = Objects.requireNonNull(listener.accept());
      assertEquals("hvsock:" + path + ":4444#1", peer.peer());
      assertEquals("CONNECT is the guest's own", readToTheEnd(peer));
    }
    assertEquals(List.of(), Sockets.names(dir));
  }

  @Test
  void aFileInTheWayIsNamedWithTheAddress() throws IOException {
    Files.writeString(dir.resolve("v.sock_4444"), "somebody's");
    TransportException why =
        assertThrows(TransportException.class, () -> hvsock.listen(address(4444), loop));
    assertEquals(address(4444).toString(), why.address());
    assertEquals("somebody's", Files.readString(dir.resolve("v.sock_4444")));
  }
}
