package org.qmpkit.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What stands in for a Xen host in a folder: libxenvchan, of which the channel to domain N ends in
 * the UNIX socket {@code vchan-N}, a place for xenstored's socket, and one for a helper's control
 * socket.
 */
record XenStandIns(Path folder) {
  /** Makes the library. */
  static XenStandIns in(Path folder) throws IOException {
    Path source = Path.of(System.getProperty("qmpkit.it.root"), "it/src/test/c/xenvchan.c");
    Program.Outcome outcome =
        Program.outcome(
            new ProcessBuilder(
                "gcc",
                "-shared",
                "-fPIC",
                "-o",
                folder.resolve("libxenvchan.so").toString(),
                source.toString()));
    if (outcome.status() != 0) {
      throw new AssertionError(outcome.err());
    }
    return new XenStandIns(folder);
  }

  /** Where xenstored is. */
  Path store() {
    return folder.resolve("xenstored");
  }

  /** Where a helper for the whole host listens for drop-ins. */
  Path control() {
    return folder.resolve("control").resolve("helper.sock");
  }

  /** Where QEMU's monitor in a domain is. */
  Path vchan(int domain) {
    return folder.resolve("vchan-" + domain);
  }

  /** Where the monitor of a guest is to be. */
  Path libxl(int guest) {
    return folder.resolve("qmp-libxl-" + guest);
  }

  /** Where the disk statistics of a guest are to be. */
  Path libxenstat(int guest) {
    return folder.resolve("qmp-libxenstat-" + guest);
  }

  /** A helper for the whole host, with more flags. */
  HelperProcess helper(String... more) throws IOException {
    List<String> words = new ArrayList<>(List.of("helper", "--all"));
    words.addAll(List.of("--xen-run-dir", folder.toString(), "--control", control().toString()));
    words.addAll(List.of(more));
    HelperProcess helper = start(words);
    helper.awaitLog("info: serves the stub domains of this host in " + folder);
    return helper;
  }

  /** A drop-in as libxl starts it. */
  HelperProcess dropIn(int guest, int stubDomain) throws IOException {
    return dropIn(guest, stubDomain, "--state-path=" + state(stubDomain));
  }

  /** The same by a program of that name. */
  HelperProcess small(Path program, int guest, int stubDomain) throws IOException {
    return small(program, guest, stubDomain, "--state-path=" + state(stubDomain));
  }

  /** The same with other options. */
  HelperProcess small(Path program, int guest, int stubDomain, String... options)
      throws IOException {
    List<String> words = new ArrayList<>(List.of(program.toString()));
    words.addAll(arguments(guest, stubDomain, options));
    return start(new ProcessBuilder(words));
  }

  /** A drop-in with other options. */
  HelperProcess dropIn(int guest, int stubDomain, String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of("vchan-socket-proxy"));
    words.addAll(arguments(guest, stubDomain, options));
    return start(words);
  }

  private List<String> arguments(int guest, int stubDomain, String... options) {
    List<String> words = new ArrayList<>(List.of(options));
    words.add(Integer.toString(stubDomain));
    words.add("/local/domain/" + stubDomain + "/device-model/" + guest + "/qmp-vchan");
    words.add(libxl(guest).toString());
    return words;
  }

  /**
   * Where rings are between a server and its clients, as {@code rings.in} and {@code rings.out}.
   */
  Path rings() {
    return folder.resolve("rings");
  }

  /** A drop-in on {@link #rings}, which serves a socket of libxl's. */
  HelperProcess onRings(int guest, int stubDomain, String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of("vchan-socket-proxy"));
    words.addAll(arguments(guest, stubDomain, options));
    return startOnRings(words);
  }

  /** The same on the other side, in front of a monitor. */
  HelperProcess server(Path monitor, String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of("vchan-socket-proxy", "--mode=server"));
    words.addAll(List.of(options));
    words.addAll(List.of("0", "device-model/6/qmp-vchan", monitor.toString()));
    return startOnRings(words);
  }

  /** Our stub on the other side of the rings. */
  HelperProcess stub(Path program, String... arguments) throws IOException {
    List<String> words = new ArrayList<>(List.of(program.toString()));
    words.addAll(List.of(arguments));
    return startOnRings(new ProcessBuilder(words));
  }

  private HelperProcess startOnRings(List<String> words) throws IOException {
    return startOnRings(new ProcessBuilder(Program.command(words.toArray(String[]::new))));
  }

  private HelperProcess startOnRings(ProcessBuilder builder) throws IOException {
    builder.environment().put("QMPKIT_VCHAN_RINGS", rings().toString());
    return start(builder);
  }

  /** Where a drop-in says that it runs. */
  static String state(int stubDomain) {
    return "/local/domain/0/device-model/" + stubDomain + "/qmp-proxy-state";
  }

  static void awaitRunning(XenstoreDaemon xenstored, int stubDomain) {
    Patience.find(
        "running at " + state(stubDomain),
        () -> xenstored.value(state(stubDomain)).filter("running"::equals),
        () -> "nothing is written");
  }

  private HelperProcess start(List<String> words) throws IOException {
    return start(new ProcessBuilder(Program.command(words.toArray(String[]::new))));
  }

  private HelperProcess start(ProcessBuilder builder) throws IOException {
    Map<String, String> environment = builder.environment();
    environment.put("LD_LIBRARY_PATH", folder.toString());
    environment.put("QMPKIT_VCHAN", folder.resolve("vchan-%d").toString());
    environment.put("XENSTORED_PATH", store().toString());
    environment.put("QMPKIT_CONTROL", control().toString());
    return HelperProcess.started(builder);
  }
}
