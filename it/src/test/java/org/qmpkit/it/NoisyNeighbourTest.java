package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;

/**
 * A hundred monitors at one helper, of which one makes events as fast as they are taken: the
 * clients of the others get all their answers. How much longer they wait is printed, not judged:
 * the machine is shared with those who make the noise. What of it is the helper's own part shows
 * beside the same noise at another helper. Only with {@code -Dqmpkit.full=true}.
 */
@Timeout(600)
class NoisyNeighbourTest {
  private static final int ROUTES = 100;
  private static final int ASKING = 10;
  private static final int ROUNDS = 2_000;

  private final Path folder;

  NoisyNeighbourTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void losesNobodyAnAnswer() throws Exception {
    assumeTrue(Boolean.getBoolean("qmpkit.full"));
    List<LoudQemu> qemus = new ArrayList<>();
    List<String> routes = new ArrayList<>();
    for (int i = 0; i < ROUTES; i++) {
      Path monitor = folder.resolve(i + ".sock");
      qemus.add(new LoudQemu(monitor));
      routes.addAll(List.of("--route", "unix:" + listen(i) + " => unix:" + monitor));
    }
    try (HelperProcess helper = HelperProcess.start(routes.toArray(String[]::new))) {
      helper.awaitLog("QEMU .* is ready", ROUTES);
      List<LineClient> clients = new ArrayList<>();
      for (int i = 1; i <= ASKING; i++) {
        clients.add(SharedQemu.negotiated(listen(i)));
      }
      times(clients);
      long[] quiet = times(clients);
      long[] elsewhere;
      Path alone = folder.resolve("alone.sock");
      try (LoudQemu loud = new LoudQemu(alone);
          HelperProcess another = HelperProcess.sharing(folder.resolve("alone.qmp"), alone)) {
        another.awaitLog("QEMU .* is ready");
        elsewhere = timesBeside(loud, clients);
      }
      long[] here = timesBeside(qemus.getFirst(), clients);
      System.out.println(
          "NoisyNeighbourTest: median and p99 in us: quiet "
              + shown(quiet)
              + ", the same noise at another helper "
              + shown(elsewhere)
              + ", at this one "
              + shown(here));
      for (LineClient each : clients) {
        each.close();
      }
    } finally {
      for (LoudQemu each : qemus) {
        each.close();
      }
    }
  }

  /** The same while a QEMU makes noise. */
  private static long[] timesBeside(LoudQemu loud, List<LineClient> clients) throws IOException {
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Void> noise =
        CompletableFuture.runAsync(() -> {
          while (!over.get()) {
            loud.storm(500);
          }
        });
    try {
      return times(clients);
    } finally {
      over.set(true);
      noise.join();
      assertTrue(loud.events() > 0);
    }
  }

  private Path listen(int number) {
    return folder.resolve(number + ".qmp");
  }

  /** How long each answer took, in nanoseconds, shortest first. */
  private static long[] times(List<LineClient> clients) throws IOException {
    long[] times = new long[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      LineClient client = clients.get(i % clients.size());
      long start = System.nanoTime();
      String answer = client.ask(command("query-name", "r" + i));
      times[i] = System.nanoTime() - start;
      assertEmptyReturn("r" + i, answer);
    }
    Arrays.sort(times);
    return times;
  }

  private static String shown(long[] times) {
    return times[ROUNDS / 2] / 1000 + " and " + times[ROUNDS * 99 / 100] / 1000;
  }
}
