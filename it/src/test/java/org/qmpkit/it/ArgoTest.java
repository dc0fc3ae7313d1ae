package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * Monitors over Argo and V4V, on emulated devices and in front of a real QEMU: ours against the
 * models of what OpenXT has on the other side, and against ours.
 */
@Timeout(300)
class ArgoTest {
  private final Path monitor;
  private final Path socket;
  private final ArgoHost host;

  ArgoTest(@TempDir Path folder) throws IOException, InterruptedException {
    this.monitor = folder.resolve("qemu.qmp");
    this.socket = folder.resolve("shared.qmp");
    this.host = new ArgoHost(folder);
  }

  private HelperProcess sharing(String address) throws IOException {
    return host.helper("-v", "--listen", "unix:" + socket, "--connect", address);
  }

  private HelperProcess relayingTo(String address) throws IOException {
    return host.far("-v", "--relay", "--listen", address, "--connect", "unix:" + monitor);
  }

  /** libxl's way, an answer of 200 KB, and a command that is longer than what QEMU's side reads. */
  private void assertServes() throws IOException {
    LibxlClient libxl = new LibxlClient(socket);
    assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
    assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
    assertLongCommandIsAnswered(9000);
  }

  private void assertLongCommandIsAnswered(int length) throws IOException {
    try (LineClient client = SharedQemu.negotiated(socket)) {
      String path = "p".repeat(length);
      String reply =
          client.ask(
              "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"" + path + "\"}, \"id\": 1}");
      assertTrue(reply.contains("DeviceNotFound") && reply.contains(path), reply);
    }
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,2", "v4v,3"})
  void sharesTheMonitorOfOpenXtsQemu(String family, int generation) throws Exception {
    String address = family + ":5,generation=" + generation;
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess chardev = host.stockQemu(family, generation, monitor)) {
      for (int round = 0; round < 2; round++) {
        try (HelperProcess helper = sharing(address)) {
          assertServes();
          helper.kill(); // says nothing; QEMU's side stays open
        }
      }
      try (HelperProcess helper = sharing(address)) {
        assertServes();
        helper.signal("TERM");
        assertEquals(0, helper.awaitExit());
      }
      chardev.awaitLog("closed", generation == 3 ? 3 : 4);
      assertEquals(List.of(), chardev.log("bytes for a closed monitor"));
      assertTrue(qemu.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void sharesTheMonitorOfOpenXtsFirstQemu(String family) throws Exception {
    // Which greets once, when it starts: whoever is to hear it is there before.
    try (HelperProcess helper = sharing(family + ":5,generation=1");
        RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess chardev = host.stockQemu(family, 1, monitor)) {
      helper.awaitLog("QEMU .* is ready");
      assertServes();
      assertTrue(qemu.alive() && chardev.alive());
    }
  }

  @ParameterizedTest
  @CsvSource({"argo,3", "argo,2", "v4v,2", "v4v,3"})
  void isReachedByOpenXtsHelper(String family, int generation) throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo(family + ":0,generation=" + generation)) {
      try (HelperProcess helper = host.stockHelper(family, generation, socket)) {
        for (int client = 0; client < 3; client++) {
          LibxlClient libxl = new LibxlClient(socket);
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
          assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
        }
        try (LineClient left = SharedQemu.negotiated(socket)) {
          helper.kill(); // while a client is there
          left.expectEnd();
        }
      }
      if (generation == 3) {
        try (HelperProcess helper = host.stockHelper(family, generation, socket)) {
          LibxlClient libxl = new LibxlClient(socket);
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
    try (HelperProcess helper = host.stockHelper(family, 1, socket);
        RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo(family + ":0,generation=1")) {
      try (LineClient client = LineClient.connect(socket)) {
        client.negotiate();
        assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("return"));
      }
      assertEquals(0, helper.awaitExit(), "it ends with its client");
      assertTrue(qemu.alive() && far.alive());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"argo:5 | argo:0", "v4v:5,chunk=64 | v4v:0,chunk=100"})
  void oursMeetOurs(String near, String there) throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo(there);
        HelperProcess helper = sharing(near)) {
      assertServes();
      assertTrue(qemu.alive() && far.alive() && helper.alive());
    }
  }
}
