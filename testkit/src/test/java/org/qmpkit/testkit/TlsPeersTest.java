package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.TransportException;

/** TLS with peers that are not ours: older, plain, cut off; blocking sockets of the JDK. */
@Timeout(300)
final class TlsPeersTest {
  @TempDir static Path folder;
  static Certificates certificates;
  static SSLContext context;
  private TlsRig rig;

  @BeforeAll
  static void issue() throws Exception {
    certificates = Certificates.authority(folder, "CN=CA").issue("server", "EC");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(certificates.keyStore())) {
      keys.load(in, Certificates.PASSWORD.toCharArray());
    }
    keys.setCertificateEntry("trusted", keys.getCertificate("ca"));
    KeyManagerFactory own = KeyManagerFactory.getInstance("SunX509");
    own.init(keys, Certificates.PASSWORD.toCharArray());
    TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
    trusted.init(keys);
    context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
  }

  @BeforeEach
  void open() throws IOException {
    rig = new TlsRig();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private interface Talk {
    void with(SSLSocket socket) throws Exception;
  }

  private static CompletableFuture<Void> talking(Socket socket, Talk talk) {
    return CompletableFuture.runAsync(
        () -> {
          try (socket) {
            talk.with((SSLSocket) socket);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        },
        task -> Thread.ofPlatform().daemon().start(task));
  }

  private static SSLSocket dialling(Listener listener) throws IOException {
    return (SSLSocket)
        context
            .getSocketFactory()
            .createSocket(InetAddress.getLoopbackAddress(), listener.address().port());
  }

  private Listener listening() throws IOException {
    return rig.listen(certificates.show("server"));
  }

  @Test
  void aPeerThatChangesItsKeysIsFollowed() throws Exception {
    Listener listener = listening();
    CompletableFuture<Void> peer =
        talking(
            dialling(listener),
            socket -> {
              for (int i = 0; i < 3; i++) {
                socket.getOutputStream().write('a' + i);
                assertEquals('A' + i, socket.getInputStream().read());
                socket.startHandshake(); // in TLS 1.3 a KeyUpdate that asks for ours
              }
              socket.shutdownOutput();
              assertEquals('.', socket.getInputStream().read());
              assertEquals(-1, socket.getInputStream().read());
            });
    Endpoint far = rig.rig.accepted(listener);
    for (int i = 0; i < 3; i++) {
      assertEquals(String.valueOf((char) ('a' + i)), rig.rig.read(far, 1));
      rig.rig.write(far, String.valueOf((char) ('A' + i)));
    }
    rig.rig.assertEnds(far);
    rig.rig.write(far, ".");
    far.shutdownOutput();
    rig.rig.until(peer::isDone, "the end of the peer");
    peer.join();
  }

  @Test
  void aClientOfTls12IsTurnedAwayForThat() throws Exception {
    Listener listener = listening();
    SSLSocket old = dialling(listener);
    old.setEnabledProtocols(new String[] {"TLSv1.2"});
    CompletableFuture<Void> peer = talking(old, SSLSocket::startHandshake);
    String told = rig.turnedAway();
    assertTrue(told.contains("the peer has no TLS 1.3"), told);
    assertTrue(peer.handle((done, failure) -> failure != null).join());
  }

  @Test
  void aServerOfTls12IsRefusedForThat() throws Exception {
    try (SSLServerSocket server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      server.setEnabledProtocols(new String[] {"TLSv1.2"});
      CompletableFuture<Void> peer =
          CompletableFuture.runAsync(
              () -> {
                try (SSLSocket socket = (SSLSocket) server.accept()) {
                  socket.startHandshake();
                } catch (IOException e) {
                  // As it should be.
                }
              },
              task -> Thread.ofPlatform().daemon().start(task));
      TransportException why = rig.failure(server.getLocalPort(), certificates.believe());
      assertEquals("the peer has no TLS 1.3", why.reason());
      assertFalse(why.retryable());
      peer.join();
    }
  }

  @Test
  void aPlainServerIsToldFromTls() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try (Socket socket = server.accept()) {
              socket
                  .getOutputStream()
                  .write("{\"QMP\": {}}\r\n".getBytes(StandardCharsets.US_ASCII));
              while (socket.getInputStream().read() >= 0) {}
            } catch (IOException e) {
              // The connector has gone.
            }
          });
      TransportException why = rig.failure(server.getLocalPort(), certificates.believe());
      assertTrue(why.getMessage().contains("does not speak TLS; use tcp:"), why.getMessage());
    }
  }

  @Test
  void aConnectionThatIsCutFailsToRead() throws Exception {
    Listener listener = listening();
    CompletableFuture<Void> peer = new CompletableFuture<>();
    try (Socket tcp = new Socket(InetAddress.getLoopbackAddress(), listener.address().port())) {
      SSLSocket over =
          (SSLSocket) context.getSocketFactory().createSocket(tcp, "localhost", 1, false);
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            try {
              over.getOutputStream().write('x');
              tcp.shutdownOutput(); // no close_notify before it
              peer.complete(null);
            } catch (IOException e) {
              peer.completeExceptionally(e);
            }
          });
      Endpoint far = rig.rig.accepted(listener);
      assertEquals("x", rig.rig.read(far, 1));
      String why = String.valueOf(rig.readingFails(far).getMessage());
      assertTrue(why.contains("was cut: it ended without TLS's close_notify"), why);
      peer.join();
    }
  }
}
