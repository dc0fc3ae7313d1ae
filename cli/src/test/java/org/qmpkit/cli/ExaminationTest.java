package org.qmpkit.cli;

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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each finding about a machine, where what is to be found has been put there. */
class ExaminationTest {
  private final Path folder;
  private final PlantedHost host;

  ExaminationTest(@TempDir Path folder) {
    this.folder = folder;
    this.host = new PlantedHost(folder);
  }

  private static Finding only(String id, List<Finding> findings) {
    List<Finding> found = findings.stream().filter(each -> each.id().equals(id)).toList();
    assertEquals(1, found.size(), () -> id + " in " + findings);
    return found.getFirst();
  }

  private static void assertFinding(
      Finding.Level level, String text, String remedy, Finding finding) {
    assertEquals(level, finding.level(), finding::toString);
    assertTrue(finding.text().contains(text), finding::toString);
    assertTrue(finding.remedy().contains(remedy), finding::toString);
    // What is wrong can be mended, and what is right need not be.
    assertEquals(level == Finding.Level.OK, finding.remedy().isEmpty(), finding::toString);
  }

  private static void assertNone(String id, List<Finding> findings) {
    assertTrue(findings.stream().noneMatch(each -> each.id().equals(id)), findings::toString);
  }

  @Test
  void anEmptyMachineIsFine() throws Exception {
    List<Finding> found = host.findings(null);
    assertTrue(found.stream().allMatch(each -> each.level() == Finding.Level.OK), found::toString);
    assertFinding(
        Finding.Level.OK,
        "Linux 6.1-test",
        "",
        only("versions", host.with("proc/sys/kernel/osrelease", "6.1-test\n").findings(null)));
  }

  // ---- SELinux and AppArmor

  private static final String DENIAL =
      "type=AVC msg=audit(1.2:3): avc:  denied  { read write } for  pid=7 comm=\"qmp\""
          + " name=\"argo_dgram\" scontext=system_u:system_r:xend_t:s0"
          + " tcontext=system_u:object_r:argo_t:s0 tclass=chr_file permissive=0\n";

  @ParameterizedTest
  @CsvSource({"1, is enforcing", "0, is permissive"})
  void theModeOfSelinux(String enforce, String text) throws Exception {
    List<Finding> found = host.with("sys/fs/selinux/enforce", enforce).findings(null);
    assertFinding(Finding.Level.OK, text, "", only("selinux", found));
    assertNone("selinux-denial", found);
  }

  @Test
  void whatSelinuxHasDenied() throws Exception {
    host.with("sys/fs/selinux/enforce", "1")
        .with(
            "var/log/audit/audit.log",
            DENIAL + DENIAL + DENIAL.replace("\"qmp\"", "\"cron\"").replace("argo_t", "etc_t"));
    assertFinding(
        Finding.Level.WARNING,
        "qmp may not read write a chr_file of system_u:object_r:argo_t:s0",
        "audit2allow",
        only("selinux-denial", host.findings(null)));
    // Where our policy module is at hand and not in force, that comes first.
    host.with("usr/share/selinux/packages/qmpkit.pp.bz2", "");
    assertFinding(
        Finding.Level.WARNING,
        "qmp may not read write",
        "semodule -X 200 -i /usr/share/selinux/packages/qmpkit.pp.bz2",
        only("selinux-denial", host.findings(null)));
    host.with("sys/fs/selinux/booleans/qmp_helper_exec", "0 0");
    assertFinding(
        Finding.Level.WARNING,
        "qmp may not read write",
        "audit2allow",
        only("selinux-denial", host.findings(null)));
    // Permissive, it stands in nobody's way.
    assertNone("selinux-denial", host.with("sys/fs/selinux/enforce", "0").findings(null));
  }

  @Test
  void aWrongLabel() throws Exception {
    Path socket = folder.resolve("s.qmp");
    host.with("sys/fs/selinux/enforce", "1")
        .program(
            "usr/sbin/matchpathcon",
            "#!/bin/sh\necho \"$2 has context a:b:tmp_t, should be a:b:xend_runtime_t\"\n");
    assertFinding(
        Finding.Level.WARNING,
        "should be a:b:xend_runtime_t",
        "restorecon -v " + socket,
        only("selinux-label", host.findings("unix:" + socket)));
  }

