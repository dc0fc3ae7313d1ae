package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * OpenXT's programs on the other side, as models, over emulated Argo and V4V and in front of a real
 * QEMU; and ours in the place of its helper.
 */
@Timeout(600)
class OpenXtTest {
  private static final int MANY = Boolean.getBoolean("qmpkit.full") ? 1_000 : 50;
  private static final int FIRST = 100;

  private final ArgoHost host;

  OpenXtTest(@TempDir Path folder) throws IOException {
    host = new ArgoHost(folder);
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,2", "v4v,3"})
  void sharesTheMonitorOfOpenXtsQemu(String family, int generation) throws Exception {
    String address = family + ":5,generation=" + generation;
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess chardev = host.stockQemu(family, generation, host.monitor())) {
      for (int round = 0; round < 2; round++) {
        try (HelperProcess helper = host.sharing(address)) {
          host.assertServes();
          helper.kill(); // says nothing; QEMU's side stays open
        }
      }
      try (HelperProcess helper = host.sharing(address)) {
        host.assertServes();
        helper.signal("TERM");
        assertEquals(0, helper.awaitExit());
      }
      chardev.awaitLog("closed", generation == 3 ? 3 : 4);
      assertEquals(List.of(), chardev.log("bytes for a closed host.monitor()"));
      assertTrue(qemu.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void sharesTheMonitorOfOpenXtsFirstQemu(String family) throws Exception {
    // Which greets once, when it starts: whoever is to hear it is there before.
    try (HelperProcess helper = host.sharing(family + ":5,generation=1")) {
      helper.awaitLog("connected to " + family + ":5");
      try (RealQemu qemu = RealQemu.startAt(host.monitor());
          HelperProcess chardev = host.stockQemu(family, 1, host.monitor())) {
        helper.awaitLog("QEMU .* is ready");
        host.assertServes();
        assertTrue(qemu.alive() && chardev.alive());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,2", "v4v,3"})
  void isReachedByOpenXtsHelper(String family, int generation) throws Exception {
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess far = host.relayingTo(family + ":0,generation=" + generation)) {
      host.assertServesByOpenXtsHelper(family, generation);
      if (generation == 3) {
        try (HelperProcess helper = host.stockHelper(family, generation, host.socket())) {
          LibxlClient libxl = new LibxlClient(host.socket());
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
          assertTrue(helper.alive());
        }
      }
      assertTrue(qemu.alive() && far.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void isReachedByOpenXtsFirstHelper(String family) throws Exception {
    try (HelperProcess helper = host.stockHelper(family, 1, host.socket());
        RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess far = host.relayingTo(family + ":0,generation=1")) {
      try (LineClient client = LineClient.connect(host.socket())) {
        client.negotiate();
        assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("return"));
      }
      assertEquals(0, helper.awaitExit(), "it ends with its client");
      assertTrue(qemu.alive() && far.alive());
    }
  }

  @Test
  void theDropInOfOpenXtIsWhereLibxlLooks() throws Exception {
    Path store = host.socket().resolveSibling("xenstored");
    ProcessBuilder dropIn =
        host.program(0, "no-argo", "helper", "4", "5", "--listen", "unix:" + host.socket());
    dropIn.environment().put("XENSTORED_PATH", store.toString());
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess helper = HelperProcess.started(dropIn);
        RealQemu qemu = RealQemu.startAt(host.monitor())) {
      xenstored.introduce(ArgoHost.STUBDOM);
      helper.awaitLog("shares v4v:5 at unix:");
      String pid =
          Patience.find(
              "a process id",
              () -> xenstored.value("/local/domain/5/qmp-helper-pid"),
              () -> "nothing is written");
      assertEquals(Long.toString(helper.pid()), pid);
      for (int life = 0; life < 2; life++) {
        try (HelperProcess chardev = host.stockQemu("v4v", 3, host.monitor())) {
          host.awaitStatus();
          host.assertServes();
          chardev.kill();
          host.askInVain();
        }
      }
      try (HelperProcess chardev = host.stockQemu("v4v", 3, host.monitor())) {
        host.awaitStatus();
        int losses = helper.log("v4v:5 was closed").size();
        xenstored.release(ArgoHost.STUBDOM);
        helper.awaitLog("v4v:5 was closed", losses + 1);
        assertTrue(chardev.alive());
      }
      assertTrue(qemu.alive() && helper.alive());
    }
  }

  @Test
  void oneHelperServesTheStubDomainsOfTheHost() throws Exception {
    Path store = host.socket().resolveSibling("xenstored");
    Path folder = host.socket().resolveSibling("run");
    Files.createDirectory(folder);
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess helper = host.helperForAll("argo", "", store, folder);
        RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess chardev = host.stockQemu("argo", 3, host.monitor())) {
      xenstored.introduce(4, ArgoHost.STUBDOM);
      helper.awaitLog("shares argo:5 at unix:" + folder.resolve("qmp-libxl-4"));
      LibxlClient libxl = new LibxlClient(folder.resolve("qmp-libxl-4"));
      assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
      xenstored.release(ArgoHost.STUBDOM);
      Patience.until("no socket", () -> !Files.exists(folder.resolve("qmp-libxl-4")));
      assertTrue(helper.alive() && qemu.alive() && chardev.alive());
    }
  }

  /** More than Xen's 128 rings allow over Argo; what of it is ours has no such limit. */
  @Test
  void manyStubDomainsAreServedByOneHelper() throws Exception {
    Path store = host.socket().resolveSibling("xenstored");
    Path folder = Files.createDirectory(host.socket().resolveSibling("run"));
    List<AutoCloseable> far = new ArrayList<>();
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess helper = host.helperForAll("argo", "rings=2000", store, folder)) {
      for (int domid = FIRST; domid < FIRST + MANY; domid++) {
        host.create(domid);
        Path monitor = host.socket().resolveSibling("monitor-" + domid);
        far.add(FakeQemu.startAt(monitor));
        far.add(host.stockQemu(domid, "argo", 3, monitor));
        xenstored.introduce(domid + MANY, domid);
      }
      helper.awaitLog("QEMU .* is ready", MANY);
      for (int guest = FIRST + MANY; guest < FIRST + 2 * MANY; guest++) {
        SharedQemu.negotiated(folder.resolve("qmp-libxl-" + guest)).close();
      }
      assertTrue(helper.rss() < 200 << 20, () -> "resident: " + helper.rss());
      for (int domid = FIRST; domid < FIRST + MANY; domid++) {
        host.destroy(domid);
        xenstored.release(domid);
      }
      helper.awaitLog(": ends: ", MANY);
      assertTrue(helper.alive());
    } finally {
      for (AutoCloseable each : far) {
        each.close();
      }
    }
  }
}
