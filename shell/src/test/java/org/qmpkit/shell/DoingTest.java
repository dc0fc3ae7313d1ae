package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;

/** Files of lines, other monitors, and the same command in other words, on real QEMUs. */
@Timeout(120)
final class DoingTest {
  @TempDir Path folder;

  private RealQemu qemu;
  private ShellRig shell;

  @BeforeEach
  void start() throws Exception {
    qemu = RealQemu.start("-name", "first");
    shell = ShellRig.on(qemu);
  }

  @AfterEach
  void end() {
    shell.close();
    qemu.close();
  }

  private Shown line(String line, int status) {
    Shown shown = shell.line(line);
    assertEquals(status, shown.status(), line + ": " + shown);
    return shown;
  }

  private Path file(String name, String lines) throws IOException {
    return Files.writeString(folder.resolve(name), lines);
  }

  @Test
  void aFileWithVariables() throws IOException {
    Path file =
        file(
            "add.qmp",
            """
            # makes a disk and looks at it
            set -e
            blockdev-add driver=null-co node-name=${node} size=${size}
            let drv query-named-block-nodes flat=true | .[] | select(.node-name == "${node}") | .drv
            {"execute": "query-name",
             "id": "${drv} of ${node}"}
            transaction(
            block-dirty-bitmap-add node=${node} name=b0
            )
            """);
    Shown shown = line("source " + file + " node=disk size=1048576", 0);
    assertEquals(
        List.of(
            "{\"return\": {}}",
            "{\"return\": {\"name\": \"first\"}, \"id\": \"null-co of disk\"}",
            "{\"return\": {}}"),
        shown.out().lines().toList());
    // A line that is typed is taken to the letter, as ever.
    assertTrue(line("block_resize node-name=${node} size=1", 1).out().contains("${node}"));
    line("let node=other", 0);
    line("source " + file, 0);
  }

  @Test
  void aTimeThatCannotBeCountedIsRefused() {
    assertTrue(line("watch 999999999m query-name", 2).err().contains("100 years at most"));
    assertTrue(line("wait STOP --timeout 999999999m", 2).err().contains("100 years at most"));
  }

  @Test
  void aFileThatFails() throws IOException {
    Path file = file("fails.qmp", "nope\nquery-name\n");
    Shown goesOn = line("source " + file, 1);
    assertTrue(goesOn.out().contains("first"), goesOn.out());
    Path stops = file("stops.qmp", "set -e\nnope\nquery-name\n");
    Shown stopped = line("source " + stops, 1);
    assertFalse(stopped.out().contains("first"), stopped.out());
    assertTrue(stopped.err().contains("was ended at line 2"), stopped.err());
    // What was set in the file holds in it alone.
    assertTrue(line("source " + file, 1).out().contains("first"));
    assertTrue(
        line("source " + file("undefined.qmp", "query-name id=${nobody}"), 2)
            .err()
            .contains("undefined.qmp:1: ${nobody} has no value"));
    assertTrue(
        line("source " + file("json.qmp", "{\"execute\":"), 2).err().contains("ends within"));
    assertTrue(
        line("source " + file("transaction.qmp", "transaction(\nabort"), 2)
            .err()
            .contains("ends within"));
    // Nothing of it is left.
    line("query-name", 0);
    assertTrue(line("source /dev/zero", 2).err().contains("line 1 is longer than"));
    Path ends = file("ends.qmp", "let a = 1\r\n\r\nlet b = 2\rnonsense x=1");
    assertTrue(line("source " + ends + " ", 1).out().contains("nonsense"));
    assertTrue(line("source " + folder.resolve("nobody"), 2).err().contains("no such file"));
    Path loop = folder.resolve("loop.qmp");
    assertTrue(
        line("source " + Files.writeString(loop, "source " + loop), 2)
            .err()
            .contains("more than 10 deep"));
    Path binary = Files.write(folder.resolve("binary"), new byte[] {'a', (byte) 0xFF, '\n'});
    assertTrue(line("source " + binary, 2).err().contains("no text in UTF-8"));
  }

