package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.RealQemu;

/** Our stub in the place of Xen's vchan server in a stub domain, on a libxenvchan of pipes. */
@Timeout(300)
class QmpStubVchanTest {
  private final XenStandIns xen;
  private final Path qemu;

  QmpStubVchanTest(@TempDir Path folder) throws IOException {
    xen = XenStandIns.in(folder);
    qemu = folder.resolve("qemu.qmp");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ourHelperIsServedAgainAndAgain(boolean byItsName) throws Exception {
    String[] words =
        byItsName
            ? new String[] {
              "-m", "server", "-r", "1", "-v", "0", "device-model/6/qmp-vchan", "" + qemu
            }
            : new String[] {
              "bridge", "-v", "vchan:0:device-model/6/qmp-vchan,reconnect-marker=on", "unix:" + qemu
            };
    Path named = qemu.resolveSibling("vchan-socket-proxy");
    Files.copy(QmpStub.PROGRAM, named);
    try (RealQemu monitor = RealQemu.startAt(qemu, QmpStub.flags());
        HelperProcess stub = xen.stub(byItsName ? named : QmpStub.PROGRAM, words)) {
      stub.awaitLog("qmp-stub: vchan:0:device-model/6/qmp-vchan.*: serves " + qemu);
      for (int round = 0; round < 3; round++) {
        try (HelperProcess client = xen.onRings(6, 7, "--reconnect-marker=1")) {
          client.awaitLog("shares .*reconnect-marker=on at unix");
          LibxlClient libxl = new LibxlClient(xen.libxl(6));
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
          assertTrue(libxl.operation("query-qmp-schema").getFirst().size() > 500);
          client.kill(); // rings don't show it
        }
      }
      stub.awaitLog("session 2 has ended: another client took its place");
      stub.signal("USR1");
      stub.awaitLog("qmp-stub: vchan:0:device-model/6/qmp-vchan: 3 sessions, ");
      assertTrue(monitor.alive());
      stub.signal("TERM");
      assertEquals(0, stub.awaitExit());
    }
  }

  @Test
  void aQemuThatIsStartedAgainIsFoundAgain() throws Exception {
    try (HelperProcess stub =
        xen.stub(QmpStub.PROGRAM, "bridge", "-v", "vchan:0:p,reconnect-marker=on", "" + qemu)) {
      stub.awaitLog("serves");
      for (int life = 0; life < 2; life++) {
        try (RealQemu monitor = RealQemu.startAt(qemu, QmpStub.flags());
            HelperProcess client = xen.onRings(6, 7, "--reconnect-marker=1")) {
          client.awaitLog("shares .*reconnect-marker=on at unix");
          LibxlClient libxl = new LibxlClient(xen.libxl(6));
          assertTrue(libxl.operation("query-status").getFirst().path("status").isString());
          monitor.kill();
          stub.awaitLog("has ended: QEMU has closed it", life + 1);
          client.kill();
        }
      }
    }
  }

  @Test
  void aXenstoreThatDoesNotAnswerIsNotWaitedForWithoutEnd() throws Exception {
    List<String> words = QmpStub.qemu("-qmp", "vchan:0:stuck");
    try (HelperProcess stub = xen.stub(QmpStub.PROGRAM, words.toArray(String[]::new))) {
      assertEquals(1, stub.awaitExit());
      stub.awaitLog("qmp-stub: the bridge was not ready after 10 s");
    }
  }
}
