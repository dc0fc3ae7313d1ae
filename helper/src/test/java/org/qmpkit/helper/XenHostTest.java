package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.UnixTransport;
import org.qmpkit.net.Xenstore;
import org.qmpkit.protocol.Standing;
import org.qmpkit.testkit.FakeQemu;

@Timeout(120)
class XenHostTest {
  private final Path folder;
  private final Path socket;
  private final Path monitor;
  private final Path sockets;

  XenHostTest(@TempDir Path folder) {
    this.folder = folder;
    this.socket = folder.resolve("qmp-libxl-6");
    this.monitor = folder.resolve("monitor");
    this.sockets = folder.resolve("sockets");
  }

  private XenHost host(HouseRig rig) {
    Xenstore nobody =
        new Xenstore(rig.loop, rig.house.transports(), Address.unix(folder.resolve("xenstored")));
    return new XenHost(
        () -> rig.house, nobody, (guest, stubDomain) -> Address.unix(monitor), folder, sockets);
  }

  @Test
  void whereTheKernelCannotBeAskedASocketIsLeftAlone() throws Exception {
    Files.createFile(socket);
    try (HouseRig rig = new HouseRig(new UnixTransport());
        XenHost host = host(rig)) {
      host.found(6, 7);
      host.changed();
      host.changed();
      assertEquals(1, rig.log("not served: cannot tell whether another program listens on").size());
      assertTrue(Files.exists(socket));
      assertTrue(host.routes().isEmpty());
      // Where there is no socket, there is nobody to ask after.
      Files.delete(socket);
      host.changed();
      assertEquals(1, host.routes().size());
    }
  }

  @Test
  void aSocketThatTheKernelKnowsIsLeftAlone() throws Exception {
    Files.createFile(socket);
    Files.writeString(sockets, "ffff: 00000002 00000000 00010000 0001 01 4711 " + socket + "\n");
    try (HouseRig rig = new HouseRig(new UnixTransport());
        XenHost host = host(rig)) {
      host.found(6, 7);
      assertEquals(1, rig.log("not served: another program listens on").size());
      assertTrue(host.routes().isEmpty());
    }
  }

  @Test
  void theKernelListsTheSocketsOfThisProcess() throws IOException {
    assertFalse(Files.readAllLines(XenHost.SOCKETS, StandardCharsets.ISO_8859_1).isEmpty());
  }

  @Test
  void metricsAreOfTheRouteThatListensAndNotOfOneThatDrainsBesideIt() throws Exception {
    try (FakeQemu qemu = FakeQemu.startAt(monitor);
        HouseRig rig = new HouseRig(new UnixTransport());
        XenHost host = host(rig);
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      host.found(6, 7);
      SharedRoute first = (SharedRoute) host.served().getFirst();
      rig.until(
          "a monitor", () -> first.standing().orElseThrow().state() == Standing.State.CONNECTED);
      qemu.hold();
      client.connect(UnixDomainSocketAddress.of(socket));
      client.write(
          ByteBuffer.wrap(
              "{\"execute\": \"qmp_capabilities\"}{\"execute\": \"stop\"}"
                  .getBytes(StandardCharsets.US_ASCII)));
      rig.until("a command in flight", () -> first.broker().gauges().inFlight() == 1);

      host.gone(6, 7, "it is started anew");
      host.found(6, 7);
      assertEquals(2, host.routes().size());
      String text = new String(MetricsText.of(host.served()), StandardCharsets.UTF_8);
      assertEquals(
          1, text.lines().filter(line -> line.startsWith("qmpkit_monitor_up{")).count(), text);
    }
  }
}