  @Test
  void variablesAreNamesWithValues() throws LineException {
    Variables variables = new Variables();
    variables.set("a", "$1 ${b}");
    assertEquals("x $1 ${b}y ${", variables.replaced("x ${a}y ${"));
    assertThrows(LineException.class, () -> variables.replaced("${b}"));
    assertThrows(LineException.class, () -> variables.replaced("${}"));
    assertThrows(LineException.class, () -> variables.set("1", ""));
    variables.set("long", "x".repeat(1 << 20));
    assertThrows(LineException.class, () -> variables.replaced("${long}".repeat(11)));
    for (String each :
        List.of("let", "let 1=2", "let a", "let a=1 b", "let a query-name | empty")) {
      line(each, ExitStatus.USAGE);
    }
  }

  @Test
  void otherMonitorsByName() throws IOException {
    try (RealQemu second = RealQemu.start("-name", "second")) {
      Shown connected = line("connect " + second.path() + " as b", 0);
      assertEquals(
          "'b' is unix:" + second.path() + ", QEMU " + RealQemu.version(), connected.err());
      assertEquals("b: {\"return\": {\"name\": \"second\"}}", line("@b query-name", 0).out());
      assertEquals("b: \"second\"", line("@b query-name | .name", 0).out());
      assertEquals("here: \"first\"\nb: \"second\"", line("@all query-name | .name", 0).out());
      assertTrue(line("@b nope", 1).out().startsWith("b: {\"error\""));
      assertTrue(line("@c query-name", 2).err().contains("there is no 'c'"));
      assertEquals("b  unix:" + second.path(), line("connect", 0).out());
      second.kill();
      line("@b query-name", ExitStatus.UNREACHABLE);
      line("disconnect b", 0);
      line("disconnect b", ExitStatus.USAGE);
    }
    line("connect /nobody as x", ExitStatus.UNREACHABLE);
    for (String each :
        List.of(
            "connect a",
            "connect a b c",
            "connect /a as all",
            "connect /a as -",
            "@",
            "@b",
            "@here wait STOP",
            "@here # no")) {
      line(each, ExitStatus.USAGE);
    }
  }

  @Test
  void whatFailsAtOneMonitorIsDoneAtTheOthers() throws IOException {
    try (RealQemu second = RealQemu.start("-name", "second")) {
      line("connect " + second.path() + " as b", 0);
      Shown some = line("@all query-name | .name | select(. == \"second\") | .x", 2);
      assertTrue(some.err().startsWith("b: "), some::toString);
      List<String> said = line("@all query-name | .name.x", 2).err().lines().toList();
      assertEquals(2, said.size(), said::toString);
      assertTrue(said.getFirst().startsWith("here: ERROR: "), said::toString);
      assertTrue(said.getLast().startsWith("b: ERROR: "), said::toString);
    }
    try (FakeQemu slow = FakeQemu.start().greeting(FakeQemu.GREETING_WITHOUT_OOB)) {
      line("connect " + slow.path() + " as b", 0);
      Shown offered = line("@all exec-oob query-name", ExitStatus.USAGE);
      assertTrue(offered.out().startsWith("here: {"), offered::toString);
      assertTrue(offered.err().startsWith("b: ERROR: "), offered::toString);
    }
  }

  @Test
  void eventsOfOtherMonitorsAreNotKept() throws Exception {
    try (RealQemu second = RealQemu.start()) {
      line("connect " + second.path() + " as b", 0);
      Monitor.Link link = Objects.requireNonNull(shell.session().peers().all().get("b")).link();
      line("@b cont", 0);
      assertTrue(link != null && link.events().next(Duration.ZERO).isEmpty());
    }
  }

  @Test
  void anotherMonitorThatIsLostEndsNoScript() throws Exception {
    try (RealQemu second = RealQemu.start("-name", "second")) {
      line("connect " + second.path() + " as b", 0);
      second.kill();
      Path file = file("goes-on.qmp", "@b query-status\nconnect /nobody as c\nquery-name\n");
      Shown sourced = line("source " + file, ExitStatus.UNREACHABLE);
      assertTrue(sourced.out().contains("first"), sourced::toString);
    }
    try (RealQemu third = RealQemu.start("-name", "third")) {
      Shown script = ShellRig.script(third, "connect /nobody as c\nquery-name | .name\n");
      assertEquals(new Shown(ExitStatus.DONE, "\"third\"", script.err()), script);
    }
    qemu.kill();
    Path ends = file("ends.qmp", "@all query-name\nlet a=1\n");
    assertTrue(line("source " + ends, 3).err().contains("was ended at line 1"));
  }

