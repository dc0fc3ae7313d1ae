package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import tools.jackson.databind.JsonNode;

/** A real {@code qemu-ga}, which runs on this machine and may do nothing to it. */
@Timeout(120)
class GuestAgentTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** This is no guest. */
  private static final String FORBIDDEN =
      "guest-shutdown,guest-suspend-disk,guest-suspend-ram,guest-suspend-hybrid,guest-set-time,"
          + "guest-set-user-password,guest-fsfreeze-freeze,guest-fsfreeze-freeze-list,guest-fstrim,"
          + "guest-set-vcpus,guest-set-memory-blocks,guest-file-open,"
          + "guest-ssh-add-authorized-keys,guest-ssh-remove-authorized-keys";

  @TempDir private Path directory;
  private Path socket;
  private Process process;

  @BeforeEach
  void start() throws Exception {
    socket = directory.resolve("qga.sock");
    Path installed = Path.of("/usr/sbin/qemu-ga");
    process =
        new ProcessBuilder(
                Files.isExecutable(installed) ? installed.toString() : "qemu-ga",
                "--method=unix-listen",
                "--path=" + socket,
                "--statedir=" + directory,
                "--pidfile=" + directory.resolve("pid"),
                "-b",
                FORBIDDEN)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(directory.resolve("log").toFile()))
            .start();
    long deadline = System.nanoTime() + MINUTE.toNanos();
    while (!listens()) {
      assertTrue(process.isAlive() && System.nanoTime() < deadline, this::log);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private boolean listens() {
    try {
      SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @AfterEach
  void stop() throws Exception {
    process.destroyForcibly();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "qemu-ga does not end");
  }

  private String log() {
    try {
      return "qemu-ga: " + Files.readString(directory.resolve("log"));
    } catch (IOException e) {
      return "qemu-ga has no log: " + e.getMessage();
    }
  }

  private GuestAgent connect() throws Exception {
    return GuestAgent.connect(Address.unix(socket), GuestAgent.DEFAULT.withConnectTimeout(MINUTE));
  }

  private static void example(String address, PrintStream out) throws Exception {
    // @start region="example"
    try (GuestAgent agent = GuestAgent.connect(address)) {
      out.println(agent.execute("guest-get-osinfo").path("id").asString());
      agent.execute(QmpCommand.of("guest-fsfreeze-status").within(Duration.ofSeconds(5)));
    } catch (TimedOut e) {
      out.println(e.getMessage()); // no agent runs in the guest, or it is too slow
    }
    // @end
  }

  @Test
  void theExampleOfTheDocumentation() throws Exception {
    connect().close(); // loads all classes, which may take long
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    example(socket.toString(), new PrintStream(out, true, StandardCharsets.UTF_8));
    assertTrue(out.toString(StandardCharsets.UTF_8).matches("[a-z]+\n"));
  }

  @Test
  void commandsAreAnswered() throws Exception {
    try (GuestAgent agent = connect()) {
      JsonNode info = agent.execute("guest-info");
      assertTrue(info.path("version").asString().matches("\\d+\\..*"), info.toString());
      assertEquals(0, agent.execute("guest-ping").size());
      long before = System.currentTimeMillis();
      long time = agent.execute("guest-get-time").asLong() / 1_000_000;
      assertTrue(time >= before - 1000 && time <= System.currentTimeMillis() + 1000);
      CommandFailed unknown =
          assertThrows(CommandFailed.class, () -> agent.execute("query-status"));
      assertEquals("CommandNotFound", unknown.errorClass());
      CommandFailed forbidden =
          assertThrows(CommandFailed.class, () -> agent.execute("guest-shutdown"));
      assertTrue(forbidden.desc().contains("disabled"), forbidden.desc());
    }
  }

  @Test
  void aProgramIsRun() throws Exception {
    try (GuestAgent agent = connect()) {
      JsonNode pid =
          agent
              .execute(
                  "guest-exec",
                  Map.of("path", "/bin/echo", "arg", List.of("hi"), "capture-output", true))
              .get("pid");
      long deadline = System.nanoTime() + MINUTE.toNanos();
      JsonNode status;
      do {
        assertTrue(System.nanoTime() < deadline, "echo does not end");
        status = agent.execute("guest-exec-status", Map.of("pid", pid));
      } while (!status.path("exited").asBoolean());
      assertEquals("aGkK", status.path("out-data").asString());
    }
  }

  @Test
  void whatAnEarlierClientLeftDoesNotMatter() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (SocketChannel earlier = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        earlier.write(
            StandardCharsets.UTF_8.encode(
                "{\"execute\": \"guest-ping\"}{\"execute\": \"guest-ping\", \"argum"));
        // It ends when a client leaves and has not read all.
        ByteBuffer answer = ByteBuffer.allocate("{\"return\": {}}\n".length());
        while (answer.hasRemaining() && earlier.read(answer) > 0) {}
      }
      try (GuestAgent agent = connect()) {
        assertTrue(agent.execute("guest-info").has("supported_commands"));
      }
    }
  }

  @Test
  void threadsTakeTurns() throws Exception {
    Set<Throwable> failures = ConcurrentHashMap.newKeySet();
    try (GuestAgent agent = connect()) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        boolean ping = i % 2 == 0;
        threads.add(
            Thread.ofPlatform()
                .uncaughtExceptionHandler((_, e) -> failures.add(e))
                .start(() -> ask(agent, ping, failures)));
      }
      for (Thread each : threads) {
        assertTrue(each.join(MINUTE), "no answer");
      }
    }
    assertEquals(Set.of(), failures);
  }

  private static void ask(GuestAgent agent, boolean ping, Set<Throwable> failures) {
    try {
      for (int i = 0; i < 50; i++) {
        JsonNode answer = agent.execute(ping ? "guest-ping" : "guest-get-time");
        assertEquals(ping, answer.isObject(), answer::toString);
      }
    } catch (QmpException | InterruptedException e) {
      failures.add(e);
    }
  }

  @Test
  void whoGivesUpGetsNobodyElsesAnswer() throws Exception {
    try (GuestAgent agent = connect()) {
      signal("STOP");
      TimedOut late =
          assertThrows(
              TimedOut.class,
              () -> agent.execute(QmpCommand.of("guest-get-time").within(Duration.ofMillis(100))));
      assertTrue(late.outcomeUnknown());
      TimedOut unsent =
          assertThrows(
              TimedOut.class,
              () -> agent.execute(QmpCommand.of("guest-ping").within(Duration.ofMillis(100))));
      assertEquals(false, unsent.outcomeUnknown());
      signal("CONT");
      assertEquals(0, agent.execute("guest-ping").size());
    }
  }

  @Test
  void anAgentThatIsNotThereIsSaidSo() throws Exception {
    signal("STOP");
    TimedOut silent =
        assertThrows(
            TimedOut.class,
            () ->
                GuestAgent.connect(
                    Address.unix(socket),
                    GuestAgent.DEFAULT.withConnectTimeout(Duration.ofMillis(500))));
    assertTrue(silent.getMessage().contains("does not run in the guest"), silent.getMessage());
    signal("CONT");
  }

  private void signal(String name) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start();
    assertEquals(0, kill.waitFor());
  }
}
