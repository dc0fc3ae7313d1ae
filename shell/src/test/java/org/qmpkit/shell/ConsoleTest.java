package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;

@Timeout(120)
final class ConsoleTest {
  private static final int LEAVE = 0x1D;
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path dir;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final CompletableFuture<String> heard = new CompletableFuture<>();

  /** What a console does with whoever connects; tells what it heard. */
  private interface Far {
    String hear(SocketChannel peer) throws IOException, InterruptedException;
  }

  private ServerSocketChannel console(Far far) throws IOException {
    ServerSocketChannel server =
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
            .bind(UnixDomainSocketAddress.of(dir.resolve("c")));
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (SocketChannel peer = server.accept()) {
            heard.complete(far.hear(peer));
          } catch (IOException | InterruptedException e) {
            heard.completeExceptionally(e);
          }
        });
    return server;
  }

  /** A console that says something, hears until the end of input, or ends after a few bytes. */
  private ServerSocketChannel console(byte[] says, int endAfter) throws IOException {
    return console(peer -> {
      peer.write(ByteBuffer.wrap(says));
      return heard(peer, endAfter, 1);
    });
  }

  private static String heard(SocketChannel peer, int most, int atOnce) throws IOException {
    StringBuilder bytes = new StringBuilder();
    ByteBuffer some = ByteBuffer.allocate(atOnce);
    while (bytes.length() < most && peer.read(some.clear()) >= 0) {
      bytes.append(StandardCharsets.ISO_8859_1.decode(some.flip()));
    }
    return bytes.toString();
  }

  private int run(InputStream in, int leave, Duration linger) {
    return run(Address.unix(dir.resolve("c")), in, out, leave, linger);
  }

  private int run(Address address, InputStream in, OutputStream out, int leave, Duration linger) {
    return Console.run(
        address,
        in,
        out,
        leave,
        linger,
        () -> {},
        () -> {},
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void theKeyLeavesAndWhatWasTypedBeforeItArrives() throws Exception {
    try (ServerSocketChannel console = console(new byte[0], Integer.MAX_VALUE)) {
      assertTrue(console.isOpen());
      assertEquals(
          ExitStatus.DONE,
          run(new ByteArrayInputStream(bytes("a\u0003\r\u00ff\u001drest")), LEAVE, LONG));
      assertEquals("a\u0003\r\u00ff", heard.get(60, TimeUnit.SECONDS));
      assertEquals("", err.toString(StandardCharsets.UTF_8));
    }
  }

  @Test
  void withoutATerminalTheKeyIsAByteAndTheEndOfInputWaitsForSilence() throws Exception {
    String says = "login: \u001b[31m\u00ff\u0000".repeat(20_000);
    try (ServerSocketChannel console = console(bytes(says), Integer.MAX_VALUE)) {
      assertTrue(console.isOpen());
      int status =
          run(
              new ByteArrayInputStream(bytes("a\u001db")),
              ConsoleBridge.NO_KEY,
              Duration.ofSeconds(2));
      assertEquals(ExitStatus.DONE, status);
      assertEquals("a\u001db", heard.get(60, TimeUnit.SECONDS));
      assertEquals(says, out.toString(StandardCharsets.ISO_8859_1));
    }
  }

  /** More than a socket holds, and less than that and what is under way. */
  private static final String MUCH = "0123456789abcdef".repeat(15 * 1024);

  /** A console that reads nothing for a while, and then all or nothing more. */
  private ServerSocketChannel late(Duration silent, boolean reads) throws IOException {
    return console(peer -> {
      Thread.sleep(silent);
      return heard(peer, reads ? Integer.MAX_VALUE : 0, 4096);
    });
  }

  @Test
  void theSilenceBeginsWhenTheInputIsDelivered() throws Exception {
    try (ServerSocketChannel console = late(Duration.ofSeconds(2), true)) {
      assertTrue(console.isOpen());
      int status =
          run(new ByteArrayInputStream(bytes(MUCH)), ConsoleBridge.NO_KEY, Duration.ofMillis(500));
      assertEquals(ExitStatus.DONE, status, err.toString(StandardCharsets.UTF_8));
      assertTrue(MUCH.equals(heard.get(60, TimeUnit.SECONDS)), "all arrives");
    }
  }

  @Test
  void inputThatIsNeverTakenIsAnError() throws Exception {
    try (ServerSocketChannel console = late(LONG, false)) {
      assertTrue(console.isOpen());
      int status =
          run(new ByteArrayInputStream(bytes(MUCH)), ConsoleBridge.NO_KEY, Duration.ofMillis(500));
      assertEquals(ExitStatus.UNREACHABLE, status);
      String said = err.toString(StandardCharsets.UTF_8);
      assertTrue(said.contains("bytes of the input were not taken by unix:"), said);
    }
  }

  @Test
  void inputThatAwaitsAFarSideThatHangsUpIsAnError() throws Exception {
    try (ServerSocketChannel console = late(Duration.ofSeconds(2), false)) {
      assertTrue(console.isOpen());
      int status = run(new ByteArrayInputStream(bytes(MUCH)), ConsoleBridge.NO_KEY, LONG);
      assertEquals(ExitStatus.UNREACHABLE, status);
      String said = err.toString(StandardCharsets.UTF_8);
      assertTrue(said.contains("bytes of the input were not taken by unix:"), said);
    }
  }

  @Test
  void theEndOfTheFarSideIsToldAfterAllThatItSaid() throws Exception {
    try (ServerSocketChannel console = console(bytes("bye"), 1);
        PipedOutputStream keys = new PipedOutputStream();
        PipedInputStream in = new PipedInputStream(keys)) {
      assertTrue(console.isOpen());
      keys.write('q');
      keys.flush();
      assertEquals(ExitStatus.UNREACHABLE, run(in, LEAVE, LONG));
      assertEquals("bye", out.toString(StandardCharsets.UTF_8));
      assertTrue(err.toString(StandardCharsets.UTF_8).contains("has ended it"));
    }
  }

  /** It reads later than the silence that ends it, as ssh does that takes a while to log in. */
  @Test
  void aCommandIsGivenTimeForWhatItWasGiven() throws Exception {
    Path got = dir.resolve("got");
    Address command = Address.parse("exec:sleep 2; cat >" + got + "; echo done");
    InputStream in = new ByteArrayInputStream(bytes(MUCH));
    int status = run(command, in, out, ConsoleBridge.NO_KEY, Duration.ofMillis(100));
    assertEquals(ExitStatus.DONE, status, err.toString(StandardCharsets.UTF_8));
    assertTrue(MUCH.equals(Files.readString(got, StandardCharsets.ISO_8859_1)), "all arrives");
    assertEquals("done\n", out.toString(StandardCharsets.ISO_8859_1));
  }

  @Test
  void outputThatCannotBeWrittenIsAnError() throws Exception {
    try (ServerSocketChannel console = console(bytes("login: "), Integer.MAX_VALUE);
        OutputStream full = new FileOutputStream("/dev/full")) {
      assertTrue(console.isOpen());
      InputStream in = new ByteArrayInputStream(bytes("root\n"));
      Address address = Address.unix(dir.resolve("c"));
      int status = run(address, in, full, ConsoleBridge.NO_KEY, Duration.ofMillis(500));
      assertEquals(ExitStatus.UNREACHABLE, status);
      String said = err.toString(StandardCharsets.UTF_8);
      assertTrue(said.contains("cannot write all of the output: No space left"), said);
    }
  }

  @Test
  void whereNobodyIsItSaysSo() {
    assertEquals(ExitStatus.UNREACHABLE, run(InputStream.nullInputStream(), LEAVE, LONG));
    String said = err.toString(StandardCharsets.UTF_8);
    assertTrue(said.startsWith("qmp console: cannot connect to unix:"), said);
    assertEquals(1, said.lines().count(), said);
  }
}
