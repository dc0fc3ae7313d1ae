package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;

/**
 * Descriptors on their way to a real QEMU. 300 clients come and go with some; with {@code
 * -Dqmpkit.full=true}, 10,000.
 */
@Timeout(600)
class DescriptorsTest {
  private static final int ROUNDS = Boolean.getBoolean("qmpkit.full") ? 10_000 : 300;
  private static final int WARM_UP = 50;
  private static final int SEED = 20_261_123;
  private static final int PIECE = 4096;
  private static final String ADD = "{\"execute\": \"add-fd\"}";

  private final Path monitor;
  private final Path socket;
  private RealQemu qemu;
  private FdClients clients;

  DescriptorsTest(@TempDir Path folder) {
    this.monitor = folder.resolve("monitor.sock");
    this.socket = folder.resolve("fds.qmp");
  }

  @BeforeEach
  void start() throws IOException {
    // Running: a stopped machine keeps what is removed. Its own monitor is for looking.
    qemu = RealQemu.start("-M", "none", "-qmp", "unix:" + monitor + ",server=on,wait=off");
    clients = FdClients.start();
  }

  @AfterEach
  void end() throws IOException {
    clients.close();
    qemu.close();
  }

  private HelperProcess helper(String listen, String connect, String... flags) throws IOException {
    return HelperProcess.start(
        Stream.concat(
                Stream.of(
                    "--listen",
                    "unix:" + socket + listen,
                    "--connect",
                    "unix:" + monitor + connect),
                Stream.of(flags))
            .toArray(String[]::new));
  }

  private HelperProcess sharing(String... flags) throws IOException {
    return helper(",fds=on", ",fds=on", flags);
  }

  private static String getfd(String name) {
    return "{\"execute\": \"getfd\", \"arguments\": {\"fdname\": \"" + name + "\"}}";
  }

  private static String closefd(String name) {
    return getfd(name).replace("getfd", "closefd");
  }

  private static void assertReturn(String line) {
    assertTrue(line.startsWith("{\"return\": "), line);
  }

  private static String desc(String line) {
    return Messages.parse(line).path("error").path("desc").asString("");
  }

