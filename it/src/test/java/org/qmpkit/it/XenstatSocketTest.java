package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** The socket for libxenstat beside that for libxl, in front of a real QEMU with a disk. */
@Timeout(300)
class XenstatSocketTest {
  private static final String[] MACHINE = {
    "-M", "q35", "-S", "-drive", "if=virtio,id=disk0,format=raw,file=null-co://"
  };

  private final Path libxl;
  private final Path libxenstat;
  private final Path monitor;

  XenstatSocketTest(@TempDir Path folder) {
    libxl = folder.resolve("qmp-libxl-6");
    libxenstat = folder.resolve("qmp-libxenstat-6");
    monitor = folder.resolve("qemu.qmp");
  }

  @Test
  void samplesAreWholeInAFloodOfEvents() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor, MACHINE);
        HelperProcess helper = HelperProcess.sharing(libxl, monitor);
        ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicBoolean over = new AtomicBoolean();
      Future<Integer> flood = all.submit(() -> flood(over));
      List<Future<?>> samples = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        samples.add(all.submit(() -> XenToolsTest.assertSample(libxenstat)));
      }
      try {
        for (Future<?> each : samples) {
          each.get();
        }
      } finally {
        over.set(true);
      }
      assertTrue(flood.get() >= 20, "events came all the time");
      assertTrue(qemu.alive());
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      assertFalse(Files.exists(libxenstat));
    }
  }

  /** Has QEMU make events until it is told to end; how many came. */
  private int flood(AtomicBoolean over) throws Exception {
    try (LineClient client = SharedQemu.negotiated(libxl)) {
      while (!over.get()) {
        client.ask("{\"execute\": \"cont\"}");
        client.ask("{\"execute\": \"stop\"}");
      }
      return client.events().size();
    }
  }

  @Test
  void itIsForSamplesOnlyAndOpenToTheSamePeople() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(monitor, MACHINE);
        HelperProcess helper =
            HelperProcess.start("--route", libxl + ",mode=0640 => " + qemu.path())) {
      helper.awaitLog(
          "info: qmp-libxl-6: has disk statistics for libxenstat at unix:" + libxenstat);
      assertEquals(
          "rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(libxenstat)));
      try (LineClient client = SharedQemu.negotiated(libxenstat)) {
        String refused = client.ask("{\"execute\": \"quit\", \"id\": 1}");
        assertTrue(
            refused.contains("qmpkit: refused: this socket is for disk statistics"), refused);
        assertTrue(client.ask("{\"execute\": \"query-block\"}").contains("null-co"));
        qemu.kill();
        client.expectEnd();
      }
    }
  }

  @Test
  void aMonitorIsSharedWhereItsStatisticsCannotBe() throws Exception {
    Files.createDirectory(libxenstat);
    try (RealQemu qemu = RealQemu.startAt(monitor);
        HelperProcess helper = HelperProcess.sharing(libxl, qemu.path());
        LineClient client = SharedQemu.negotiated(libxl)) {
      helper.awaitLog("warning: .*no disk statistics for libxenstat: .* a folder is in the way");
      assertTrue(client.ask("{\"execute\": \"query-status\"}").contains("return"));
    }
  }
}
