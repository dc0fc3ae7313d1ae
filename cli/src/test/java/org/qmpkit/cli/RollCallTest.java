package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;

/** Who is asked how he is, and who is not. */
@Timeout(300)
class RollCallTest {
  private final PlantedHost host;

  RollCallTest(@TempDir Path folder) {
    this.host = new PlantedHost(folder);
  }

  private ServerSocketChannel listen(String path) throws IOException {
    Path file = host.root().resolve(path);
    Files.createDirectories(file.getParent());
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(file));
    server.configureBlocking(false);
    return server;
  }

  private FoundMonitor.State state(String path) {
    MonitorSearch search = new MonitorSearch(new Host(host.root(), true), Map.of());
    search.look();
    return new RollCall(search.table(), Duration.ofSeconds(2))
        .of(search.found()).stream()
            .filter(each -> each.address().equals(Address.unix(host.root().resolve(path))))
            .findFirst()
            .orElseThrow()
            .state();
  }

  @Test
  void whereTheSystemFailsToTellOnlyHelpersAreAsked() throws Exception {
    host.process(3, "kvm", "-name", "a", "-qmp", "unix:/tmp/a,server=on");
    host.program("usr/bin/ss", "#!/bin/sh\necho u_str\nexit 1\n");
    try (ServerSocketChannel qemu = listen("tmp/a");
        ServerSocketChannel helper = listen("run/qmp/b.qmp")) {
      assertEquals(FoundMonitor.State.UNKNOWN, state("tmp/a"));
      assertNull(qemu.accept());
      assertEquals(FoundMonitor.State.BUSY, state("run/qmp/b.qmp"));
      assertNotNull(helper.accept());
      // Where there is no such program, there is no other way to know.
      Files.delete(host.root().resolve("usr/bin/ss"));
      assertEquals(FoundMonitor.State.BUSY, state("tmp/a"));
      assertNotNull(qemu.accept());
    }
  }

  @Test
  void oneThatIsMuteKeepsNobodyFromHisTurn() throws Exception {
    Path real = host.root().resolve("real.sock");
    try (ServerSocketChannel mute = listen("mute");
        RealQemu qemu = RealQemu.startAt(real)) {
      List<Address> all = new ArrayList<>(List.of(Address.unix(host.root().resolve("mute"))));
      for (int i = 0; i < 9; i++) {
        all.add(Address.unix(host.root().resolve("nothing" + i)));
      }
      all.add(Address.unix(real));
      List<Probe.Finding> found = Probe.ask(all, Duration.ofSeconds(6), 2);
      assertEquals(all.size(), found.size());
      assertNull(found.getFirst().answer());
      assertNotNull(found.getLast().answer());
      assertTrue(found.getLast().nanos() < Duration.ofSeconds(5).toNanos());
      // With room for one alone there is no turn after it.
      assertEquals(1, Probe.ask(all, Duration.ofMillis(300), 1).size());
      assertTrue(qemu.alive());
      assertTrue(mute.isOpen());
    }
  }
}