  private long qemusDescriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + qemu.pid() + "/fd"))) {
      return open.count();
    } catch (IOException e) {
      throw new UncheckedIOException("QEMU's descriptors can't be listed", e);
    }
  }

  /** Passes a descriptor with a command and has it closed again, as libxl and as qemu.qmp do. */
  private void assertPasses(String client) throws IOException {
    List<Integer> libxls = clients.send(client, ADD, 1);
    JsonNode added = Messages.parse(clients.answer(client)).path("return");
    assertTrue(added.has("fd"), added.toString());
    List<Integer> qemuQmps = clients.send(client, " ", 1);
    assertReturn(clients.ask(client, getfd(client)));
    assertTrue(clients.held(libxls.getFirst()) && clients.held(qemuQmps.getFirst()));
    assertReturn(clients.ask(client, closefd(client)));
    assertReturn(
        clients.ask(
            client,
            "{\"execute\": \"remove-fd\", \"arguments\": {\"fdset-id\": "
                + added.path("fdset-id")
                + "}}"));
    clients.awaitGone(libxls);
    clients.awaitGone(qemuQmps);
  }

  @Test
  void twoClientsShareAMonitor() throws Exception {
    try (HelperProcess helper = sharing()) {
      clients.negotiate("a", socket);
      clients.negotiate("b", socket);
      assertPasses("a");
      assertPasses("b");
      // Each with its own, whoever is first.
      List<Integer> first = clients.send("a", getfd("one"), 1);
      List<Integer> second = clients.send("b", getfd("two"), 1);
      assertReturn(clients.answer("a"));
      assertReturn(clients.answer("b"));
      assertReturn(clients.ask("b", closefd("two")));
      clients.awaitGone(second);
      assertTrue(clients.held(first.getFirst()));
      assertTrue(helper.alive());
    }
  }

  @Test
  void aNameIsOfOneClientAtATime() throws Exception {
    try (HelperProcess helper = sharing("--verbose")) {
      clients.negotiate("a", socket);
      clients.negotiate("b", socket);
      List<Integer> kept = clients.send("a", getfd("n"), 1);
      assertReturn(clients.answer("a"));
      List<Integer> refused = clients.send("b", getfd("n"), 1);
      String why = desc(clients.answer("b"));
      assertTrue(
          why.matches(
              "qmpkit: refused: client 1 \\(\\S+, pid "
                  + clients.pid()
                  + "\\) holds a descriptor named 'n'; use another name"),
          why);
      clients.awaitGone(refused);
      assertTrue(clients.held(kept.getFirst()));
      clients.close("a");
      helper.awaitLog("client 1 \\(\\S+, pid " + clients.pid() + "\\): closed");
      List<Integer> taken = clients.send("b", getfd("n"), 1);
      assertReturn(clients.answer("b"));
      clients.awaitGone(kept);
      assertTrue(clients.held(taken.getFirst()));
    }
  }

  @Test
  void aNewerBatchReplacesTheOlder() throws Exception {
    try (HelperProcess helper = sharing()) {
      clients.negotiate("a", socket);
      List<Integer> older = clients.send("a", " ", 3);
      List<Integer> newer = clients.send("a", getfd("n"), 1);
      assertReturn(clients.answer("a"));
      clients.awaitGone(older);
      assertTrue(clients.held(newer.getFirst()));
      assertTrue(helper.alive());
    }
  }

  @Test
  void tooManyAreClosedAndTheirCommandIsAnError() throws Exception {
    try (HelperProcess helper = sharing()) {
      clients.negotiate("a", socket);
      List<Integer> many = clients.send("a", ADD, 9);
      assertTrue(desc(clients.answer("a")).startsWith("qmpkit: refused: more than 8 descriptors"));
      clients.awaitGone(many);
      assertPasses("a");
      assertTrue(helper.alive());
    }
  }

  @Test
  void whoLeavesInTheMiddleOfACommandLeavesNothing() throws Exception {
    try (HelperProcess helper = sharing()) {
      clients.negotiate("a", socket);
      List<Integer> pipes = clients.send("a", "{\"execute\": \"ge", 8);
      clients.close("a");
      clients.awaitGone(pipes);
      // Before it was greeted, too.
      clients.connect("b", socket);
      pipes = clients.send("b", "{", 8);
      clients.close("b");
      clients.awaitGone(pipes);
      assertTrue(helper.alive());
    }
  }

  @Test
  void whatAClientGaveQemuIsClosedWhenItLeavesIfWanted() throws Exception {
    try (HelperProcess helper = sharing("--fd-cleanup")) {
      clients.negotiate("a", socket);
      List<Integer> named = clients.send("a", getfd("n"), 1);
      assertReturn(clients.answer("a"));
      List<Integer> added = clients.send("a", ADD, 1);
      assertReturn(clients.answer("a"));
      clients.close("a");
      clients.awaitGone(named);
      clients.awaitGone(added);
      assertTrue(helper.alive());
    }
  }

  @Test
  void aWallThatCantCarryThemSaysSo() throws Exception {
    try (HelperProcess helper = helper(",fds=on", "")) {
      clients.negotiate("a", socket);
      List<Integer> pipes = clients.send("a", ADD, 1);
      assertEquals(
          "qmpkit: refused: unix:" + monitor + " can't carry descriptors; add ,fds=on to it",
          desc(clients.answer("a")));
      clients.awaitGone(pipes);
      assertTrue(helper.alive());
    }
  }

  // ---- relay

  @Test
  void oneClientAfterTheOtherIsRelayed() throws Exception {
    try (HelperProcess helper = sharing("--relay")) {
      for (String client : List.of("a", "b")) {
        clients.negotiate(client, socket);
        assertPasses(client);
        clients.close(client);
      }
      assertTrue(helper.alive());
    }
  }

  @Test
  void bothDirectionsAreRelayed() throws Exception {
    Path other = monitor.resolveSibling("other.sock");
    clients.listen("qemu", other);
    try (HelperProcess helper =
        HelperProcess.start(
            "--relay",
            "--listen",
            "unix:" + socket + ",fds=on",
            "--connect",
            "unix:" + other + ",fds=on")) {
      clients.connect("a", socket);
      clients.accept("qemu", "far");
      List<Integer> down = clients.send("a", "down", 8);
      List<Integer> up = clients.send("far", "up", 3);
      assertEquals("[\"down\",8]", clients.receive("far").toString());
      assertEquals("[\"up\",3]", clients.receive("a").toString());
      clients.awaitGone(down);
      clients.awaitGone(up);
      // To a side that does not read: what is kept meanwhile keeps its descriptors.
      int pieces = clients.stuff("a", PIECE);
      assertTrue(clients.drain("far", PIECE, pieces), pieces + " pieces");
      pieces = clients.stuff("far", PIECE);
      assertTrue(clients.drain("a", PIECE, pieces), pieces + " pieces");
      assertTrue(helper.alive());
    }
  }

  @Test
  void aRelayThatCantCarryThemEnds() throws Exception {
    try (HelperProcess helper = helper(",fds=on", "", "--relay")) {
      clients.connect("a", socket);
      clients.line("a");
      List<Integer> pipes = clients.send("a", ADD, 1);
      assertNull(clients.line("a"));
      clients.awaitGone(pipes);
      String line = helper.awaitLog("closed: it passed descriptors");
      assertTrue(
          line.matches(
              ".* warning: fds.qmp: client 1 \\(\\S+, pid \\d+\\): closed: it passed descriptors,"
                  + " and unix:\\S+ can't carry descriptors; add ,fds=on to it"),
          line);
    }
  }

  // ---- endurance

  @Test
  void thousandsOfClientsOfASharedMonitorLeaveNothing() throws Exception {
    try (HelperProcess helper = sharing("--fd-cleanup")) {
      assertNothingGained(helper);
    }
  }

  @Test
  void thousandsOfClientsOfARelayLeaveNothing() throws Exception {
    try (HelperProcess helper = sharing("--relay")) {
      assertNothingGained(helper);
    }
  }

  private void assertNothingGained(HelperProcess helper) throws IOException {
    clients.churn(socket, WARM_UP, SEED);
    long ours = helper.descriptors();
    long qemus = qemusDescriptors();
    clients.churn(socket, ROUNDS, SEED + 1);
    Patience.until(
        "no more than " + ours + " and " + qemus + " descriptors",
        () -> helper.descriptors() <= ours && qemusDescriptors() <= qemus,
        () -> helper.descriptors() + " of the helper, " + qemusDescriptors() + " of QEMU");
    assertTrue(qemu.alive() && helper.alive());
  }
}
