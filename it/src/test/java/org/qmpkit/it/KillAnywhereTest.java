package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/**
 * The helper is killed (SIGKILL) at random instants, from its start on, with clients at work: each
 * client gets its answers or the end, the next helper takes over the socket it finds, and nothing
 * that is somebody else's is touched. 15 times; with {@code -Dqmpkit.full=true}, 300.
 */
@Timeout(1200)
class KillAnywhereTest {
  private static final int KILLS = Boolean.getBoolean("qmpkit.full") ? 300 : 15;
  private static final int CLIENTS = 4;
  private static final Duration LONGEST = Duration.ofSeconds(1);
  private static final Duration SERVING = Duration.ofMillis(300);
  private static final long SEED = 20_261_122;

  private final Path folder;
  private final Path socket;

  KillAnywhereTest(@TempDir Path folder) {
    this.folder = folder;
    this.socket = folder.resolve("shared.qmp");
  }

  @Test
  void nothingHangsAndNothingForeignIsTouched() throws Exception {
    Path precious = Files.writeString(folder.resolve("shared.qmp.log"), "precious");
    Random random = new Random(SEED);
    long answers = 0;
    long ends = 0;
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"))) {
      Object monitor = Files.getAttribute(qemu.path(), "unix:ino");
      long start = Math.min(timeToServe(qemu).toNanos(), LONGEST.toNanos());
      for (int kill = 0; kill < KILLS; kill++) {
        List<KilledClient> clients = new ArrayList<>();
        try (HelperProcess helper = HelperProcess.launch(socket, qemu.path())) {
          for (int i = 0; i < CLIENTS; i++) {
            clients.add(new KilledClient(socket, "client" + i));
          }
          // Every other one while it starts, the others while it serves.
          if (kill % 2 == 0) {
            Patience.until("an answer", () -> clients.stream().anyMatch(c -> c.answers() > 0));
          }
          LockSupport.parkNanos(random.nextLong(kill % 2 == 0 ? SERVING.toNanos() : start));
          helper.kill();
        }
        for (KilledClient each : clients) {
          each.finish();
          answers += each.answers();
          ends += each.ends();
        }
        assertEquals(monitor, Files.getAttribute(qemu.path(), "unix:ino"), "QEMU's own socket");
        assertEquals("precious", Files.readString(precious));
        assertTrue(qemu.alive(), "QEMU has ended");
      }
      assertTrue(answers > 0 && ends > 0, answers + " answers and " + ends + " ends prove nothing");
      timeToServe(qemu);
      assertFewLeftovers();
    }
  }

  /** Starts a helper, which must replace what the last one left, and asks it something. */
  private Duration timeToServe(RealQemu qemu) throws IOException {
    long start = System.nanoTime();
    try (HelperProcess helper = HelperProcess.sharing(socket, qemu.path());
        LineClient client = SharedQemu.negotiated(socket)) {
      assertEmptyReturn("up", client.ask(command("query-name", "up")));
      Duration time = Duration.ofNanos(System.nanoTime() - start);
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      return time;
    }
  }

  /**
   * What is killed while it makes its socket leaves a private folder of a strange name, at most.
   */
  private void assertFewLeftovers() throws IOException {
    TreeSet<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.map(each -> each.getFileName().toString()).forEach(names::add);
    }
    names.removeIf(name -> name.startsWith(".q"));
    assertEquals(List.of("qemu.sock", "shared.qmp.log"), List.copyOf(names));
  }
}
