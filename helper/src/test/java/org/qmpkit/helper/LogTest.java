package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.qmpkit.net.BacklogFullException;
import org.qmpkit.net.UnixDatagrams;
import org.qmpkit.protocol.Journal;
import org.qmpkit.protocol.Journal.Severity;

class LogTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private Log log(Severity least, boolean journald) {
    return log(least, journald ? new Journald(null) : null);
  }

  private Log log(Severity least, @Nullable Journald journald) {
    return new Log(new PrintStream(bytes, true, StandardCharsets.UTF_8), least, journald);
  }

  private String written() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** A journal that does not read, or is gone: neither can be had from a real one on demand. */
  private static final class FaultyJournal implements UnixDatagrams {
    private final List<String> read = new ArrayList<>();
    private @Nullable IOException fault;

    @Override
    public Optional<String> unavailable() {
      return Optional.empty();
    }

    @Override
    public void send(String place, byte[] message) throws IOException {
      if (fault != null) {
        throw fault;
      }
      read.add(new String(message, StandardCharsets.UTF_8));
    }
  }

  @Test
  void aFullJournalLosesLinesAndHearsHowMany() {
    FaultyJournal journal = new FaultyJournal();
    Log log = log(Severity.INFO, new Journald(journal));
    journal.fault = new BacklogFullException();
    log.write(Severity.INFO, "vm1", "", "one");
    log.write(Severity.INFO, "vm1", "", "two");
    journal.fault = null;
    log.write(Severity.WARNING, "vm1", "client 3", "three\nPRIORITY=0");
    log.write(Severity.INFO, "", "", "four");
    assertEquals(
        List.of(
            "MESSAGE=vm1: client 3: three\\x0aPRIORITY=0 (before it, 2 lines were lost: the journal"
                + " was full)\nPRIORITY=4\nSYSLOG_IDENTIFIER=qmp-helper\nQMP_ROUTE=vm1\n"
                + "QMP_CLIENT=client 3\n",
            "MESSAGE=four\nPRIORITY=6\nSYSLOG_IDENTIFIER=qmp-helper\n"),
        journal.read);
    assertEquals("", written());
  }

  @Test
  void whatTheJournalCannotTakeGoesToStandardError() {
    FaultyJournal journal = new FaultyJournal();
    Log log = log(Severity.INFO, new Journald(journal));
    journal.fault = new IOException("Message too long");
    log.write(Severity.ERROR, "vm1", "", "one");
    assertEquals("<3>vm1: one\n", written());
    journal.fault = null;
    log.write(Severity.ERROR, "vm1", "", "two");
    assertEquals(1, journal.read.size());
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
