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
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/** {@code qmp doctor}: what it finds in xenstore, what it prints, and its status. */
@Timeout(300)
class DoctorTest {
  private final Path folder;
  private final Path store;

  DoctorTest(@TempDir Path folder) {
    this.folder = folder;
    this.store = folder.resolve("xenstored");
  }

  private void plant(String path, String text) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void plantXen() throws IOException {
    plant("sys/hypervisor/type", "xen\n");
    plant("proc/xen/capabilities", "control_d\n");
    for (String device : List.of("evtchn", "gntdev", "gntalloc")) {
      plant("dev/xen/" + device, "");
    }
    plant("usr/bin/vchan-socket-proxy", "QMPKIT_CONTROL");
    assertTrue(folder.resolve("usr/bin/vchan-socket-proxy").toFile().setExecutable(true));
  }

  private Program.Outcome doctor(String... arguments) {
    List<String> words = new ArrayList<>(List.of("doctor"));
    words.addAll(List.of(arguments));
    // The folder stands for the machine.
    ProcessBuilder builder =
        new ProcessBuilder(
            Program.command(List.of("-Dqmpkit.machine=" + folder), words.toArray(String[]::new)));
    builder.environment().put("XENSTORED_PATH", store.toString());
    return Program.outcome(builder);
  }

  private JsonNode assertVerdict(int status, String verdict, String... arguments) {
    List<String> words = new ArrayList<>(List.of(arguments));
    words.addAll(List.of("--output", "json"));
    Program.Outcome outcome = doctor(words.toArray(String[]::new));
    assertEquals(status, outcome.status(), outcome::toString);
    assertEquals("", outcome.err());
    JsonNode json = Messages.parse(outcome.out());
    assertEquals(verdict, json.path("verdict").asString(""), outcome.out());
    return json;
  }

  private static void assertFinding(JsonNode json, String id, String text) {
    for (JsonNode each : json.path("findings")) {
      if (each.path("id").asString("").equals(id)) {
        assertTrue(each.path("text").asString("").contains(text), each::toString);
        boolean ok = each.path("level").asString("").equals("ok");
        assertEquals(ok, each.path("remedy").asString("").isEmpty(), each::toString);
        return;
      }
    }
    throw new AssertionError("no " + id + " in " + json);
  }

  @Test
  void aDomainThatIsServedIsFine() throws Exception {
    plantXen();
    Path socket = Files.createDirectories(folder.resolve("run/xen")).resolve("qmp-libxl-6");
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store);
        RealQemu qemu = RealQemu.startAt(socket)) {
      xenstored.introduce(6, 7);
      xenstored.write("/local/domain/6/name", "my-guest");
      xenstored.write("/local/domain/7/device-model/6/qmp-vchan/ring-ref", "8");
      xenstored.write("/local/domain/0/device-model/7/qmp-proxy-state", "running");
      JsonNode json = assertVerdict(0, "ok", "my-guest");
      assertFinding(json, "domain", "my-guest (domain 6) has its QEMU in stub domain 7");
      assertFinding(json, "monitor", "qmp-libxl-6 is connected");
      // As the list calls it, too.
      assertFinding(assertVerdict(0, "ok", "dom6"), "domain", "my-guest (domain 6)");
      assertFinding(assertVerdict(3, "fault", "dom7x"), "domain", "no domain 'dom7x'");
      // What libxl and the stub domain have not done, one after the other.
      xenstored.remove("/local/domain/0/device-model/7/qmp-proxy-state");
      assertFinding(assertVerdict(1, "warning", "6"), "proxy-state", "told libxl that it runs");
      xenstored.remove("/local/domain/7/device-model");
      assertFinding(assertVerdict(3, "fault", "6"), "vchan-server", "offers no monitor");
      xenstored.write("/local/domain/7/target", "5");
      assertFinding(assertVerdict(3, "fault", "6"), "stub-domain", "its target is '5'");
      assertFinding(assertVerdict(3, "fault", "nobody"), "domain", "no domain 'nobody'");
      assertTrue(qemu.alive());
    }
    assertFinding(assertVerdict(3, "fault", "6"), "xenstore", "does not answer");
    Files.delete(store);
    assertFinding(assertVerdict(3, "fault", "6"), "xenstore", "there is no xenstored");
  }

  @Test
  void aHelpersSocketLivesThoughItWasMovedIntoItsPlace() throws Exception {
    Path shared = folder.resolve("vm1.qmp");
    try (HelperProcess helper = HelperProcess.sharing(shared, folder.resolve("nowhere"))) {
      Program.Outcome outcome = Program.run("doctor", shared.toString(), "--output", "json");
      assertEquals(3, outcome.status(), outcome::toString);
      JsonNode json = Messages.parse(outcome.out());
      assertFinding(json, "socket", shared + " is there");
      assertFinding(json, "listener", "(pid " + helper.pid() + ")");
      assertFinding(json, "monitor", "cannot connect to unix:" + folder.resolve("nowhere"));
    }
  }

  @Test
  void forPeopleItIsALineEach() throws Exception {
    plantXen();
    Files.delete(folder.resolve("usr/bin/vchan-socket-proxy"));
    Program.Outcome outcome = doctor();
    assertEquals(1, outcome.status(), outcome::toString);
    List<String> lines = outcome.out().lines().toList();
    assertTrue(lines.getFirst().startsWith("ok       qmp "), outcome.out());
    int warning =
        lines.indexOf(
            lines.stream().filter(each -> each.startsWith("warning  ")).findFirst().orElse(""));
    assertTrue(lines.get(warning + 1).startsWith("         mend: ln -sf "), outcome.out());
    assertEquals("Nothing is in the way now; see the warnings.", lines.getLast());
  }

  @Test
  void ofAnImageNobodyIsAsked() throws Exception {
    plantXen();
    try (XenstoreDaemon xenstored = new XenstoreDaemon(store)) {
      xenstored.introduce(6, 7);
      JsonNode json = assertVerdict(1, "warning", "6", "--root", folder.toString());
      assertFinding(json, "xenstore", "not asked");
      assertFinding(json, "root", "files below " + folder);
    }
  }

  @Test
  void rulesAndTheLastResortAreOnlyPrinted() {
    Program.Outcome rules = doctor("4", "--rules");
    assertEquals(0, rules.status(), rules::toString);
    assertTrue(
        rules.out().contains("viptables -I 1 --dom-in 0 --dom-out 4 --port-in 5100 -j ACCEPT\n"),
        rules.out());
    assertTrue(
        rules.out().contains("viptables -D --dom-in 0 --dom-out 4 --port-in 5100\n"), rules.out());
    Program.Outcome last = doctor("--test-mode");
    assertEquals(0, last.status(), last::toString);
    assertTrue(last.out().startsWith("# THE LAST RESORT"), last.out());
    assertTrue(last.out().contains("\nsetenforce 0\nviptables -F\n"), last.out());
    assertTrue(last.out().contains("\nsetenforce 1\n"), last.out());
  }

  @Test
  void whatMakesNoSenseIsSaidSo() {
    assertEquals(2, doctor("a", "b").status());
    assertEquals(2, doctor("--rules").status());
    assertEquals(2, doctor("guest", "--rules").status());
    assertEquals(2, doctor("--root", "/nowhere/at/all").status());
    assertEquals(2, doctor("nonsense:x").status());
  }
}
