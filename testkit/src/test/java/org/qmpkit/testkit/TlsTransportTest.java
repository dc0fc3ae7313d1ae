package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.TransportException;

/** Who is let in over TLS, and what those are told who are not. */
@Timeout(300)
final class TlsTransportTest {
  @TempDir static Path folder;
  static Certificates ours;
  static Certificates theirs;
  private TlsRig rig;

  @BeforeAll
  static void issue() throws IOException {
    ours = Certificates.authority(Files.createDirectory(folder.resolve("ours")), "CN=our CA");
    theirs = Certificates.authority(Files.createDirectory(folder.resolve("theirs")), "CN=theirs");
    ours.issue("server", "EC").issue("client", "RSA").issue("ed", "Ed25519");
    ours.issue("elsewhere", "EC", "-ext", "san=dns:other.example");
    ours.issue("expired", "EC", "-startdate", "-10d", "-validity", "5");
    ours.issue("early", "EC", "-startdate", "+5d", "-validity", "5");
    theirs.issue("stranger", "EC");
  }

  @BeforeEach
  void open() throws IOException {
    rig = new TlsRig();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private Listener listening(String cert) throws IOException {
    return rig.listen(ours.show(cert));
  }

  private Listener demanding() throws IOException {
    return rig.listen(ours.show("server") + ours.believe());
  }

  @ParameterizedTest
  @ValueSource(strings = {"server", "client", "ed"})
  void eachKindOfKeyServesAndBothSidesKnowEachOther(String name) throws IOException {
    Listener listener =
        rig.listen(ours.show(name) + ours.believe() + ",authz=cn=" + name + ",,o=QMPKIT");
    Endpoint near =
        rig.connected(
            listener.address().port(),
            ours.show(name) + ours.believe() + ",authz=CN=" + name + ",,O=qmpkit");
    Endpoint far = rig.rig.accepted(listener);
    rig.assertFlows(near, far);
    rig.assertFlows(far, near);
    assertEquals(Optional.of("CN=" + name + ",O=qmpkit"), near.user());
    assertEquals(near.user(), far.user());
    assertTrue(far.peer().matches("tls:127\\.0\\.0\\.1:[0-9]+"), far.peer());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          elsewhere | false | the peer's certificate is for another host (
          expired   | false | the peer's certificate has expired (
          early     | true  | the peer's certificate is not valid yet (
          """)
  void aCertificateThatIsNotGoodIsRefusedForWhatItIs(String name, boolean retryable, String reason)
      throws IOException {
    int port = listening(name).address().port();
    TransportException why = rig.failure(port, ours.believe());
    assertTrue(why.reason().startsWith(reason), why.reason());
    assertEquals(retryable, why.retryable());
    String told = rig.turnedAway();
    assertTrue(told.contains("the peer refused the certificate it was shown"), told);
  }

  @Test
  void oneThatNobodyTrustedVouchesForIsRefused() throws IOException {
    int port = listening("server").address().port();
    for (String options : List.of("", theirs.believe())) {
      TransportException why = rig.failure(port, options);
      assertTrue(why.reason().contains("self-signed, or of a CA that is not"), why.reason());
      assertFalse(why.retryable());
      rig.turnedAway();
    }
    // Pinned: the certificate itself in ca=.
    rig.connected(port, ",ca=" + ours.crt("server"));
    int old = listening("expired").address().port();
    String reason = rig.failure(old, ",ca=" + ours.crt("expired")).reason();
    assertTrue(reason.contains("has expired"), reason);
  }

  @Test
  void onlyTheNamedPeerIsAuthorized() throws IOException {
    int port = listening("server").address().port();
    String reason = rig.failure(port, ours.believe() + ",authz=CN=mallory").reason();
    assertEquals("the peer is 'CN=server,O=qmpkit', and authz= wants 'CN=mallory'", reason);
    rig.turnedAway();
    Listener picky = rig.listen(ours.show("server") + ours.believe() + ",authz=CN=alice");
    Endpoint near = rig.connected(picky.address().port(), ours.show("client") + ours.believe());
    String told = rig.turnedAway();
    assertTrue(told.contains("the peer is 'CN=client,O=qmpkit', and authz= wants"), told);
    assertRefused(near);
  }

  private void assertRefused(Endpoint near) {
    String why = String.valueOf(rig.readingFails(near).getMessage());
    assertTrue(why.startsWith("cannot read from " + near.peer() + ": the peer refused"), why);
  }

  @Test
  void aListenerThatDemandsACertificateSaysSoToWhoHasNone() throws IOException {
    Listener listener = demanding();
    Endpoint near = rig.connected(listener.address().port(), ours.believe());
    String why = String.valueOf(rig.readingFails(near).getMessage());
    assertTrue(why.contains("demands a certificate and was shown none; add cert="), why);
    String told = rig.turnedAway();
    assertTrue(told.contains("the peer showed no certificate"), told);
    assertTrue(told.matches("cannot accept tls:127\\.0\\.0\\.1:\\d+ on tls:127.*"), told);
    assertEquals(null, listener.accept());
  }

  @Test
  void aStrangersCertificateIsShownAndRefused() throws IOException {
    Listener listener = demanding();
    assertRefused(
        rig.connected(listener.address().port(), theirs.show("stranger") + ours.believe()));
    String told = rig.turnedAway();
    assertTrue(told.contains("self-signed, or of a CA that is not trusted here"), told);
  }

  @Test
  void plainBytesAtATlsPortDisturbNobody() throws IOException {
    Listener listener = demanding();
    int port = listener.address().port();
    try (SocketChannel plain = raw(port)) {
      plain.write(ByteBuffer.wrap("{\"execute\": \"quit\"}\r\n".getBytes(StandardCharsets.UTF_8)));
      String told = rig.turnedAway();
      assertTrue(told.contains("the peer does not speak TLS"), told);
    }
    Endpoint near = rig.connected(port, ours.show("client") + ours.believe());
    rig.assertFlows(near, rig.rig.accepted(listener));
  }

  private static SocketChannel raw(int port) throws IOException {
    return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  @Test
  void silentPeersNeitherBlockOthersNorStay() throws IOException {
    Listener listener = demanding();
    int port = listener.address().port();
    String good = ours.show("client") + ours.believe();
    List<SocketChannel> silent = new ArrayList<>();
    try {
      silent.add(raw(port));
      rig.assertFlows(rig.connected(port, good), rig.rig.accepted(listener));
      rig.jump(6);
      assertTrue(rig.turnedAway().contains("no TLS handshake within "));
      for (int i = 0; i < 64; i++) {
        silent.add(raw(port));
        rig.rig.settle();
      }
      rig.jump(2); // they are more than 1 s old, and a place is wanted
      rig.assertFlows(rig.connected(port, good), rig.rig.accepted(listener));
      assertFalse(rig.turnedAway.isEmpty());
    } finally {
      for (SocketChannel each : silent) {
        each.close();
      }
    }
  }

  @Test
  void whatWasTakenBeforeACloseArrivesWithASlowReader() throws IOException {
    Listener listener = demanding();
    Endpoint near = rig.connected(listener.address().port(), ours.show("client") + ours.believe());
    Endpoint far = rig.rig.accepted(listener);
    ByteBuffer block = ByteBuffer.allocate(1 << 16);
    int taken = 0;
    for (int count = 1; count > 0; taken += count) {
      count = far.write(block.clear());
    }
    far.close();
    rig.rig.settle();
    assertEquals(taken, rig.rig.read(near, taken).length());
    rig.rig.assertEnds(near);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ,cert=CERT,key=nowhere.key  | there is no file nowhere.key
          ,cert=nowhere.crt,key=KEY   | there is no file nowhere.crt
          ,cert=KEY,key=KEY           | has no certificate in PEM form
          ,cert=CERT,key=CERT         | has no private key in PEM form
          ,cert=CERT,key=OTHER        | is not that of the first certificate in
          ,cert=CERT                  | cert= and key= go together
          ,ca=GARBAGE                 | certificate 1 of
          ,cert=CERT,key=GARBAGE      | no RSA, EC or Ed25519 key
          ,cert=CERT,key=ENCRYPTED    | is encrypted; convert it: openssl pkcs8 -topk8 -nocrypt
          ,cert=CERT,key=OLD          | is in the old form 'RSA PRIVATE KEY', not PKCS#8; convert
          ,cert=CERT,key=PUBLIC       | everybody on this host may read the key in
          ,authz=nonsense             | authz 'nonsense' is not a name as RFC 2253 writes it
          ,mode=0600                  | option 'mode' is not known here
          """)
  void filesThatCannotBeUsedAreNamedWithWhatToDo(String options, String expected)
      throws IOException {
    String text =
        options
            .replace("CERT", ours.crt("server").toString())
            .replace("KEY", ours.key("server").toString())
            .replace("OTHER", ours.key("client").toString());
    for (String label : List.of("GARBAGE", "ENCRYPTED", "OLD", "PUBLIC")) {
      text = text.replace(label, file(label).toString());
    }
    String all = text;
    // Not one of them gets as far as dialling.
    TransportException why = rig.failure(1, all);
    String message = String.valueOf(why.getMessage());
    assertTrue(message.contains(expected), message);
    assertFalse(why.retryable());
    if (all.contains("cert=")) {
      assertThrows(TransportException.class, () -> rig.listen(all));
    }
  }

  private static Path file(String label) throws IOException {
    byte[] nonsense = "nonsense".getBytes(StandardCharsets.UTF_8);
    String text =
        switch (label) {
          case "GARBAGE" ->
              Certificates.pem("CERTIFICATE", nonsense) + Certificates.pem("PRIVATE KEY", nonsense);
          case "ENCRYPTED" -> Certificates.pem("ENCRYPTED PRIVATE KEY", nonsense);
          case "OLD" -> Certificates.pem("RSA PRIVATE KEY", nonsense);
          default -> Files.readString(ours.key("server"));
        };
    Path file = Files.writeString(folder.resolve(label), text);
    String mode = label.equals("PUBLIC") ? "rw-r--r--" : "rw-------";
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  @Test
  void aListenerNeedsACertificateAndAuthzNeedsACa() {
    for (String options : List.of("", ours.believe(), ours.show("server") + ",authz=CN=a")) {
      TransportException why = assertThrows(TransportException.class, () -> rig.listen(options));
      assertTrue(why.reason().contains("need"), why.reason());
    }
  }
}
