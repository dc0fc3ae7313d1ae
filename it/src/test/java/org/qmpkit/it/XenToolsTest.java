package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.XenstatClient;
import tools.jackson.databind.JsonNode;

/** The clients that a shared monitor has on a Xen host, beside a noisy neighbour. */
@Timeout(300)
class XenToolsTest {
  private static final int OPERATIONS = 200;
  private static final int DOMAINS = 20;

  private final Path folder;

  XenToolsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void libxlWorksAsIfAlone() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        Noise noise = new Noise(shared.socket(), true)) {
      noise.awaitRounds(1);
      LibxlClient libxl = new LibxlClient(shared.socket());
      for (int i = 0; i < OPERATIONS; i++) {
        switch (i % 4) {
          case 0 -> {
            List<JsonNode> both = libxl.operation("query-status", "query-version");
            assertTrue(both.getFirst().path("status").isString(), both::toString);
            assertEquals(7, both.getLast().path("qemu").path("major").asInt(), both::toString);
          }
          case 1 -> assertArray(libxl.operation("qom-list {\"path\": \"/machine\"}"));
          case 2 -> assertArray(libxl.operation("query-chardev"));
          default -> {
            String info = "human-monitor-command {\"command-line\": \"info version\"}";
            JsonNode text = libxl.operation(info).getFirst();
            assertTrue(text.asString("").startsWith("7."), text::toString);
          }
        }
      }
      noise.awaitRounds(10);
    }
  }

  private static void assertArray(List<JsonNode> returns) {
    assertTrue(returns.getFirst().isArray() && !returns.getFirst().isEmpty(), returns::toString);
  }

  @Test
  void libxlLearnsOfItsOwnErrorsOnly() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        Noise noise = new Noise(shared.socket(), true)) {
      noise.awaitRounds(1);
      LibxlClient libxl = new LibxlClient(shared.socket());
      for (int i = 0; i < 50; i++) {
        try {
          libxl.operation("device_del {\"id\": \"nobody\"}");
          throw new AssertionError("a device was removed that was never there");
        } catch (LibxlClient.Failure e) {
          assertEquals(LibxlClient.Code.QMP_DEVICE_NOT_FOUND, e.code(), e.getMessage());
        }
      }
    }
  }

  @Test
  void libxenstatGetsItsSamples() throws Exception {
    // No events here: to libxenstat all that comes until 10 ms of silence is one answer, so an
    // event in between spoils a sample, of QEMU itself as of the helper.
    try (SharedQemu shared =
            SharedQemu.start(folder, "-drive", "if=none,id=disk0,format=raw,file=null-co://");
        Noise noise = new Noise(shared.socket(), false);
        ExecutorService domains = Executors.newVirtualThreadPerTaskExecutor()) {
      noise.awaitRounds(1);
      List<Future<?>> all = new ArrayList<>();
      for (int domain = 0; domain < DOMAINS; domain++) {
        all.add(
            domains.submit(() -> {
              for (int i = 0; i < OPERATIONS / DOMAINS; i++) {
                assertSample(shared.socket());
              }
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
      noise.awaitRounds(10);
    }
  }

  /**
   * One sample, with more patience than 10 ms: an answer that is late where this machine stalls is
   * asked for again, one that is not its own is a fault.
   */
  static void assertSample(Path socket) {
    XenstatClient xenstat = new XenstatClient(socket, Duration.ofMillis(250));
    for (int late = 0; ; late++) {
      try {
        List<XenstatClient.Disk> disks = xenstat.sample();
        assertEquals(1, disks.size(), disks::toString);
        assertEquals("disk0", disks.getFirst().device());
        assertEquals("null-co://", disks.getFirst().image());
        return;
      } catch (XenstatClient.Lost e) {
        if (late == 20 || !String.valueOf(e.getMessage()).contains(": nothing within ")) {
          throw e;
        }
      }
    }
  }
}
