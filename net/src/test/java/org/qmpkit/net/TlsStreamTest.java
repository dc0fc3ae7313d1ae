package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What TLS tells of a write whose peer leaves in the middle of it. */
final class TlsStreamTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir static Path folder;
  private static SSLContext context;

  private final Wire toServer = new Wire();
  private final Wire toClient = new Wire();
  private final TlsStream client = stream(true, toClient, toServer);
  private final TlsStream server = stream(false, toServer, toClient);

  @BeforeAll
  static void issue() throws Exception {
    Path store = folder.resolve("keys.p12");
    List<String> keytool =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "own",
            "-keyalg",
            "EC",
            "-dname",
            "CN=test",
            "-keystore",
            store.toString(),
            "-storepass",
            new String(PASSWORD));
    assertEquals(0, new ProcessBuilder(keytool).inheritIO().start().waitFor());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    keys.setCertificateEntry("trusted", keys.getCertificate("own"));
    KeyManagerFactory own = KeyManagerFactory.getInstance("SunX509");
    own.init(keys, PASSWORD);
    TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
    trusted.init(keys);
    context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
  }

  /** One direction, whose reader may leave after some more writes. */
  private static final class Wire {
    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 20).flip();
    private int writesLeft = Integer.MAX_VALUE;
  }

  private record Raw(Wire in, Wire out) implements Endpoint {
    @Override
    public int read(ByteBuffer into) {
      int count = Math.min(into.remaining(), in.bytes.remaining());
      into.put(in.bytes.slice().limit(count));
      in.bytes.position(in.bytes.position() + count);
      return count;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      if (out.writesLeft-- <= 0) {
        throw new PeerGoneException("the peer", "it has left", null);
      }
      int count = from.remaining();
      out.bytes.compact().put(from).flip();
      return count;
    }

    @Override
    public void shutdownOutput() {}

    @Override
    public void onReady(Ready handler) {}

    @Override
    public void interest(boolean read, boolean write) {}

    @Override
    public String peer() {
      return "the peer";
    }

    @Override
    public Optional<String> user() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  private static TlsStream stream(boolean dials, Wire in, Wire out) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(dials);
    return new TlsStream(engine, new Raw(in, out));
  }

  private void shakeHands() throws IOException {
    for (int turn = 0; turn < 20; turn++) {
      boolean dialled = client.handshake();
      if (server.handshake() && dialled) {
        return;
      }
    }
    throw new AssertionError("no handshake");
  }

  @Test
  void whatWentBeforeThePeerLeftIsToldBeforeThat() throws Exception {
    shakeHands();
    toServer.writesLeft = 1;
    ByteBuffer much = ByteBuffer.allocate(100_000);
    int told = client.write(much);
    ByteBuffer heard = ByteBuffer.allocate(100_000);
    int came = server.read(heard);
    assertTrue(came > 0 && told >= came, came + " came, " + told + " were told");
    assertEquals(told, much.position());
    assertThrows(PeerGoneException.class, () -> client.write(much));
    assertEquals(told, much.position());
  }
}
