package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What QEMU's command line tells of its monitors, as people and programs write it. */
class QemuProcessTest {
  private static QemuProcess process(String... words) {
    return QemuProcess.of(7, 0, List.of(words)).orElseThrow();
  }

  @Test
  void byHand() {
    assertEquals(
        new QemuProcess(7, 0, "web1", List.of("/tmp/a", "b,c")),
        process(
            "/usr/bin/qemu-system-x86_64",
            "-name",
            "web1",
            "-qmp",
            "unix:/tmp/a,server=on,wait=off",
            "--qmp-pretty",
            "unix:b,,c,server,nowait"));
  }

  @Test
  void asProxmoxStartsIt() {
    assertEquals(
        new QemuProcess(7, 0, "htpc", List.of("/var/run/qemu-server/400.qmp")),
        process(
            "/usr/bin/kvm",
            "-id",
            "400",
            "-name",
            "htpc,debug-threads=on",
            "-chardev",
            "socket,id=qmp,path=/var/run/qemu-server/400.qmp,server=on,wait=off",
            "-mon",
            "chardev=qmp,mode=control",
            "-chardev",
            "socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5",
            "-mon",
            "chardev=qmp-event,mode=control"));
  }

  @Test
  void asLibvirtStartsIt() {
    assertEquals(
        new QemuProcess(7, 0, "fedora", List.of()),
        process(
            "qemu-system-x86_64",
            "-name",
            "guest=fedora,debug-threads=on",
            "-chardev",
            "socket,id=charmonitor,fd=22,server=on,wait=off",
            "-mon",
            "chardev=charmonitor,id=monitor,mode=control"));
  }

  @Test
  void whatIsNoQmpIsNone() {
    assertEquals(
        List.of("/m"),
        process(
                "qemu-kvm",
                "-monitor",
                "unix:/hmp,server=on",
                "-qmp",
                "unix:/dials,reconnect=1",
                "-qmp",
                "tcp:localhost:4444,server=on",
                "-chardev",
                "socket,id=c,path=/console,server=on",
                "-serial",
                "chardev:c",
                "-chardev",
                "socket,id=h,path=/h,server=on",
                "-mon",
                "h,mode=readline",
                "-chardev",
                "socket,id=m,path=/m,server=on",
                "-qmp",
                "chardev:m")
            .sockets());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bash", "", "/opt/qemus/run", "kvmd", "less qemu-system-x86_64"})
  void othersAreNone(String program) {
    assertEquals(Optional.empty(), QemuProcess.of(7, 0, List.of(program, "-qmp", "unix:/a")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-qmp", "-name", "-mon", "-chardev"})
  void garbageIsNoMonitor(String option) {
    String[] all = {"", ",", ",,,", "=", "a=", "unix:", "socket,server", "\0", "no", "=,=,=", "-"};
    for (String garbage : all) {
      assertEquals(List.of(), process("qemu-system-arm", option, garbage).sockets(), garbage);
    }
    assertEquals(List.of(), process("qemu-system-arm", option).sockets());
  }

  @Test
  void noneHasHundreds() {
    List<String> words = new ArrayList<>(List.of("qemu-system-x86_64"));
    for (int i = 0; i < 500; i++) {
      words.addAll(List.of("-qmp", "unix:/" + i + ",server=on"));
    }
    assertEquals(16, QemuProcess.of(7, 0, words).orElseThrow().sockets().size());
  }

  @Test
  void whatIsTooLongIsNotKept() {
    String path = "/" + "y".repeat(108);
    QemuProcess it = process("kvm", "-name", "x".repeat(256), "-qmp", "unix:" + path + ",server");
    assertEquals(new QemuProcess(7, 0, "", List.of()), it);
  }

  @Test
  void keysAndCommas() {
    assertEquals(
        new QemuOption("socket", Map.of("path", "/a,b", "server", "on", "wait", "off", "x", "1=2")),
        QemuOption.of("socket,path=/a,,b,server,nowait,x=1=2"));
    assertEquals(new QemuOption("", Map.of("guest", "a")), QemuOption.of("guest=a"));
    assertEquals(new QemuOption("a,", Map.of()), QemuOption.of("a,,"));
  }
}
