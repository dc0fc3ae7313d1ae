package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * Monitors over Argo and V4V, on emulated devices and in front of a real QEMU: ours against ours.
 */
@Timeout(300)
class ArgoTest {
  private final ArgoHost host;

  ArgoTest(@TempDir Path folder) throws IOException {
    host = new ArgoHost(folder);
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
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess far = host.relayingTo(there);
        HelperProcess helper = host.sharing(near)) {
      host.assertServes();
      assertTrue(qemu.alive() && far.alive() && helper.alive());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void failuresThatPassAreTriedAgain(String family) throws Exception {
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess far = host.relayingTo(family + ":0");
        HelperProcess helper =
            host.helperWith(
                "efault=5,eintr=3",
                "--listen",
                "unix:" + host.socket(),
                "--connect",
                family + ":5")) {
      host.assertServes();
      assertTrue(qemu.alive() && far.alive() && helper.alive());
    }
  }

  @Test
  void aClientThatReadsLateGetsAllThroughSmallRings() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(host.monitor());
        HelperProcess far = host.relayingTo("argo:0");
        HelperProcess near =
            host.helper("--relay", "--listen", "unix:" + host.socket(), "--connect", "argo:5");
        LineClient client = SharedQemu.negotiated(host.socket())) {
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
    try (LoudQemu qemu = new LoudQemu(host.monitor());
        HelperProcess far = host.relayingTo("argo:0");
        HelperProcess helper = host.sharing("argo:5")) {
      helper.awaitLog("is ready");
      qemu.storm(50_000); // blocks, if nobody takes them
      try (LineClient client = SharedQemu.negotiated(host.socket())) {
        assertTrue(client.ask("{\"execute\": \"query-name\", \"id\": 7}").contains("7"));
      }
      assertTrue(far.alive());
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
        host.program(
            0, "firewall", "helper", "--listen", "unix:" + host.socket(), "--connect", "argo:5");
    try (HelperProcess chardev = host.stockQemu("argo", 3, host.monitor());
        HelperProcess helper = HelperProcess.started(builder)) {
      helper.awaitLog(
          "the firewall in Xen forbids to send to port 15100 of domain 5;"
              + " viptables -I 1 --dom-out 5 --port-in 5100 --port-out 15100 -j ACCEPT");
      assertTrue(chardev.alive());
    }
  }
}
