package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
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

  ArgoTest(@TempDir Path folder) throws IOException {
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
              "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \""
                  + path
                  + "\"}, \"id\": 1}");
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
      value = {
        "argo:5 | argo:0",
        "v4v:5,chunk=64 | v4v:0,chunk=100",
        "argo:5,stream=on | argo:0,stream=on",
        "v4v:5,stream=on | v4v:0,stream=on",
      })
  void oursMeetOurs(String near, String there) throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo(there);
        HelperProcess helper = sharing(near)) {
      assertServes();
      assertTrue(qemu.alive() && far.alive() && helper.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void failuresThatPassAreTriedAgain(String family) throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo(family + ":0");
        HelperProcess helper =
            host.helperWith(
                "efault=5,eintr=3", "--listen", "unix:" + socket, "--connect", family + ":5")) {
      assertServes();
      assertTrue(qemu.alive() && far.alive() && helper.alive());
    }
  }

  @Test
  void aClientThatReadsLateGetsAllThroughSmallRings() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo("argo:0");
        HelperProcess near =
            host.helper("--relay", "--listen", "unix:" + socket, "--connect", "argo:5");
        LineClient client = SharedQemu.negotiated(socket)) {
      int answers = 20;
      for (int i = 0; i < answers; i++) {
        client.send("{\"execute\": \"query-qmp-schema\", \"id\": " + i + "}\n");
      }
      int length = 0;
      for (int i = 0; i < answers; i++) {
        String answer = client.line();
        assertTrue(answer.endsWith("\"id\": " + i + "}"), "answer " + i + " is another's");
        length = Math.max(length, answer.length());
      }
      assertTrue(length > 150_000, length + " characters");
      assertTrue(qemu.alive() && far.alive() && near.alive());
    }
  }

  @Test
  void eventsFlowWithoutAnyClient() throws Exception {
    try (LoudQemu qemu = new LoudQemu(monitor);
        HelperProcess far = relayingTo("argo:0");
        HelperProcess helper = sharing("argo:5")) {
      helper.awaitLog("is ready");
      qemu.storm(50_000); // blocks, if nobody takes them
      try (LineClient client = SharedQemu.negotiated(socket)) {
        assertTrue(client.ask("{\"execute\": \"query-name\", \"id\": 7}").contains("7"));
      }
      assertTrue(far.alive());
    }
  }

  @Test
  void theHelperMayBeKilledAtAnyInstant() throws Exception {
    Random random = new Random(5);
    long answers = 0;
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess far = relayingTo("argo:0")) {
      for (int kill = 0; kill < 8; kill++) {
        KilledClient client;
        try (HelperProcess helper = sharing("argo:5")) {
          client = new KilledClient(socket, "client");
          if (kill % 2 == 0) {
            Patience.until("an answer", () -> client.answers() > 0);
          }
          LockSupport.parkNanos(random.nextLong(400_000_000));
          helper.kill();
        }
        client.finish();
        answers += client.answers();
      }
      assertTrue(answers > 0, "no answer at all");
      try (HelperProcess helper = sharing("argo:5")) {
        assertServes();
        assertTrue(helper.alive() && far.alive() && qemu.alive());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo:%d", "v4v:%d", "argo:%d,stream=on"})
  void theFarSideMayBeKilledAtAnyInstant(String address) throws Exception {
    Random random = new Random(6);
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess helper = sharing(String.format(address, 5))) {
      for (int kill = 0; kill < 5; kill++) {
        try (HelperProcess far = relayingTo(String.format(address, 0))) {
          awaitStatus();
          Thread asking = Thread.ofPlatform().daemon().start(this::askInVain);
          LockSupport.parkNanos(random.nextLong(100_000_000));
          far.kill();
          asking.join();
        }
      }
      try (HelperProcess far = relayingTo(String.format(address, 0))) {
        awaitStatus();
        assertServes();
        assertTrue(far.alive() && helper.alive() && qemu.alive());
      }
    }
  }

  /** Asks until the connection ends or says that QEMU is gone. */
  private void askInVain() {
    try (LineClient client = SharedQemu.negotiated(socket)) {
      String answer = "";
      while (!answer.contains("qmpkit: gone")) {
        answer = client.ask("{\"execute\": \"query-status\"}");
      }
    } catch (IOException | AssertionError e) {
      // The end of the connection, which is as good.
    }
  }

  private void awaitStatus() {
    Patience.until(
        "an answer",
        () -> {
          try {
            return new LibxlClient(socket)
                .operation("query-status")
                .getFirst()
                .path("status")
                .isString();
          } catch (LibxlClient.Failure e) {
            return false;
          }
        });
  }

  @Test
  void aDomainThatIsBornAgainIsFoundAgain() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess helper = sharing("argo:5")) {
      for (int life = 0; life < 3; life++) {
        try (HelperProcess chardev = host.stockQemu("argo", 3, monitor)) {
          awaitStatus();
          chardev.kill();
          host.destroy(ArgoHost.STUBDOM);
        }
        askInVain();
        host.create(ArgoHost.STUBDOM);
      }
      assertTrue(helper.alive() && qemu.alive());
    }
  }

  @Test
  void theDropInOfOpenXtIsWhereLibxlLooks() throws Exception {
    Path store = socket.resolveSibling("xenstored");
    ProcessBuilder dropIn =
        host.program(0, "no-argo", "helper", "4", "5", "--listen", "unix:" + socket);
    dropIn.environment().put("XENSTORED_PATH", store.toString());
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess helper = HelperProcess.started(dropIn);
        RealQemu qemu = RealQemu.startAt(monitor)) {
      xenstored.introduce(ArgoHost.STUBDOM);
      helper.awaitLog("shares v4v:5 at unix:");
      String pid =
          Patience.find(
              "a process id",
              () -> xenstored.value("/local/domain/5/qmp-helper-pid"),
              () -> "nothing is written");
      assertEquals(Long.toString(helper.pid()), pid);
      for (int life = 0; life < 2; life++) {
        try (HelperProcess chardev = host.stockQemu("v4v", 3, monitor)) {
          awaitStatus();
          assertServes();
          chardev.kill();
          askInVain();
        }
      }
      try (HelperProcess chardev = host.stockQemu("v4v", 3, monitor)) {
        awaitStatus();
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
    Path store = socket.resolveSibling("xenstored");
    Path folder = socket.resolveSibling("run");
    Files.createDirectory(folder);
    ProcessBuilder builder =
        host.program(0, "", "helper", "--all", "--transport", "argo", "--xen-run-dir", "" + folder);
    builder.command().addAll(List.of("--control", "" + socket.resolveSibling("control")));
    builder.environment().put("XENSTORED_PATH", store.toString());
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        HelperProcess helper = HelperProcess.started(builder);
        RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess chardev = host.stockQemu("argo", 3, monitor)) {
      helper.awaitLog("serves the stub domains of this host");
      xenstored.introduce(4, ArgoHost.STUBDOM);
      helper.awaitLog("shares argo:5 at unix:" + folder.resolve("qmp-libxl-4"));
      LibxlClient libxl = new LibxlClient(folder.resolve("qmp-libxl-4"));
      assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
      xenstored.release(ArgoHost.STUBDOM);
      Patience.until("no socket", () -> !Files.exists(folder.resolve("qmp-libxl-4")));
      assertTrue(helper.alive() && qemu.alive() && chardev.alive());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | argo +ready +messages",
        "'' | v4v +ready +messages",
        "no-argo | argo +not here: no /dev/argo_dgram: load the xen-argo module",
        "off | argo +not here: this Xen has no Argo: boot it with argo=1",
        "absent | argo +not here: this Xen has no Argo: boot it with argo=1",
        "no-v4v | v4v +not here: no /dev/v4v_dgram: load the v4v module",
        "denied | argo +not here: /dev/argo_dgram is for root: run as root",
      })
  void transportsAreListedWithTheirState(String traps, String line) {
    Program.Outcome outcome = Program.outcome(host.program(0, traps, "transports"));
    assertEquals(0, outcome.status(), outcome::toString);
    assertTrue(
        outcome.out().lines().anyMatch(each -> each.matches(line + ".*")), outcome::toString);
  }

  @Test
  void theRuleThatTheFirewallNeedsIsSaid() throws Exception {
    ProcessBuilder builder =
        host.program(0, "firewall", "helper", "--listen", "unix:" + socket, "--connect", "argo:5");
    try (HelperProcess chardev = host.stockQemu("argo", 3, monitor);
        HelperProcess helper = HelperProcess.started(builder)) {
      helper.awaitLog(
          "the firewall in Xen forbids to send to port 15100 of domain 5;"
              + " viptables -I 1 --dom-out 5 --port-in 5100 --port-out 15100 -j ACCEPT");
      assertTrue(chardev.alive());
    }
  }
}