  private static String as(String language, String line) throws LineException {
    Request request = new LineGrammar().read(line);
    assertNotNull(request);
    return AsCommand.text(language, request, Address.parseInShell("/tmp/q.sock"));
  }

  @Test
  void theLastCommandInOtherWords() throws LineException {
    assertTrue(line("\\as python", 2).err().contains("there was no command yet"));
    line("query-name", 0);
    assertEquals("{\"execute\": \"query-name\"}", line("\\as json", 0).out());
    assertTrue(line("\\as pyhton", 2).err().contains("did you mean 'python'?"));
    String command =
        "blockdev-add driver=null-co node-name:=\"it's\" read-only=true x:=null l:=[1]";
    assertTrue(
        as("python", command)
            .contains(
                "qmp.execute(\"blockdev-add\", {\"driver\": \"null-co\", \"node-name\": \"it's\","
                    + " \"read-only\": True, \"x\": None, \"l\": [1]})"));
    assertTrue(as("python", command).contains("qmp.connect(\"/tmp/q.sock\")"));
    assertEquals(
        "qmp exec unix:/tmp/q.sock '{\"execute\": \"object-del\", \"arguments\": {\"id\":"
            + " \"a'\\''b\"}}'",
        as("qmp", "object-del id:=\"a'b\""));
    assertTrue(as("socat", "exec-oob yank").contains("{\"enable\": [\"oob\"]}"));
    assertTrue(as("socat", "stop").endsWith("| socat -t 5 - UNIX-CONNECT:/tmp/q.sock"));
    assertTrue(
        as("virsh", "stop").equals("virsh qemu-monitor-command DOMAIN '{\"execute\": \"stop\"}'"));
    assertTrue(
        as("java", "job-cancel id=x")
            .contains(
                "QmpCommand.of(\"job-cancel\", JsonMapper.shared().readTree(\"{\\\"id\\\": \\\"x\\\"}\"))"));
    assertFalse(as("json", "set_password protocol=vnc password=sesame").contains("sesame"));
  }

  @Test
  void whatQemuCannotReadIsNoFault() {
    for (String each :
        List.of(
            "@here query-name x:=1e400", "watch query-name x=[1e400]", "let a {\"execute\": 1}")) {
      Shown shown = shell.line(each);
      assertTrue(shown.status() != ExitStatus.DONE && !shown.err().isEmpty(), each + shown);
    }
    assertEquals(ExitStatus.DONE, shell.line("query-name").status());
  }

  @Test
  void settings() throws LineException {
    assertEquals(List.of("confirm off", "+e"), line("set", 0).err().lines().toList());
    line("set confirm on", 0);
    assertTrue(shell.session().settings().confirms());
    for (String each : List.of("set confrim on", "set confirm", "set confirm maybe", "set -e x")) {
      line(each, ExitStatus.USAGE);
    }
    // Nobody is asked in a script.
    line("system_reset", ExitStatus.DONE);
    for (String each :
        List.of(
            "quit",
            "device_del id=x",
            "transaction( block-dirty-bitmap-clear node=x name=y )",
            "human-monitor-command command-line:=\" q \"",
            "human-monitor-command command-line:=\"system_reset now\"",
            "human-monitor-command command-line:=\"loadvm monday\"",
            "human-monitor-command command-line=delvm",
            "human-monitor-command command-line:=\"commit all\"",
            "human-monitor-command command-line:=\"drive_backup -f d /x\"",
            "human-monitor-command command-line:=\"drive_mirror d /x\"",
            "human-monitor-command command-line:=\"snapshot_delete_blkdev_internal d s\"")) {
      assertNotNull(Danger.of(Objects.requireNonNull(new LineGrammar().read(each))), each);
    }
    for (String each :
        List.of(
            "query-status",
            "stop",
            "cont",
            "transaction( abort )",
            "human-monitor-command command-line:=\"info snapshots\"")) {
      assertNull(Danger.of(Objects.requireNonNull(new LineGrammar().read(each))), each);
    }
  }
}
