package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Listener;
import org.qmpkit.net.TlsTransport;
import org.qmpkit.testkit.Certificates;

@Timeout(120)
class HouseTest {
  private static final int PEERS = 3 * Allowance.AT_ONCE;

  @Test
  void peersThatAreTurnedAwayDoNotFloodTheLog(@TempDir Path folder) throws Exception {
    String shown = Certificates.authority(folder, "CN=a CA").issue("server", "EC").show("server");
    List<SocketChannel> peers = new ArrayList<>();
    try (HouseRig rig = new HouseRig(new TlsTransport())) {
      long began = System.nanoTime();
      Listener listener =
          rig.house.listen(
              Address.parse("tls:127.0.0.1:0" + shown),
              rig.house.log().of("vm1", rig.loop::now),
              () -> {});
      String target = listener.address().target();
      int port = Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
      for (int i = 0; i < PEERS; i++) {
        SocketChannel peer =
            SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        peers.add(peer);
        peer.write(ByteBuffer.wrap("no TLS\r\n".getBytes(StandardCharsets.US_ASCII)));
        peer.configureBlocking(false);
        rig.until("a peer that is turned away", () -> ended(peer));
      }
      long seconds = (System.nanoTime() - began) / 1_000_000_000;
      int lines = rig.log("vm1: a peer: cannot accept tls:127.0.0.1:").size();
      assertTrue(lines >= Allowance.AT_ONCE, () -> "lines: " + lines + " of " + rig.log(""));
      assertTrue(lines <= Allowance.AT_ONCE + seconds, () -> lines + " in " + seconds + " s");
    } finally {
      for (SocketChannel peer : peers) {
        peer.close();
      }
    }
  }

  private static boolean ended(SocketChannel peer) {
    ByteBuffer alert = ByteBuffer.allocate(512);
    try {
      int count = peer.read(alert);
      while (count > 0) {
        count = peer.read(alert.clear());
      }
      return count < 0;
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("reset")) {
        return true;
      }
      throw new UncheckedIOException(e);
    }
  }
}
