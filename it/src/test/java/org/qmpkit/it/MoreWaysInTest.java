package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.Certificates;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** A real QEMU reached by TLS and by a command. */
@Timeout(300)
class MoreWaysInTest {
  @TempDir static Path folder;
  static Certificates certificates;
  private final Path socket;

  MoreWaysInTest(@TempDir Path own) {
    this.socket = own.resolve("shared.qmp");
  }

  @BeforeAll
  static void issue() throws IOException {
    certificates = Certificates.authority(folder, "CN=CA").issue("server", "RSA");
    certificates.issue("client", "RSA");
    // The names that QEMU's tls-creds-x509 looks for.
    Files.copy(certificates.ca(), folder.resolve("ca-cert.pem"));
    Files.copy(certificates.crt("server"), folder.resolve("server-cert.pem"));
    Files.copy(certificates.key("server"), folder.resolve("server-key.pem"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private HelperProcess helper(String connect) throws IOException {
    return HelperProcess.start("--listen", "unix:" + socket, "--connect", connect);
  }

  private static RealQemu qemuWithTls(int port) throws IOException {
    return RealQemu.start(
        "-object",
        "tls-creds-x509,id=t,dir=" + folder + ",endpoint=server,verify-peer=yes",
        "-chardev",
        "socket,id=q,host=127.0.0.1,port=" + port + ",server=on,wait=off,tls-creds=t",
        "-mon",
        "chardev=q,mode=control");
  }

  /**
   * QEMU greets, and no more is asked of it: its monitor reads a byte each time the socket is
   * readable, and in 7.2 what TLS has decrypted already does not make it so. A command that comes
   * in one record is stuck after its first byte, whichever client sends it.
   */
  @Test
  void qemusOwnTlsMonitorIsReached() throws Exception {
    int port = freePort();
    String monitor =
        "tls:localhost:"
            + port
            + certificates.show("client")
            + certificates.believe()
            + ",authz=CN=server,,O=qmpkit";
    try (RealQemu qemu = qemuWithTls(port);
        HelperProcess helper =
            HelperProcess.start("--relay", "--listen", "unix:" + socket, "--connect", monitor)) {
      for (int i = 0; i < 2; i++) {
        try (LineClient client = LineClient.connect(socket, Patience.LIMIT)) {
          assertTrue(client.greeting().contains("\"QMP\""), "a greeting");
        }
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void aQemuThatDemandsACertificateIsUnderstood() throws Exception {
    int port = freePort();
    try (RealQemu qemu = qemuWithTls(port);
        HelperProcess helper = helper("tls:localhost:" + port + certificates.believe())) {
      helper.awaitLog("warning: .*the peer (demands a certificate|ended|refused)|was cut");
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void twoHelpersMeetByTlsAndStrangersAreLogged() throws Exception {
    int port = freePort();
    String wall = "tls:localhost:" + port;
    try (RealQemu qemu = RealQemu.start();
        HelperProcess far =
            HelperProcess.start(
                "--relay",
                "--listen",
                "tls:127.0.0.1:" + port + certificates.show("server") + certificates.believe(),
                "--connect",
                "unix:" + qemu.path())) {
      Program.Outcome stranger = Program.run("health", wall + certificates.believe());
      assertEquals(3, stranger.status(), stranger::toString);
      assertTrue(stranger.out().contains("demands a certificate"), stranger::toString);
      far.awaitLog("warning: .*cannot accept tls:127.*the peer showed no certificate");
      try (HelperProcess near =
              helper(wall + certificates.show("client") + certificates.believe());
          LineClient client = negotiated(socket)) {
        assertEmptyReturn("through", client.ask(command("query-name", "through")));
        assertTrue(near.alive());
      }
      assertTrue(far.alive());
    }
  }

  @Test
  void aCommandReachesQemu() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper("exec:socat - UNIX-CONNECT:" + qemu.path())) {
      try (LineClient client = negotiated(socket)) {
        assertEmptyReturn("by exec", client.ask(command("query-name", "by exec")));
      }
      ProcessHandle socat =
          Patience.find(
              "socat",
              () ->
                  ProcessHandle.of(helper.pid()).stream()
                      .flatMap(ProcessHandle::descendants)
                      .filter(p -> p.info().command().orElse("").contains("socat"))
                      .findFirst(),
              () -> "there is none");
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      Patience.until("the end of socat", () -> !socat.isAlive());
    }
  }

  @Test
  void aCommandThatFailsIsNamedWithWhatItSaid() throws Exception {
    try (HelperProcess helper = helper("exec:echo no way >&2; exit 9")) {
      helper.awaitLog("exec\\[\\d+]: no way");
      helper.awaitLog("the command ended with status 9 and said 'no way'");
    }
  }
}
