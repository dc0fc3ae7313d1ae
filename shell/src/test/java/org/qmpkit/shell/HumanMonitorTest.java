package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpClient;
import org.qmpkit.testkit.RealQemu;

@Timeout(120)
final class HumanMonitorTest {
  /** Out of QEMU 7.2's. */
  private static final String HELP =
      """
      announce_self [interfaces] [id] -- Trigger GARP/RARP announcements\r
      block_job_cancel [-f] device -- stop an active background block operation (use -f\r
      \t\t\t if you want to abort the operation immediately\r
      cont|c  -- resume emulation\r
      drive_add [-n] [[<domain>:]<bus>:]<slot>\r
      [file=file][,if=type][,bus=n]\r
      [,snapshot=on|off][,cache=on|off]\r
      help|? [cmd] -- show the help\r
      info [subcommand] -- show various information about the system state\r
      print|p /fmt expr -- print expression value (use $reg for CPU register access)\r
      xp /fmt addr -- physical memory dump starting at 'addr'\r
      """;

  private static final String INFO =
      """
      info balloon  -- show balloon information\r
      info block [-n] [-v] [device] -- show info of one block device or all block devices (-n: show\r
      info history  -- show the command line history\r
      """;

  @Test
  void commandsAreWhatHelpLists() {
    Set<String> names =
        Set.of("announce_self", "block_job_cancel", "cont", "drive_add", "help", "print", "xp");
    Set<String> expected = new TreeSet<>(names);
    names.forEach(each -> expected.add("help " + each));
    expected.add("help info");
    assertEquals(expected, HumanMonitor.commands(HELP));
    assertEquals(List.of("info balloon", "info block", "info history"), HumanMonitor.infos(INFO));
  }

  @Test
  void garbageListsNothing() {
    for (String text : List.of("", "\r\n", " ", "\t", "[", "|", "||", "\r\n\r\n \r\n")) {
      assertEquals(Set.of("help info"), HumanMonitor.commands(text), text);
      assertEquals(List.of(), HumanMonitor.infos(text));
    }
    assertEquals(List.of(), HumanMonitor.infos("info\r\ninformation x\r\n"));
  }

  @Test
  void aRealOneListsWhatItTakes() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu)) {
      HumanMonitor human = new HumanMonitor();
      String help = client.execute(human.request("help").command()).asString();
      String info = client.execute(human.request("info").command()).asString();
      Set<String> commands = HumanMonitor.commands(help);
      assertTrue(commands.containsAll(List.of("quit", "cont", "help device_add", "migrate")));
      assertTrue(commands.stream().allMatch(each -> each.matches("(help )?[a-z0-9_-]+")));
      assertTrue(HumanMonitor.infos(info).contains("info version"));
      for (String each : HumanMonitor.infos(info)) {
        assertTrue(info.contains(each + " "), each);
      }
    }
  }

  @Test
  void aLineGoesToTheLetter() {
    HumanMonitor human = new HumanMonitor();
    String line = "  x/4xb  \"a b\"  # {'c':1}\\ é";
    assertEquals(
        "{\"command-line\": " + "\"  x/4xb  \\\"a b\\\"  # {'c':1}\\\\ \\u00E9\"}",
        JsonText.compact(human.request(line).arguments(), Palette.PLAIN));
  }

  @Test
  void aCpuIsNamedOnceOneWasChosen() throws LineException {
    HumanMonitor human = new HumanMonitor();
    assertFalse(human.request("info registers").arguments().has("cpu-index"));
    human.choose(HumanMonitor.cpu(" cpu  3 more"));
    assertEquals(3, human.request("info registers").arguments().path("cpu-index").asInt());
    assertEquals(7, HumanMonitor.probe(7).arguments().path("cpu-index").asInt());
  }

  @Test
  void whatChoosesACpuIsToldFromWhatDoesNot() {
    for (String line : List.of("cpu", "cpu 0", " cpu\t1", "cpu x")) {
      assertTrue(HumanMonitor.choosesCpu(line), line);
    }
    for (String line : List.of("cpus", "info cpus", "", " ", "cpu_add 1", "CPU 1")) {
      assertFalse(HumanMonitor.choosesCpu(line), line);
    }
    for (String line :
        List.of("cpu", "cpu ", "cpu x", "cpu 1.0", "cpu 0x1", "cpu 99999999999999999999")) {
      LineException refused = assertThrows(LineException.class, () -> HumanMonitor.cpu(line), line);
      assertEquals("cpu command takes an integer argument", refused.getMessage());
    }
  }

  @Test
  void whatEndsQemuIsKnown() {
    assertTrue(HumanMonitor.ends(" quit ") && HumanMonitor.ends("q"));
    assertFalse(HumanMonitor.ends("quit now") || HumanMonitor.ends("") || HumanMonitor.ends("Q"));
  }

  @Test
  void aMachineWithoutCpusHasNone() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        QmpClient client = Connections.to(qemu)) {
      assertThrows(CommandFailed.class, () -> client.execute(HumanMonitor.probe(0).command()));
      assertTrue(
          client
              .execute(new HumanMonitor().request("info version").command())
              .asString()
              .startsWith(RealQemu.version()));
    }
  }
}
