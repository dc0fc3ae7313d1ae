package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.UnixTransport;

@Timeout(120)
class SharedRouteTest {
  private final Path socket;
  private final Address nowhere;

  SharedRouteTest(@TempDir Path folder) {
    this.socket = folder.resolve("shared");
    this.nowhere = Address.unix(folder.resolve("nowhere"));
  }

  @Test
  void ofManyClientsAFewAreAcceptedAtOnceAndAllInTheEnd() throws Exception {
    List<SocketChannel> clients = new ArrayList<>();
    try (HouseRig rig = new HouseRig(new UnixTransport());
        SharedRoute route =
            new SharedRoute(RouteSpec.of(Address.unix(socket), nowhere, false), rig.house)) {
      route.start();
      for (int i = 0; i < 40; i++) {
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
        client.connect(UnixDomainSocketAddress.of(socket));
        clients.add(client);
      }
      long before = 0;
      while (before < clients.size()) {
        assertTrue(rig.turn(), "nobody calls for those that wait");
        long now = route.meter().accepted.value();
        assertTrue(now - before <= 16, () -> "accepted at once: " + route.meter().accepted.value());
        before = now;
      }
    } finally {
      for (SocketChannel client : clients) {
        client.close();
      }
    }
  }
}
