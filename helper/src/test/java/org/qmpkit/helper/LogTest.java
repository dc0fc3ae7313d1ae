package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
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
    log(Severity.INFO, true).of("vm1").note(Severity.WARNING, "client 3", "cut: too slow");
    assertEquals("<4>vm1: client 3: cut: too slow\n", written());
  }

  @Test
  void otherwiseTimeAndSeverityComeFirst() {
    log(Severity.INFO, false).of("vm1").note(Severity.INFO, "", "ready");
    assertTrue(written().matches("\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z info: vm1: ready\n"), written());
  }

  @Test
  void whatIsLessSevereIsLeftOut() {
    log(Severity.WARNING, true).of("vm1").note(Severity.INFO, "", "ready");
    assertEquals("", written());
  }

  @Test
  void bytesOfAPeerCannotForgeALine() {
    log(Severity.INFO, true).of("vm1").note(Severity.INFO, "", "said \"\n<3>all is lost\033[2J\"");
    assertEquals("<6>vm1: said \"\\x0a<3>all is lost\\x1b[2J\"\n", written());
  }
}
