package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** A helper under systemd: what it says by sd_notify(3), and when it must say nothing. */
@Timeout(300)
class ServiceTest {
  private static final Map<String, String> WATCHDOG = Map.of("WATCHDOG_USEC", "200000");

  private final Path folder;
  private final Path shared;

  ServiceTest(@TempDir Path folder) {
    this.folder = folder;
    this.shared = folder.resolve("vm1.qmp");
  }

  private static HelperProcess service(
      String notify, Map<String, String> environment, String... flags) throws IOException {
    String[] arguments = new String[flags.length + 1];
    arguments[0] = "helper";
    System.arraycopy(flags, 0, arguments, 1, flags.length);
    ProcessBuilder builder = new ProcessBuilder(Program.command(arguments));
    builder.environment().put("NOTIFY_SOCKET", notify);
    builder.environment().putAll(environment);
    return HelperProcess.started(builder);
  }

  @Test
  void itIsReadyWhenItsRoutesListenAndSaysWhenItEnds() throws Exception {
    String notify = folder.resolve("notify").toString();
    try (NotifyReceiver systemd = new NotifyReceiver(notify);
        HelperProcess helper =
            service(
                notify,
                WATCHDOG,
                "--listen",
                "unix:" + shared,
                "--connect",
                "unix:" + folder.resolve("monitor"))) {
      Map<String, String> first =
          NotifyReceiver.fields(systemd.await("the first word", each -> true));
      assertEquals("1", first.get("READY"));
      assertTrue(Files.exists(shared), "ready is who listens");
      // QEMU is not there yet: that is told, and so is when it comes.
      assertTrue(
          first.getOrDefault("STATUS", "").startsWith("0 of 1 monitors connected; vm1.qmp: "),
          first::toString);
      systemd.await("a sign of life", each -> NotifyReceiver.fields(each).containsKey("WATCHDOG"));
      // It has started before the helper finds it: until then it answers one client, and not each.
      try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu"))) {
        Files.createSymbolicLink(folder.resolve("monitor"), qemu.path());
        systemd.await(
            "the monitor is there",
            each -> "1 of 1 monitors connected".equals(NotifyReceiver.fields(each).get("STATUS")));
        systemd.await("another sign of life", each -> each.equals("WATCHDOG=1"));
        helper.signal("TERM");
        assertEquals(
            "SIGTERM: draining and ending",
            NotifyReceiver.fields(systemd.await("the end", each -> each.startsWith("STOPPING=1")))
                .get("STATUS"));
        assertEquals(0, helper.awaitExit());
      }
    }
  }

  @Test
  void aReloadHasABeginningAndAnEnd() throws Exception {
    Path config = folder.resolve("helper.toml");
    String route = "[[route]]\nlisten = \"unix:%s\"\nconnect = \"unix:/nowhere\"\nrelay = true\n";
    Files.writeString(config, route.formatted(shared));
    // An abstract name, as systemd has in a container.
    String notify = "@qmpkit-test-" + ProcessHandle.current().pid();
    try (NotifyReceiver systemd = new NotifyReceiver(notify);
        HelperProcess helper = service(notify, Map.of(), "--config", config.toString())) {
      assertEquals(
          "READY=1\nSTATUS=0 of 0 monitors connected, 1 relayed",
          systemd.await("the first word", each -> true));
      for (String text : new String[] {route.formatted(folder.resolve("vm2.qmp")), "nonsense"}) {
        Files.writeString(config, text);
        long before = System.nanoTime() / 1000;
        helper.signal("HUP");
        Map<String, String> begun =
            NotifyReceiver.fields(systemd.await("a beginning", each -> true));
        assertEquals("1", begun.get("RELOADING"));
        long at = Long.parseLong(begun.get("MONOTONIC_USEC"));
        // The same clock, CLOCK_MONOTONIC, in every process.
        assertTrue(before <= at && at <= System.nanoTime() / 1000, () -> before + " " + at);
        assertTrue(systemd.await("an end", each -> true).startsWith("READY=1\n"));
      }
    }
  }

  @Test
  void aStuckLoopGivesNoSignOfLife() throws Exception {
    Path slow = folder.resolve("slow");
    Path library = folder.resolve("slow-users.so");
    Path source = Path.of(System.getProperty("qmpkit.it.root", ".."), "it/src/test/c/slow-users.c");
    Program.Outcome built =
        Program.outcome(
            new ProcessBuilder(
                "cc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library + "", source + ""));
    assertEquals(0, built.status(), built.err());
    String notify = folder.resolve("notify").toString();
    Map<String, String> environment =
        Map.of(
            "WATCHDOG_USEC", "200000", "LD_PRELOAD", library + "", "SLOW_USERS", slow.toString());
    try (NotifyReceiver systemd = new NotifyReceiver(notify);
        RealQemu qemu = RealQemu.start();
        HelperProcess helper =
            service(
                notify,
                environment,
                // Descriptors need native sockets, where the user is looked up in C's database.
                "--route",
                "unix:" + shared + ",fds=on => unix:" + qemu.path() + ",fds=on")) {
      systemd.await("a sign of life", each -> each.contains("WATCHDOG=1"));
      try (LineClient _ = LineClient.connect(shared)) {
        Path stuck = folder.resolve("slow.stuck");
        Patience.until("the loop waits for the database", () -> Files.exists(stuck));
        systemd.drain();
        assertEquals(Optional.empty(), systemd.next(Duration.ofSeconds(1)));
        assertTrue(helper.alive());
        Files.createFile(folder.resolve("slow.go"));
        systemd.await("a sign of life again", each -> each.contains("WATCHDOG=1"));
      }
    }
  }

  @Test
  void whatIsForAnotherProcessOrMakesNoSenseIsNotTakenForOurs() throws Exception {
    String notify = folder.resolve("notify").toString();
    Map<String, String> another = Map.of("WATCHDOG_USEC", "2000", "WATCHDOG_PID", "1");
    try (NotifyReceiver systemd = new NotifyReceiver(notify);
        HelperProcess helper = service(notify, another, "--route", shared + " => /nowhere")) {
      systemd.await("the first word", each -> each.startsWith("READY=1"));
      assertEquals(Optional.empty(), systemd.next(Duration.ofMillis(200)));
      assertTrue(helper.alive());
    }
    Map<String, String> nonsense = Map.of("WATCHDOG_USEC", "soon");
    try (HelperProcess helper =
        service("/nowhere/notify", nonsense, "--route", shared + " => /nowhere")) {
      helper.awaitLog("WATCHDOG_USEC \\(soon\\) is no number of microseconds");
      helper.awaitLog("cannot tell systemd how this helper is: /nowhere/notify: ");
      helper.awaitLog("shares unix:/nowhere");
    }
    try (HelperProcess helper = service("vsock:2:9", Map.of(), "--route", shared + " => /no")) {
      helper.awaitLog("NOTIFY_SOCKET \\(vsock:2:9\\) is no UNIX socket");
    }
  }
}
