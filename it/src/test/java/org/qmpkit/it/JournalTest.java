package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** A helper's log where systemd's journal reads its standard error, and where it does not. */
@Timeout(300)
class JournalTest {
  private final Path folder;
  private final Path shared;
  private final Path stderr;

  JournalTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.shared = folder.resolve("vm1.qmp");
    this.stderr = Files.createFile(folder.resolve("stderr"));
  }

  /** A file as JOURNAL_STREAM names it. */
  private static String named(Path file) throws IOException {
    Map<String, Object> attributes = Files.readAttributes(file, "unix:dev,ino");
    return attributes.get("dev") + ":" + attributes.get("ino");
  }

  /** A helper whose standard error is a file, and what it believes the journal reads. */
  private HelperProcess helper(String journal, String stream, Path monitor) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Program.command(
                List.of("-Dqmpkit.journal=" + journal),
                "helper",
                "--verbose",
                "--listen",
                "unix:" + shared,
                "--connect",
                "unix:" + monitor));
    builder.redirectError(stderr.toFile());
    builder.environment().put("JOURNAL_STREAM", stream);
    return HelperProcess.started(builder);
  }

  private String line(String wanted) {
    return Patience.find(
        wanted,
        () -> Files.readAllLines(stderr).stream().filter(each -> each.contains(wanted)).findFirst(),
        () -> "the log has no such line");
  }

  @Test
  void linesHaveFields() throws Exception {
    String journal = folder.resolve("journal").toString();
    try (NotifyReceiver journald = new NotifyReceiver(journal);
        RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(journal, named(stderr), qemu.path())) {
      Map<String, String> ready =
          NotifyReceiver.fields(
              journald.await("QEMU is ready", each -> each.contains(" is ready\n")));
      assertTrue(
          ready.getOrDefault("MESSAGE", "").matches("vm1\\.qmp: QEMU \\S+ is ready"),
          ready::toString);
      assertEquals("6", ready.get("PRIORITY"));
      assertEquals("qmp-helper", ready.get("SYSLOG_IDENTIFIER"));
      assertEquals("vm1.qmp", ready.get("QMP_ROUTE"));
      try (LineClient client = LineClient.connect(shared)) {
        assertTrue(client.greeting().contains("QMP"));
        Map<String, String> came =
            NotifyReceiver.fields(
                journald.await("a client", each -> each.contains("connected from")));
        assertTrue(came.getOrDefault("QMP_CLIENT", "").startsWith("client 1 ("), came::toString);
        assertEquals("7", came.get("PRIORITY"));
      }
      helper.signal("TERM");
      assertEquals(0, helper.awaitExit());
    }
    assertEquals("", Files.readString(stderr));
  }

  @Test
  void withoutJournaldTheyGoToStandardErrorWithTheirPriority() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        HelperProcess helper =
            helper(folder.resolve("nobody").toString(), named(stderr), qemu.path())) {
      assertTrue(helper.alive());
      String ready = line(" is ready");
      assertTrue(ready.matches("<6>vm1\\.qmp: QEMU \\S+ is ready"), ready);
    }
  }

  @Test
  void aVariableThatNamesAnotherStreamMeansNothing() throws Exception {
    String journal = folder.resolve("journal").toString();
    try (NotifyReceiver journald = new NotifyReceiver(journal);
        RealQemu qemu = RealQemu.start();
        HelperProcess helper = helper(journal, named(folder), qemu.path())) {
      assertTrue(helper.alive());
      String ready = line(" is ready");
      assertTrue(ready.matches("\\d{4}-\\S+Z info: vm1\\.qmp: QEMU \\S+ is ready"), ready);
      assertEquals(Optional.empty(), journald.next(Duration.ofMillis(1)));
    }
  }
}
