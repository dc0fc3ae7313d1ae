package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.qmpkit.testkit.LibxlClient;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** A drop-in hands its domain over to the helper that serves the whole host, and takes it back. */
@Timeout(300)
class HandoverTest {
  private final XenStandIns xen;

  HandoverTest(@TempDir Path folder) throws IOException {
    xen = XenStandIns.in(folder);
  }

  private void assertWorks(int guest) {
    assertTrue(
        new LibxlClient(xen.libxl(guest))
            .operation("query-status")
            .getFirst()
            .path("status")
            .isString());
  }

  @Test
  void theHelperServesUntilTheDropInIsTold() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu qemu = RealQemu.startAt(xen.vchan(7));
        HelperProcess helper = xen.helper();
        HelperProcess dropIn = xen.dropIn(6, 7)) {
      XenStandIns.awaitRunning(xenstored, 7);
      dropIn.awaitLog("info: the helper at unix:" + xen.control() + " serves " + xen.libxl(6));
      helper.awaitLog("info: qmp-libxl-6, domain 7: shares vchan:7:");
      assertWorks(6);
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(xen.control())));
      dropIn.signal("HUP");
      assertEquals(0, dropIn.awaitExit());
      helper.awaitLog("info: qmp-libxl-6, domain 7: ends: its drop-in has ended");
      Patience.until("no socket", () -> !Files.exists(xen.libxl(6)));
      assertTrue(qemu.alive());
    }
  }

  @Test
  void whatXenstoreTellsOfStaysWhenTheDropInEnds() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu qemu = RealQemu.startAt(xen.vchan(7));
        HelperProcess helper = xen.helper()) {
      xenstored.introduce(6, 7);
      helper.awaitLog(": shares ");
      try (HelperProcess dropIn = xen.dropIn(6, 7)) {
        XenStandIns.awaitRunning(xenstored, 7);
        dropIn.signal("TERM");
        assertEquals(0, dropIn.awaitExit());
      }
      assertWorks(6);
      assertTrue(qemu.alive());
      assertEquals(0, helper.log(": ends: ").size());
      assertEquals(1, helper.log(": shares ").size());
    }
  }

  @Test
  void theDropInEndsWithTheDomain() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper();
        HelperProcess dropIn = xen.dropIn(6, 7)) {
      XenStandIns.awaitRunning(xenstored, 7);
      xenstored.release(7);
      assertEquals(0, dropIn.awaitExit());
      dropIn.awaitLog("info: .*domain 7 has ended");
      assertTrue(helper.alive());
      assertFalse(Files.exists(xen.libxl(6)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "TERM"})
  void dropInsServeByThemselvesWhenTheHelperIsGone(String signal) throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        RealQemu one = RealQemu.startAt(xen.vchan(7));
        RealQemu other = RealQemu.startAt(xen.vchan(9));
        HelperProcess helper = xen.helper();
        HelperProcess first = xen.dropIn(6, 7);
        HelperProcess second = xen.dropIn(8, 9)) {
      xenstored.introduce(9);
      XenStandIns.awaitRunning(xenstored, 7);
      XenStandIns.awaitRunning(xenstored, 9);
      assertWorks(6);
      assertWorks(8);
      helper.signal(signal);
      helper.awaitExit();
      first.awaitLog("info: qmp-libxl-6: shares ");
      second.awaitLog("info: qmp-libxl-8: shares ");
      assertWorks(6);
      assertWorks(8);
      assertTrue(one.alive() && other.alive());
      for (HelperProcess each : new HelperProcess[] {first, second}) {
        each.awaitLog("warning: the helper at .* is gone; serves by itself from here on");
        each.signal("HUP");
        assertEquals(0, each.awaitExit());
      }
      assertFalse(Files.exists(xen.libxl(6)));
    }
  }

  @Test
  void aHelperThatDoesNotAnswerIsNotWaitedFor() throws Exception {
    Files.createDirectory(xen.control().getParent());
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        ServerSocketChannel deaf = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      deaf.bind(UnixDomainSocketAddress.of(xen.control()));
      try (HelperProcess dropIn = xen.dropIn(6, 7)) {
        XenStandIns.awaitRunning(xenstored, 7);
        dropIn.awaitLog("info: serves by itself; the helper at .*: no answer within 2 s");
        assertTrue(Files.exists(xen.libxl(6)));
      }
    }
  }

  @Test
  void whatIsNoRequestIsAnErrorAndDisturbsNobody() throws Exception {
    try (XenstoreDaemon xenstored = new XenstoreDaemon(xen.store());
        HelperProcess helper = xen.helper();
        HelperProcess dropIn = xen.dropIn(6, 7);
        LineClient silent = LineClient.connect(xen.control())) {
      XenStandIns.awaitRunning(xenstored, 7);
      String[][] cases = {
        {"", "expected {\\\"serve\\\""},
        {"{}", "expected {\\\"serve\\\""},
        {"{\"serve\": {\"domid\": 7}}", "expected {\\\"serve\\\""},
        {"{\"serve\": {\"domid\": \"7\"}}", "'domid' is not as expected"},
        {"{\"serve\": {\"domid\": 1e99}}", "'domid' is not as expected"},
        {"{\"serve\": {\"domid\": 99999999999}}", "no JSON: "},
        {request(0, "/p", "/s"), "domid (0) must be positive"},
        {request(7, "/p", "s"), "socket (\\\"s\\\") must be an absolute path"},
        {request(40000, "/p", "/s"), "domain 40000 is not within 0 to 32751"},
        {request(7, "/p", "/nowhere/s"), "there is no folder '/nowhere'"},
        {request(8, "/p", xen.libxl(6).toString()), " is already for vchan:7:/local/domain/7"},
        {"\0\1\2", "no JSON: "},
        {"[".repeat(3000), "expected {\\\"serve\\\""},
        {"x".repeat(5000), "a request has at most 4096 bytes"},
      };
      for (String[] each : cases) {
        try (LineClient client = LineClient.connect(xen.control())) {
          client.send(each[0] + "\n");
          String answer = client.line();
          assertTrue(
              answer.startsWith("{\"error\": {\"class\": \"GenericError\", \"desc\": "), answer);
          assertTrue(answer.contains(each[1]), answer);
          client.expectEnd();
        }
      }
      assertTrue(silent.line().contains("no request within 5 s"));
      silent.expectEnd();
      assertTrue(dropIn.alive());
      assertTrue(Files.exists(xen.libxl(6)));
      assertEquals(1, helper.log(": shares ").size());
    }
  }

  private static String request(int domain, String path, String socket) {
    return "{\"serve\": {\"domid\": "
        + domain
        + ", \"path\": \""
        + path
        + "\", \"socket\": \""
        + socket
        + "\"}}";
  }
}
