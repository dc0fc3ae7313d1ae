package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;

/**
 * A Xen host without Xen: a folder whose processes have emulated Argo and V4V devices, each in a
 * domain, and the models of OpenXT's two programs. QEMU is in domain 5, helpers are in domain 0.
 */
final class ArgoHost {
  static final int STUBDOM = 5;

  /** Where the devices and the models are, compiled once. */
  private static final Path BUILT = built();

  private final Path folder;
  private final Path host;

  /** A host of its own, in a folder that is empty. */
  ArgoHost(Path folder) throws IOException {
    this.folder = folder;
    this.host = Files.createDirectory(folder.resolve("host"));
    create(0);
    create(STUBDOM);
  }

  private static Path built() {
    Path root = Path.of(System.getProperty("qmpkit.it.root"));
    Path folder = root.resolve("it/target/argo");
    run(root.resolve("testkit/src/main/c/argo/build").toString(), folder.toString());
    for (String model : List.of("openxt-qemu", "openxt-helper", "argo-talk")) {
      Path source = root.resolve("it/src/test/c").resolve(model + ".c");
      run("cc", "-Wall", "-Werror", "-o", folder.resolve(model).toString(), source.toString());
    }
    return folder;
  }

  private static void run(String... command) {
    Program.Outcome outcome = Program.outcome(new ProcessBuilder(command));
    assertEquals(0, outcome.status(), outcome::err);
  }

  /** Our helper, in domain 0. */
  HelperProcess helper(String... flags) throws IOException {
    return helperWith("", flags);
  }

  /** The same, with traps of the devices. */
  HelperProcess helperWith(String traps, String... flags) throws IOException {
    return listening(program(0, traps, prefixed("helper", flags)));
  }

  /** Our relay, in QEMU's domain. */
  HelperProcess far(String... flags) throws IOException {
    return listening(program(STUBDOM, "", prefixed("helper", flags)));
  }

  /**
   * A QEMU in its domain whose channels are made by our stub, as its arguments say; and with a
   * plain monitor at {@link #monitor}. It has started when this returns: one that is spoken to
   * before that may never answer.
   */
  HelperProcess stubbedQemu(String... arguments) throws IOException {
    return startedQemu(stub(STUBDOM, withMonitor(QmpStub.qemu(arguments))));
  }

  private List<String> withMonitor(List<String> arguments) {
    List<String> words = new ArrayList<>(arguments);
    words.addAll(List.of("-qmp", "unix:" + monitor() + ",server=on,wait=off"));
    return words;
  }

  private HelperProcess startedQemu(ProcessBuilder builder) throws IOException {
    HelperProcess qemu = HelperProcess.started(builder);
    Patience.until("QEMU's start", this::hasStarted, () -> String.join("\n", qemu.log()));
    return qemu;
  }

  private boolean hasStarted() {
    try (LineClient client = LineClient.connect(monitor(), Duration.ofSeconds(3))) {
      client.negotiate();
      return true;
    } catch (IOException | AssertionError e) {
      return false;
    }
  }

