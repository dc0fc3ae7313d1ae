package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;

class LogTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private Log log(Severity least, boolean journald) {
    return new Log(new PrintStream(bytes, true, StandardCharsets.UTF_8), least, journald);
  }

  private String written() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void journaldGetsItsPriorityFirst() {
    log(Severity.INFO, true).of("vm1", () -> 0).note(Severity.WARNING, "client 3", "cut: too slow");
    assertEquals("<4>vm1: client 3: cut: too slow\n", written());
  }

  @Test
  void otherwiseTimeAndSeverityComeFirst() {
    log(Severity.INFO, false).of("vm1", () -> 0).note(Severity.INFO, "", "ready");
    assertTrue(written().matches("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z info: vm1: ready\n"), written());
  }

  @Test
  void whatIsLessSevereIsLeftOut() {
    log(Severity.WARNING, true).of("vm1", () -> 0).note(Severity.INFO, "", "ready");
    assertEquals("", written());
  }

  @Test
  void bytesOfAPeerCannotForgeALine() {
    log(Severity.INFO, true)
        .of("vm1", () -> 0)
        .note(Severity.INFO, "", "said \"\n<3>all is lost\033[2J\"");
    assertEquals("<6>vm1: said \"\\x0a<3>all is lost\\x1b[2J\"\n", written());
  }

  @Test
  void neitherQemuNorTheClientsOfARouteCanFloodIt() {
    AtomicLong now = new AtomicLong();
    Journal journal = log(Severity.INFO, true).of("vm1", now::get);
    for (int i = 0; i < 1_000_000; i++) {
      journal.note(Severity.WARNING, "client " + i, "cut: it sends rubbish");
      now.addAndGet(100_000); // 100 s in all
    }
    assertTrue(lines().size() <= 200, () -> lines().size() + " lines");
    assertTrue(lines().getLast().endsWith(" lines were left out)"), () -> lines().getLast());
    journal.note(Severity.WARNING, "", "QEMU's monitor was closed");
    assertEquals("<4>vm1: QEMU's monitor was closed", lines().getLast());
  }

  @Test
  void whoAsksForEveryDetailGetsIt() {
    Journal journal = log(Severity.DEBUG, true).of("vm1", () -> 0);
    for (int i = 0; i < 1000; i++) {
      journal.note(Severity.DEBUG, "client 1", "connected");
    }
    assertEquals(1000, lines().size());
  }

  private List<String> lines() {
    return written().lines().toList();
  }
}