  @Test
  void whatAppArmorHasDenied() throws Exception {
    host.with(
        "var/log/kern.log",
        "audit: type=1400 apparmor=\"DENIED\" operation=\"mknod\" class=\"file\""
            + " profile=\"libvirt-12\" name=\"/run/vm1/monitor.sock\" pid=3\n");
    assertNone("apparmor-denial", host.findings(null));
    assertFinding(
        Finding.Level.WARNING,
        "libvirt-12 may not mknod /run/vm1/monitor.sock",
        "aa-logprof",
        only(
            "apparmor-denial",
            host.with("sys/module/apparmor/parameters/enabled", "Y\n").findings(null)));
  }

  // ---- Xen

  @Test
  void aMachineWithoutXen() throws Exception {
    for (String target : new String[] {"argo:4", "vchan:4:/x", "dom4", "4"}) {
      assertFinding(
          Finding.Level.FAULT, "does not run on Xen", "dom0", only("xen", host.findings(target)));
    }
  }

  @Test
  void aWrongNameOfAMachineWithoutXenIsNoMoreThanThat() throws Exception {
    List<Finding> found = host.findings("nosuch");
    assertFinding(Finding.Level.FAULT, "nosuch", "qmp list", only("name", found));
    assertNone("xen", found);
    assertNone("xenstore", found);
    assertFinding(
        Finding.Level.FAULT,
        "does not run on Xen",
        "dom0",
        only("xen", host.with("proc/xen/privcmd", "").findings("nosuch")));
  }

  @Test
  void aXenHostThatLacksNothing() throws Exception {
    List<Finding> found = host.xen().findings("vchan:4:/x");
    assertFinding(Finding.Level.OK, "runs on Xen 4.17", "", only("xen", found));
    for (String id : new String[] {"dom0", "xen-device", "vchan-socket-proxy"}) {
      assertNone(id, found);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"evtchn", "gntdev", "gntalloc"})
  void aDeviceOfXenIsMissing(String device) throws Exception {
    Files.delete(host.xen().root().resolve("dev/xen/" + device));
    assertFinding(
        Finding.Level.FAULT,
        "/dev/xen/" + device,
        "modprobe xen-" + device,
        only("xen-device", host.findings("vchan:4:/x")));
  }

  @Test
  void whereDom0IsNot() throws Exception {
    host.xen().with("proc/xen/capabilities", "");
    assertFinding(
        Finding.Level.WARNING, "this is a guest", "dom0", only("dom0", host.findings(null)));
    Files.delete(folder.resolve("proc/xen/capabilities"));
    assertFinding(
        Finding.Level.WARNING, "not mounted", "mount -t xenfs", only("dom0", host.findings(null)));
  }

