package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.assertEmptyReturn;
import static org.qmpkit.it.Messages.command;
import static org.qmpkit.it.SharedQemu.negotiated;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** {@code --connect unix:...,server=on}: QEMU dials the helper, and dials again. */
@Timeout(300)
class DialledByQemuTest {
  private final Path called;
  private final Path socket;

  DialledByQemuTest(@TempDir Path folder) {
    this.called = folder.resolve("called.sock");
    this.socket = folder.resolve("clients.qmp");
  }

  private RealQemu qemuThatDials() throws IOException {
    return RealQemu.start(
        "-chardev",
        "socket,id=dial,path=" + called + ",reconnect=1",
        "-mon",
        "chardev=dial,mode=control");
  }

  private HelperProcess helper(String... flags) throws IOException {
    String[] all = new String[flags.length + 4];
    all[0] = "--listen";
    all[1] = "unix:" + socket;
    all[2] = "--connect";
    all[3] = "unix:" + called + ",server=on";
    System.arraycopy(flags, 0, all, 4, flags.length);
    return HelperProcess.start(all);
  }

  @Test
  void itsMonitorIsShared() throws Exception {
    try (HelperProcess helper = helper();
        RealQemu qemu = qemuThatDials();
        LineClient a = negotiated(socket);
        LineClient b = negotiated(socket)) {
      assertEmptyReturn("same", a.ask(command("query-name", "same")));
      assertEmptyReturn("same", b.ask(command("query-name", "same")));
      assertEquals(
          "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(called)));
      assertTrue(helper.alive() && qemu.alive());
    }
  }

  @Test
  void itFindsAHelperThatComesLaterAndOneThatComesAgain() throws Exception {
    try (RealQemu qemu = qemuThatDials()) {
      for (String id : new String[] {"first", "second"}) {
        try (HelperProcess helper = helper();
            LineClient client = negotiated(socket)) {
          assertEmptyReturn(id, client.ask(command("query-name", id)));
          helper.kill();
        }
      }
      assertTrue(qemu.alive());
    }
  }

  @Test
  void anotherQemuThatDialsTakesThePlaceOfOneThatDied() throws Exception {
    try (HelperProcess helper = helper()) {
      for (String id : new String[] {"first", "second"}) {
        try (RealQemu qemu = qemuThatDials();
            LineClient client = negotiated(socket)) {
          assertEmptyReturn(id, client.ask(command("query-name", id)));
          qemu.kill();
          client.expectEnd();
        }
      }
      assertTrue(helper.alive());
    }
  }

  @Test
  void itsMonitorIsRelayedToOneClientAfterTheOther() throws Exception {
    try (HelperProcess helper = helper("--relay");
        RealQemu qemu = qemuThatDials()) {
      for (String id : new String[] {"first", "second", "third"}) {
        // Each is greeted anew: QEMU dials again after the end of the one before.
        try (LineClient client = negotiated(socket)) {
          assertEmptyReturn(id, client.ask(command("query-name", id)));
        }
      }
      assertTrue(helper.alive() && qemu.alive());
    }
  }

  @Test
  void bothSocketsGoWithTheHelper() throws Exception {
    try (HelperProcess helper = helper();
        RealQemu qemu = qemuThatDials();
        LineClient client = negotiated(socket)) {
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
      client.expectEnd();
      assertTrue(Files.notExists(called) && Files.notExists(socket));
      assertTrue(qemu.alive());
    }
  }
}
