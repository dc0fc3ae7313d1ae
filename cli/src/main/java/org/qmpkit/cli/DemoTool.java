package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.qmpkit.net.Address;
import org.qmpkit.shell.ExitStatus;

/**
 * {@code qmp demo}: shows on a real QEMU what sharing a monitor means, and checks what it shows.
 */
final class DemoTool implements Tool {
  private static final int FAILED = 1;

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public String summary() {
    return "a real QEMU behind a wall, the helper in front, two clients sharing it";
  }

  @Override
  public String help() {
    return """
    Usage: qmp demo [--keep]

    Starts a real QEMU behind a wall and the helper in front of it, lets several clients use
    the one monitor at once, and shows what each sends and gets. Everything is gone afterwards.

      --keep    leave QEMU and the helper running until Ctrl-C, to try things by hand

    Exit status: 0 when everything went as it says, 1 when something did not.
    """;
  }

  @Override
  public int run(List<String> arguments) throws UsageException {
    Arguments parsed = Arguments.parse(arguments, Set.of(), Set.of("keep"), Map.of());
    if (!parsed.positionals().isEmpty()) {
      throw new UsageException("'" + parsed.positionals().getFirst() + "' is not expected");
    }
    if (!DemoQemu.isInstalled()) {
      System.err.println(
          "qmp demo: there is no "
              + DemoQemu.PROGRAM
              + "; run 'sudo apt-get install qemu-system-x86' (or your distribution's like)");
      return ExitStatus.UNREACHABLE;
    }
    DemoScreen screen = new DemoScreen(System.out, Screen.hasColours());
    try (DemoProcesses processes = new DemoProcesses()) {
      Path shared = processes.file("shared.qmp");
      setUp(screen, processes, shared);
      share(screen, shared);
      next(screen, shared, parsed.has("keep"));
      return ExitStatus.DONE;
    } catch (IOException | DemoException e) {
      System.out.flush();
      System.err.println("qmp demo: " + e.getMessage());
      return FAILED;
    }
  }

  private static void setUp(DemoScreen screen, DemoProcesses processes, Path shared)
      throws IOException, DemoException {
    Path monitor = processes.file("qemu.sock");
    DemoQemu qemu = DemoQemu.at(monitor);
    screen.step(
        qemu.isWalled()
            ? "A real QEMU behind a wall: namespaces of its own; only its monitor's socket crosses."
            : "A real QEMU, without a wall: this machine allows no namespaces of its own.");
    screen.command(String.join(" ", qemu.command()));
    processes.start(qemu.command(), monitor);

    screen.step("The helper in front: it makes the socket that clients look for.");
    String helper = "helper --listen unix:" + shared + " --connect unix:" + monitor;
    screen.command("qmp " + helper);
    List<String> command = new ArrayList<>(List.of(System.getProperty("qmpkit.launcher", "qmp")));
    command.addAll(List.of(helper.split(" ", -1)));
    processes.start(command, shared);
  }

  private static void share(DemoScreen screen, Path shared) throws IOException, DemoException {
    try (DemoClient a = DemoClient.connect("A", shared, screen);
        DemoClient b = DemoClient.connect("B", shared, screen)) {
      screen.step("Two clients at once. QEMU alone would leave the second one in silence.");
      a.expect("\"QMP\"");
      b.expect("\"QMP\"");
      for (DemoClient each : List.of(a, b)) {
        each.send("{\"execute\": \"qmp_capabilities\"}\n");
        each.expect("\"return\": {}");
      }

      screen.step("Both ask under the same id; each gets its own answer.");
      a.send("{\"execute\": \"query-status\", \"id\": 1}\n");
      b.send("{\"execute\": \"query-version\", \"id\": 1}\n");
      a.expect("\"status\"");
      b.expect("\"package\"");

      screen.step("A lets the guest run; both see it happen. B stops it; both see that too.");
      event(a, b, "cont", "RESUME");
      event(b, a, "stop", "STOP");

      screen.step("A third sends garbage. It gets QEMU's errors, and disturbs nobody.");
      try (DemoClient c = DemoClient.connect("C", shared, screen)) {
        c.expect("\"QMP\"");
        c.send("{'execute': 'qmp_capabilities'} {]  {\"execute\": 7}  \001");
        c.expect("\"return\": {}");
        c.expect("JSON parse error");
        c.expect("must be a string");
        c.expect("stray");
        a.send("{\"execute\": \"query-name\", \"id\": \"still here\"}\n");
        a.expect("still here");
      }

      screen.step(
          "A fourth asks for 200 KB and vanishes in mid-reply. Nobody else gets its reply.");
      try (DemoClient d = DemoClient.connect("D", shared, screen)) {
        d.expect("\"QMP\"");
        d.send(
            "{\"execute\": \"qmp_capabilities\"}{\"execute\": \"query-qmp-schema\", \"id\": 1}\n");
        d.expect("\"return\": {}");
      }
      screen.say("D has left");
      a.send("{\"execute\": \"query-name\", \"id\": 1}\n");
      b.send("{\"execute\": \"query-name\", \"id\": 1}\n");
      a.expect("\"return\": {}, \"id\": 1");
      b.expect("\"return\": {}, \"id\": 1");
      if (!a.isSilent() || !b.isSilent()) {
        throw new DemoException("somebody got more than was theirs");
      }
      screen.good("every reply went to whoever asked, every event to everybody");
    }
  }

  private static void event(DemoClient by, DemoClient other, String command, String event)
      throws IOException, DemoException {
    by.send("{\"execute\": \"" + command + "\"}\n");
    by.expect("\"" + event + "\"");
    by.expect("\"return\": {}");
    other.expect("\"" + event + "\"");
  }

  /** How it was called, unless the shell finds it anyway. */
  private static String qmp() {
    Path called = Path.of(System.getProperty("qmpkit.called", "qmp"));
    Path folder = called.getParent();
    String path = System.getenv("PATH");
    boolean found =
        folder == null || (path != null && List.of(path.split(":")).contains(folder.toString()));
    return found ? "qmp" : called.toString();
  }

  private static void next(DemoScreen screen, Path shared, boolean keep) throws DemoException {
    String qmp = qmp();
    screen.step(
        keep ? "It is yours now, until Ctrl-C:" : "To try it yourself, '" + qmp + " demo --keep':");
    String socket = keep ? shared.toString() : "SOCKET";
    screen.command(qmp + " health " + (keep ? Address.unix(shared) : socket));
    screen.command("socat - UNIX-CONNECT:" + socket + "     # in two terminals at once");
    screen.say("Your own QEMU, started with -qmp unix:/tmp/qemu.qmp,server=on,wait=off:");
    screen.command(qmp + " helper --listen unix:/tmp/shared.qmp --connect unix:/tmp/qemu.qmp");
    if (keep) {
      try {
        Thread.currentThread().join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new DemoException("interrupted");
      }
    }
  }
}
