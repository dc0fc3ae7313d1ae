package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/**
 * One helper for a whole Xen host, in front of real QEMUs; Xen's library and xenstored are
 * stand-ins.
 */
@Timeout(300)
class XenHostTest {
  private static final int MANY = Boolean.getBoolean("qmpkit.full") ? 200 : 50;

  private final XenStandIns xen;

  XenHostTest(@TempDir Path folder) throws IOException {
    xen = XenStandIns.in(folder);
  }

  private void awaitServed(int guest) {
    Patience.until(
        "sockets of guest " + guest,
        () -> Files.exists(xen.libxl(guest)) && Files.exists(xen.libxenstat(guest)));
  }

  private void awaitNotServed(int guest) {
    Patience.until(
        "no socket of guest " + guest,
        () -> !Files.exists(xen.libxl(guest)) && !Files.exists(xen.libxenstat(guest)));
  }

  private void assertWorks(int guest) {
    assertTrue(
        new LibxlClient(xen.libxl(guest))
            .operation("query-status")
            .getFirst()
            .path("status")
            .isString());
  }

  @Test
  void domainsAreServedAsTheyComeAndGo() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu first = RealQemu.startAt(xen.vchan(7))) {
      xenstored.introduce(6, 7);
      try (HelperProcess helper = xen.helper()) {
        awaitServed(6);
        helper.awaitLog(
            "info: guest 6, stub domain 7: shares vchan:7:/local/domain/7/device-model/6");
        assertWorks(6);
        // As libxl does it: first the domains, then what they are, then QEMU and its server.
        xenstored.introduce(8, 9);
        awaitServed(8);
        try (RealQemu second = RealQemu.startAt(xen.vchan(9))) {
          assertWorks(8);
          xenstored.release(7);
          helper.awaitLog("info: guest 6, stub domain 7: ends: domain 7 has ended");
          awaitNotServed(6);
          assertWorks(8);
          // The guest ends, and its stub domain is still there.
          xenstored.remove("/local/domain/8");
          helper.awaitLog("info: guest 8, stub domain 9: ends: ");
          awaitNotServed(8);
          // It is started again, under other numbers.
          try (RealQemu third = RealQemu.startAt(xen.vchan(11))) {
            xenstored.introduce(10, 11);
            awaitServed(10);
            assertWorks(10);
            helper.signal("TERM");
            assertEquals(0, helper.awaitExit());
            assertFalse(Files.exists(xen.libxl(10)));
            assertTrue(first.alive() && second.alive() && third.alive());
          }
        }
      }
    }
  }

  @Test
  void whatAStubDomainSaysOfItselfCountsForNothing() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper("--verbose")) {
      xenstored.introduce(6, 7);
      awaitServed(6);
      // Not its guest's word.
      xenstored.introduce(12);
      xenstored.write("/local/domain/12/target", "6");
      // Neither do these name a guest.
      String[] targets = {"", "-1", "0x6", "99999", "6/..", "6\n", "32752", "13"};
      for (int i = 0; i < targets.length; i++) {
        xenstored.introduce(13 + i);
        xenstored.write("/local/domain/" + (13 + i) + "/target", targets[i]);
        xenstored.write("/local/domain/" + (13 + i) + "/image/device-model-domid", "" + (13 + i));
        xenstored.write("/local/domain/" + (13 + i) + "/device-model/6/qmp-vchan/ring-ref", "x");
      }
      xenstored.introduce(30, 31);
      helper.awaitLog("guest 30, stub domain 31: shares ");
      assertEquals(2, helper.log(": shares ").size(), () -> String.join("\n", helper.log()));
      assertEquals(0, helper.log("ends").size());
      // The word is taken back.
      xenstored.write("/local/domain/6/image/device-model-domid", "12");
      helper.awaitLog("guest 6, stub domain 7: ends: domain (7 is no stub domain|12 is in)");
      helper.awaitLog("guest 6, stub domain 12: shares ");
    }
  }

  @Test
  void aSocketThatALivingProxyHasIsLeftAlone() throws Exception {
    ServerSocketChannel proxy = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper()) {
      proxy.bind(UnixDomainSocketAddress.of(xen.libxl(6))).configureBlocking(false);
      xenstored.introduce(6, 7);
      helper.awaitLog("warning: guest 6, stub domain 7: not served: another program listens on");
      xenstored.introduce(8, 9);
      awaitServed(8);
      assertEquals(1, helper.log("not served").size());
      assertNull(proxy.accept(), "Xen's own proxy takes one client, and it is not us");
      proxy.close();
      xenstored.release(8);
      helper.awaitLog("info: guest 6, stub domain 7: shares ");
    } finally {
      proxy.close();
    }
  }

  @Test
  void manyDomainsAreServedByOneProcess() throws Exception {
    List<FakeQemu> monitors = new ArrayList<>();
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper()) {
      // With the first domain come a few descriptors for all.
      monitors.add(FakeQemu.startAt(xen.vchan(7)));
      xenstored.introduce(6, 7);
      awaitServed(6);
      SharedQemu.negotiated(xen.libxl(6)).close();
      SharedQemu.awaitStatus(xen.libxl(6), "nobody else", status -> clients(status) == 1);
      long before = helper.descriptors();
      for (int guest = 100; guest < 100 + MANY * 2; guest += 2) {
        monitors.add(FakeQemu.startAt(xen.vchan(guest + 1)));
        xenstored.introduce(guest, guest + 1);
      }
      for (int guest = 100; guest < 100 + MANY * 2; guest += 2) {
        awaitServed(guest);
        SharedQemu.negotiated(xen.libxl(guest)).close();
      }
      assertTrue(helper.rss() < 160 << 20, () -> "resident: " + helper.rss());
      for (int guest = 100; guest < 100 + MANY * 2; guest += 2) {
        xenstored.release(guest);
      }
      helper.awaitLog(": ends: ", MANY);
      Patience.until(
          "no more descriptors than before",
          () -> helper.descriptors() <= before,
          () -> helper.descriptors() + " instead of " + before);
    } finally {
      for (FakeQemu each : monitors) {
        each.close();
      }
    }
  }

  private static int clients(JsonNode status) {
    return status.path("clients").asInt();
  }

  @Test
  void withoutXenstoredItSaysSoAndWhatToDo() throws Exception {
    Program.Outcome outcome =
        Program.outcome(
            withoutXen(
                Program.command(
                    "helper", "--all", "--xen-run-dir", "/tmp", "--control", "/tmp/none/s")));
    assertEquals(3, outcome.status(), outcome::toString);
    assertTrue(outcome.err().contains("there is no xenstored on this host; run it in dom0"));
  }

  private ProcessBuilder withoutXen(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LD_LIBRARY_PATH", xen.folder().toString());
    builder.environment().put("XENSTORED_PATH", xen.store().toString());
    return builder;
  }

  @Test
  void itServesOtherRoutesAsWellAndAReloadLeavesDomainsAlone() throws Exception {
    Path config = xen.folder().resolve("config");
    Path other = xen.folder().resolve("other");
    Files.writeString(config, "route = \"" + other + " => " + xen.vchan(7) + "\"\n");
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper("--config", config.toString())) {
      xenstored.introduce(6, 7);
      awaitServed(6);
      assertTrue(Files.exists(other));
      Files.writeString(config, "");
      try (LineClient client = LineClient.connect(xen.libxl(6))) {
        helper.signal("HUP");
        helper.awaitLog("reloaded: 0 routes started, 1 ended");
        assertFalse(Files.exists(other));
        assertTrue(client.ask("{\"execute\": \"__org.qmpkit_status\"}").contains("return"));
      }
    }
  }
}