  /** A run of our stub. */
  ProcessBuilder stub(int domid, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(QmpStub.PROGRAM.toString()));
    command.addAll(arguments);
    return inside(domid, "", new ProcessBuilder(command));
  }

  /**
   * A QEMU in its domain that has our chardevs, with traps of the devices; and with a plain monitor
   * at {@link #monitor}. It has started when this returns.
   */
  HelperProcess chardevQemu(String traps, List<String> arguments) throws IOException {
    return startedQemu(withChardevs(traps, withMonitor(arguments)));
  }

  /** A run of a QEMU that has our chardevs, in its domain. */
  ProcessBuilder withChardevs(String traps, List<String> arguments) {
    ProcessBuilder builder = new ProcessBuilder(QmpStub.qemu(arguments.toArray(String[]::new)));
    inside(STUBDOM, traps, builder);
    Chardev.PRELOADED.ifPresent(
        each -> builder.environment().merge("LD_PRELOAD", each.toString(), (a, b) -> a + ":" + b));
    return builder;
  }

  /** What says to QEMU's chardev, from domain 0, what no helper would. */
  ProcessBuilder talk(String... datagrams) {
    List<String> words = new ArrayList<>(List.of("argo", "" + STUBDOM));
    words.addAll(List.of(datagrams));
    return model(0, "argo-talk", words.toArray(String[]::new));
  }

  /** The processes of this host that our stub has made besides QEMU, and that have not ended. */
  List<ProcessHandle> companions() {
    return ProcessHandle.allProcesses().filter(each -> QmpStub.isOf(each, host)).toList();
  }

  /** What a process of a domain has in its environment. */
  Map<String, String> environment(int domid) {
    return inside(domid, "", new ProcessBuilder()).environment();
  }

  /** The model of OpenXT's QEMU in front of a monitor. */
  HelperProcess stockQemu(String family, int generation, Path monitor) throws IOException {
    return stockQemu(STUBDOM, family, generation, monitor);
  }

  /** The same in another domain. */
  HelperProcess stockQemu(int domid, String family, int generation, Path monitor)
      throws IOException {
    return ready(model(domid, "openxt-qemu", family, "" + generation, "" + monitor));
  }

  /** Our helper for all stub domains of the host, with sockets for libxl in a folder. */
  HelperProcess helperForAll(String transport, String traps, Path xenstored, Path run)
      throws IOException {
    ProcessBuilder builder =
        program(0, traps, "helper", "--all", "--transport", transport, "--xen-run-dir", "" + run);
    builder.command().addAll(List.of("--control", "" + folder.resolve("control")));
    builder.environment().put("XENSTORED_PATH", xenstored.toString());
    return awaited(builder, "serves the stub domains of this host");
  }

  /** The model of OpenXT's helper. */
  HelperProcess stockHelper(String family, int generation, Path socket) throws IOException {
    return ready(model(0, "openxt-helper", family, "" + generation, "" + socket, "" + STUBDOM));
  }

  /** Where QEMU's monitor is. */
  Path monitor() {
    return folder.resolve("qemu.qmp");
  }

  /** Where a helper's clients connect. */
  Path socket() {
    return folder.resolve("shared.qmp");
  }

  /** Our helper, which shares what an address leads to. */
  HelperProcess sharing(String address) throws IOException {
    return helper("-v", "--listen", "unix:" + socket(), "--connect", address);
  }

  /** Our relay in QEMU's domain, in front of its monitor. */
  HelperProcess relayingTo(String address) throws IOException {
    return far("-v", "--relay", "--listen", address, "--connect", "unix:" + monitor());
  }

  /** libxl's way, an answer of 200 KB, and a command that is longer than what QEMU's side reads. */
  void assertServes() throws IOException {
    LibxlClient libxl = new LibxlClient(socket());
    assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
    assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
    assertLongCommandIsAnswered(9000);
  }

  /** OpenXT's helper, with three clients, and a fourth with which it is killed. */
  void assertServesByOpenXtsHelper(String family, int generation) throws IOException {
    try (HelperProcess helper = stockHelper(family, generation, socket())) {
      for (int client = 0; client < 3; client++) {
        LibxlClient libxl = new LibxlClient(socket());
        assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
        assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
      }
      try (LineClient left = SharedQemu.negotiated(socket())) {
        helper.kill();
        left.expectEnd();
      }
    }
  }

  private void assertLongCommandIsAnswered(int length) throws IOException {
    try (LineClient client = SharedQemu.negotiated(socket())) {
      String path = "p".repeat(length);
      String reply =
          client.ask(
              "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \""
                  + path
                  + "\"}, \"id\": 1}");
      assertTrue(reply.contains("DeviceNotFound") && reply.contains(path), reply);
    }
  }

  /** Asks until the connection ends or says that QEMU is gone. */
  void askInVain() {
    try (LineClient client = SharedQemu.negotiated(socket())) {
      String answer = "";
      while (!answer.contains("qmpkit: gone")) {
        answer = client.ask("{\"execute\": \"query-status\"}");
      }
    } catch (IOException | AssertionError e) {
      // The end of the connection, which is as good.
    }
  }

  /** Waits until the monitor answers. */
  void awaitStatus() {
    Patience.until("an answer", () -> hasStatus(socket()));
  }

  private static boolean hasStatus(Path socket) {
    try {
      return new LibxlClient(socket).operation("query-status").getFirst().path("status").isString();
    } catch (LibxlClient.Failure e) {
      return false;
    }
  }

  /** A run of our program, with traps of the devices. */
  ProcessBuilder program(int domid, String traps, String... arguments) {
    return inside(domid, traps, new ProcessBuilder(Program.command(arguments)));
  }

  private ProcessBuilder model(int domid, String name, String... arguments) {
    List<String> command = new ArrayList<>(List.of(BUILT.resolve(name).toString()));
    command.addAll(Arrays.asList(arguments));
    return inside(domid, "", new ProcessBuilder(command));
  }

  private ProcessBuilder inside(int domid, String traps, ProcessBuilder builder) {
    Map<String, String> environment = builder.environment();
    environment.put("LD_PRELOAD", BUILT.resolve("argo-devices.so").toString());
    environment.put("ARGO_HOST", host.toString());
    environment.put("ARGO_DOMID", Integer.toString(domid));
    environment.put("ARGO_TRAPS", traps);
    return builder;
  }

  private static HelperProcess listening(ProcessBuilder builder) throws IOException {
    return awaited(builder, ": (shares|relays) .+ at \\S+$");
  }

  private static HelperProcess ready(ProcessBuilder builder) throws IOException {
    return awaited(builder, "^ready$");
  }

  private static HelperProcess awaited(ProcessBuilder builder, String line) throws IOException {
    HelperProcess started = HelperProcess.started(builder);
    try {
      started.awaitLog(line);
      return started;
    } catch (AssertionError e) {
      started.kill();
      throw e;
    }
  }

  private static String[] prefixed(String tool, String... flags) {
    List<String> words = new ArrayList<>(List.of(tool));
    words.addAll(Arrays.asList(flags));
    return words.toArray(String[]::new);
  }

  /** A domain ends: its rings are gone, and those for it. Its processes are to be killed. */
  void destroy(int domid) throws IOException {
    Files.delete(host.resolve("domain-" + domid));
  }

  /** A domain is there again; its rings of before are not. */
  void create(int domid) throws IOException {
    Files.createFile(host.resolve("domain-" + domid));
  }
}
