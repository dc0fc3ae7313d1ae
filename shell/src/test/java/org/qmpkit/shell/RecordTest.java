package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.recording.Recording;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;

/** {@code record}, on a real QEMU. */
@Timeout(180)
final class RecordTest {
  private static RealQemu qemu;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    qemu = RealQemu.start();
  }

  @AfterAll
  static void stop() {
    qemu.close();
  }

  @Test
  void keepsWhatWentOverTheWire() throws Exception {
    Path file = folder.resolve("session.rec");
    try (ShellRig shell = ShellRig.on(qemu)) {
      shell.line("query-name");
      assertEquals("nothing is recorded", shell.line("record").err());
      Shown begun = shell.line("record " + file);
      assertEquals(ExitStatus.DONE, begun.status());
      assertEquals("recording to " + file + "; 'record off' ends it", begun.err());
      shell.line("cont");
      shell.line("query-status");
      shell.line("qom-get path=/machine property=nope");
      shell.line("stop");
      assertTrue(
          shell.line("record").err().startsWith("recording to " + file + ": 11 messages in "),
          shell::said);
      assertTrue(
          shell.line("record off").err().startsWith("recorded to " + file + ": 11 messages in "),
          shell::said);
      shell.line("query-name");
    }
    Recording recording = Recording.read(file);
    assertTrue(recording.greeting().startsWith("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": "));
    assertEquals(
        List.of("cont", "query-status", "qom-get", "stop"),
        recording.exchanges().stream()
            .map(each -> Objects.requireNonNull(each.command()).name())
            .toList());
    assertEquals("RESUME", recording.exchanges().getFirst().before().getFirst().name());
    assertEquals("STOP", recording.exchanges().getLast().before().getFirst().name());
    assertEquals(
        "{\"class\": \"GenericError\", \"desc\": \"Property 'none-machine.nope' not found\"}",
        Objects.requireNonNull(recording.exchanges().get(2).answer()).text());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void hasNoSecrets() throws Exception {
    Path file = folder.resolve("session.rec");
    try (ShellRig shell = ShellRig.on(qemu)) {
      shell.line("record " + file);
      shell.line("object-add qom-type=secret id=sec0 data=hunter2");
      assertEquals(
          "{\"return\": \"hunter2\"}",
          shell.line("qom-get path=/objects/sec0 property=data").out());
      assertTrue(
          shell
              .line(
                  "{\"execute\": \"human-monitor-command\", \"arguments\":"
                      + " {\"command-line\": \"qom-get /objects/sec0 data\"}}")
              .out()
              .contains("hunter2"));
      shell.line("set_password protocol=vnc password=hunter3");
      shell.line("blockdev-add node-name=x driver=nbd export=a server.type=nope");
      shell.line("object-del id=sec0");
      shell.line("record off");
    }
    String text = Files.readString(file);
    assertFalse(text.contains("hunter"), text);
    Recording recording = Recording.read(file);
    assertEquals(6, recording.exchanges().size());
    assertEquals("\"***\"", Objects.requireNonNull(recording.exchanges().get(1).answer()).text());
    assertEquals("\"***\"", Objects.requireNonNull(recording.exchanges().get(2).answer()).text());
    assertTrue(Objects.requireNonNull(recording.exchanges().get(3).command()).masked());
  }

  /** The numbers of requests begin anew with a connection. */
  @Test
  void anAnswerThatWasLostHidesNoOther() throws Exception {
    Path file = folder.resolve("session.rec");
    try (FakeQemu fake = FakeQemu.start();
        ShellRig shell = ShellRig.on(fake)) {
      fake.answers(
          request -> request.contains("qom-get") ? "" : FakeQemu.returning(request, "\"clear\""));
      shell.line("record " + file);
      Thread cut =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                while (fake.received().stream().noneMatch(each -> each.contains("qom-get"))) {
                  Thread.onSpinWait();
                }
                fake.hangUp();
              });
      shell.line("qom-get path=/objects/s property=data");
      cut.join();
      shell.line("reconnect");
      for (int i = 0; i < 8; i++) {
        shell.line("query-x");
      }
      shell.line("record off");
    }
    String text = Files.readString(file);
    assertFalse(text.contains("***"), text);
    assertTrue(text.contains("\"return\": \"clear\""), text);
  }

  @Test
  void goesOnOverAReconnection() throws Exception {
    Path file = folder.resolve("session.rec");
    try (ShellRig shell = ShellRig.on(qemu)) {
      shell.line("record " + file);
      shell.line("query-name");
      shell.line("reconnect");
      shell.line("query-uuid");
      shell.line("record off");
    }
    assertEquals(2, Recording.read(file).exchanges().size());
  }

  @Test
  void refusesWhatMakesNoSense() throws Exception {
    Path file = Files.writeString(folder.resolve("precious"), "precious");
    try (ShellRig shell = ShellRig.on(qemu)) {
      assertRefused(
          shell.line("record " + file),
          "record: cannot record to "
              + file
              + ": there is such a file already; nothing is written over it");
      assertEquals("precious", Files.readString(file));
      assertRefused(shell.line("record off"), "record: nothing is recorded");
      assertRefused(shell.line("record " + folder.resolve("none/x")), "there is no such folder");
      assertRefused(shell.line("record a b"), "record: 'b' is one word too many");
      Path first = folder.resolve("first");
      shell.line("record " + first);
      assertRefused(
          shell.line("record " + folder.resolve("second")),
          "record: " + first + " is being recorded; 'record off' ends that");
      assertFalse(Files.exists(folder.resolve("second")));
    }
  }

  private static void assertRefused(Shown shown, String why) {
    assertEquals(ExitStatus.USAGE, shown.status());
    assertTrue(shown.err().contains(why), shown.err());
  }

  /** The recording ends at its bound; the session does not notice. */
  @Test
  void endsWhenItIsFullAndTheSessionGoesOn() throws Exception {
    Path file = folder.resolve("session.rec");
    String large = "\"" + "x".repeat(9 << 20) + "\"";
    try (FakeQemu fake = FakeQemu.start();
        ShellRig shell = ShellRig.on(fake)) {
      fake.answers(
          request -> request.contains("large") ? FakeQemu.returning(request, large) : null);
      shell.line("record " + file);
      for (int i = 0; i < 8; i++) {
        assertEquals(ExitStatus.DONE, shell.line("large | length").status());
      }
      assertEquals("{\"return\": {}}", shell.line("query-name").out());
      String why = "the recording " + file + " has ended: it would have more than 64 MiB";
      // It is written beside the session.
      Instant deadline = Instant.now().plusSeconds(60);
      String state = "";
      while (!state.endsWith(why) && Instant.now().isBefore(deadline)) {
        Thread.sleep(10);
        state = shell.line("record").err().strip();
      }
      assertTrue(state.endsWith(why), state);
      Path next = folder.resolve("next.rec");
      assertEquals(
          "recording to " + next + "; 'record off' ends it", shell.line("record " + next).err());
      shell.line("query-name");
      assertTrue(shell.line("record off").err().startsWith("recorded to " + next), shell::said);
      assertEquals(1, Recording.read(next).exchanges().size());
    }
    assertEquals(
        7, Recording.read(file).exchanges().stream().filter(each -> each.answer() != null).count());
    assertTrue(Files.size(file) <= Recording.MOST);
  }
}