  @Test
  void libxlFindsNoProxyOrTheWrongOne() throws Exception {
    host.xen().program("usr/bin/vchan-socket-proxy", "#!/bin/sh\n");
    assertNone("vchan-socket-proxy", host.findings(null));
    assertFinding(
        Finding.Level.FAULT,
        "is Xen's",
        "ln -sf /opt/qmpkit/bin/vchan-socket-proxy",
        only("vchan-socket-proxy", host.with("run/qmpkit/helper.sock", "").findings(null)));
    Files.delete(folder.resolve("usr/bin/vchan-socket-proxy"));
    assertFinding(
        Finding.Level.WARNING,
        "there is no /usr/bin/vchan-socket-proxy",
        "ln -sf /opt/qmpkit",
        only("vchan-socket-proxy", host.findings(null)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"argo", "v4v"})
  void whereMonitorsAreOnRingsLibxlNeedsNoProxy(String scheme) throws Exception {
    Files.delete(host.xen().root().resolve("usr/bin/vchan-socket-proxy"));
    // Whatever else the host has, such an address does not take that way.
    assertNone("vchan-socket-proxy", host.findings(scheme + ":4"));
    only("vchan-socket-proxy", host.findings("vchan:4:/x"));
    host.with("dev/" + scheme + "_dgram", "");
    assertNone("vchan-socket-proxy", host.findings(null));
  }

  @Test
  void theProxyThatIsLinkedIsTheOneBesideThisProgram() throws Exception {
    Files.delete(host.xen().root().resolve("usr/bin/vchan-socket-proxy"));
    Path launcher = folder.resolve("opt/bin/qmp");
    String before = System.setProperty("qmpkit.launcher", launcher.toString());
    try {
      // As in a checkout, where one script goes by all names.
      assertEquals(
          "ln -sf " + launcher + " /usr/bin/vchan-socket-proxy",
          only("vchan-socket-proxy", host.findings(null)).remedy());
      Path ours = launcher.resolveSibling("vchan-socket-proxy");
      host.program("opt/bin/vchan-socket-proxy", "");
      assertEquals(
          "ln -sf " + ours + " /usr/bin/vchan-socket-proxy",
          only("vchan-socket-proxy", host.findings(null)).remedy());
      Path link = folder.resolve("etc/alternatives/vchan-socket-proxy");
      Files.createDirectories(folder.resolve("etc/alternatives"));
      Files.createSymbolicLink(link, Path.of("/nowhere/at/all"));
      assertEquals(
          "update-alternatives --set vchan-socket-proxy " + ours,
          only("vchan-socket-proxy", host.findings(null)).remedy());
    } finally {
      if (before == null) {
        System.clearProperty("qmpkit.launcher");
      } else {
        System.setProperty("qmpkit.launcher", before);
      }
    }
  }

  // ---- Argo and V4V

  @ParameterizedTest
  @CsvSource({"argo, xen-argo, xen_argo", "v4v, v4v, v4v"})
  void aDeviceOfRingsIsMissing(String scheme, String module, String loaded) throws Exception {
    String target = scheme + ":4";
    assertFinding(
        Finding.Level.FAULT,
        "/dev/" + scheme + "_dgram",
        "modprobe " + module,
        only("ring-device", host.xen().findings(target)));
    assertFinding(
        Finding.Level.FAULT,
        "though its module is",
        "udevadm trigger",
        only(
            "ring-device",
            host.with("proc/modules", loaded + " 40960 0 - Live 0x0\n").findings(target)));
    assertFinding(
        Finding.Level.OK,
        "is there",
        "",
        only("ring-device", host.with("dev/" + scheme + "_dgram", "").findings(target)));
  }

  @Test
  void theFirewallIsInTheWayUntilItIsMendedAsItSays() throws Exception {
    host.xen().with("dev/argo_dgram", "");
    assertNone("firewall", host.findings("argo:4"));
    String[] rules = {"ACCEPT 0:* -> 0:*", "ACCEPT 5:* -> 0:5100", "REJECT *:* -> *:*"};
    Finding finding = only("firewall", host.firewall(rules).findings("argo:4"));
    assertFinding(Finding.Level.FAULT, "by rule 3 : REJECT *:* -> *:*", "viptables -I 1", finding);
    viptables(finding.remedy());
    assertFinding(
        Finding.Level.OK, "lets QMP through", "", only("firewall", host.findings("argo:4")));
    // For that stub domain alone.
    assertEquals(Finding.Level.FAULT, only("firewall", host.findings("argo:6")).level());
    FirewallRules four = new FirewallRules(4);
    viptables(String.join("; ", four.remove()));
    assertEquals(List.of(rules), Files.readAllLines(folder.resolve("usr/sbin/rules")));
  }

  @Test
  void theScriptDoesWhatTheDoctorSays() throws Exception {
    host.firewall("REJECT *:* -> *:*");
    viptables(String.join("; ", new FirewallRules(4).add()));
    List<String> said = Files.readAllLines(folder.resolve("usr/sbin/rules"));
    host.firewall("REJECT *:* -> *:*");
    String script = Path.of("").toAbsolutePath().resolve("../dist/xen/qmp-firewall").toString();
    viptables("'" + script + "' add 4");
    assertEquals(said, Files.readAllLines(folder.resolve("usr/sbin/rules")));
    viptables("'" + script + "' remove 4");
    assertEquals(
        List.of("REJECT *:* -> *:*"), Files.readAllLines(folder.resolve("usr/sbin/rules")));
    assertEquals(
        FirewallRules.xenmgr(),
        Files.readString(Path.of("../dist/xen/argo-firewall-rules")).strip());
  }

  /** Runs commands, as a person would copy them. */
  private void viptables(String commands) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("sh", "-ec", commands).inheritIO();
    builder
        .environment()
        .merge("PATH", folder.resolve("usr/sbin").toString(), (a, b) -> b + ":" + a);
    Process process = builder.start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), commands);
  }

  @ParameterizedTest
  @CsvSource({
    "'', true",
    "1 : ACCEPT *:* -> *:*, true",
    "1 : REJECT 4:* -> 0:5100, false",
    "1 : REJECT 4:15100 -> 0:5100, false",
    "1 : REJECT 0:* -> 4:*, false",
    "1 : REJECT 0:5101 -> 4:*, true",
    "1 : REJECT 5:* -> 0:*, true",
    "nonsense, true",
  })
  void aRuleIsInTheWayIfItFitsEitherDirection(String listed, boolean through) {
    assertEquals(through, new FirewallRules(4).inTheWay(listed).isEmpty());
  }

  @Test
  void rulesThatCannotBeListed() throws Exception {
    host.xen().with("dev/argo_dgram", "").firewall("broken");
    assertFinding(
        Finding.Level.WARNING,
        "can't be listed",
        "root",
        only("firewall", host.findings("argo:4")));
  }

  // ---- an image

  @Test
  void ofAnImageNoProgramIsRunAndNobodyIsAsked() throws Exception {
    Path ran = folder.resolve("ran");
    String program = "#!/bin/sh\ntouch " + ran + "\necho x should be y\n";
    host.xen()
        .with("dev/argo_dgram", "")
        .with("sys/fs/selinux/enforce", "1")
        .program("usr/sbin/viptables", program)
        .program("usr/sbin/matchpathcon", program)
        .program("usr/bin/ss", program);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      Files.createDirectories(folder.resolve("var/run/qmp"));
      Files.createSymbolicLink(folder.resolve("run"), Path.of("/var/run"));
      server.bind(UnixDomainSocketAddress.of(folder.resolve("var/run/qmp/vm1.qmp")));
      server.configureBlocking(false);
      for (@Nullable String target :
          new @Nullable String[] {null, "/run/qmp/vm1.qmp", "argo:4", "tcp:127.0.0.1:1"}) {
        List<Finding> found = host.findingsInFiles(target);
        only("root", found);
        for (String id : new String[] {"monitor", "firewall", "selinux-label", "listener"}) {
          assertNone(id, found);
        }
        boolean socket = target == null || target.contains("/run");
        assertEquals(
            socket, found.stream().anyMatch(each -> each.id().equals("socket")), found::toString);
      }
      assertNull(server.accept());
    }
    assertFinding(
        Finding.Level.WARNING,
        "not asked",
        "without --root",
        only("xenstore", host.findingsInFiles("guest")));
    assertFalse(Files.exists(ran));
  }

  @ParameterizedTest
  @CsvSource({
    "/inside, Linux 6.1-image",
    "../../../inside, Linux 6.1-image",
    "../../../../../../../../../../inside, Linux 6.1-image",
    "/proc/../by/./way, Linux 6.1-image",
    "/proc/sys/kernel/osrelease, Linux ?",
    "/proc/sys/kernel, Linux ?",
  })
  void theLinksOfAnImageLeadToItsOwnFiles(String to, String text) throws Exception {
    host.with("inside", "6.1-image");
    Files.createSymbolicLink(
        Files.createDirectory(folder.resolve("by")).resolve("way"), Path.of("/inside"));
    Path link = Files.createDirectories(folder.resolve("proc/sys/kernel")).resolve("osrelease");
    Files.createSymbolicLink(link, Path.of(to));
    Finding finding = only("versions", host.findingsInFiles(null));
    assertTrue(finding.text().endsWith(text), finding::toString);
  }

  // ---- what there is on this machine

  @Test
  void aKindOfAddressThatCannotBeUsedHere() throws Exception {
    List<Finding> found =
        new Examination(new Host(Path.of("/"), true), Duration.ofSeconds(1)).of("v4v:4");
    assertFinding(
        Finding.Level.FAULT, "v4v: can't be used here", "qmp transports", only("transport", found));
  }
}
