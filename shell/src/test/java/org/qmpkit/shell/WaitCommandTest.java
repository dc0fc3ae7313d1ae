package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.qmpkit.client.Event;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.RealQemu;

/** Waiting for events of a real QEMU, and looking at those that came. */
@Timeout(120)
final class WaitCommandTest {
  private RealQemu qemu;
  private ShellRig shell;

  @BeforeEach
  void start() throws Exception {
    qemu = RealQemu.start("-M", "q35", "-S", "-m", "16", "-device", "qemu-xhci");
    shell = ShellRig.on(qemu);
  }

  @AfterEach
  void end() {
    shell.close();
    qemu.close();
  }

  private Shown done(String line) {
    Shown shown = shell.line(line);
    assertEquals(ExitStatus.DONE, shown.status(), line + ": " + shown);
    return shown;
  }

  @Test
  void whatTheCommandBeforeHasCausedIsNotMissed() {
    done("cont");
    for (int i = 0; i < 50; i++) {
      done("stop");
      // The event came before the answer did.
      assertTrue(done("wait STOP --timeout 60s").out().contains("\"event\": \"STOP\""));
      done("cont");
      assertTrue(done("wait RES* --timeout 60s").out().contains("\"event\": \"RESUME\""));
    }
  }

  @Test
  void whatWasBeforeThatCommandIsOver() {
    done("cont");
    done("stop");
    done("cont");
    assertEquals(ExitStatus.NO_ANSWER, shell.line("wait STOP --timeout 1ms").status());
  }

  /** DEVICE_DELETED comes once for the device and once for what was in it. */
  @Test
  void twoOfANameAreToldApartByTheirData() {
    done("blockdev-add driver=null-co node-name=disk read-zeroes=true");
    done("device_add driver=usb-storage id=stick drive=disk");
    done("device_del id=stick");
    Shown within = done("wait DEVICE_DELETED path=*stick/* --timeout 60s");
    assertTrue(!within.out().contains("\"device\": \"stick\""), within.out());
    Shown gone = done("wait DEVICE_DELETED device=stick --timeout 60s");
    assertTrue(gone.out().contains("\"device\": \"stick\""), gone.out());
    Shown again = shell.line("wait DEVICE_DELETED device=stick --timeout 1ms");
    assertEquals(ExitStatus.NO_ANSWER, again.status(), again::toString);
    assertTrue(again.err().startsWith("no such event came in "), again.err());
  }

  @Test
  void sinceNowIsForWhatComes() throws Exception {
    done("cont");
    assertEquals(
        ExitStatus.NO_ANSWER, shell.line("wait RESUME --since now --timeout 1ms").status());
    CompletableFuture<Shown> waiting =
        CompletableFuture.supplyAsync(() -> shell.line("wait STOP --since=now"));
    shell.session().monitor().client().execute("stop");
    // It may have come before the wait began; then there will be another.
    while (!waiting.isDone()) {
      shell.session().monitor().client().execute("cont");
      shell.session().monitor().client().execute("stop");
    }
    assertEquals(ExitStatus.DONE, waiting.get(60, TimeUnit.SECONDS).status());
  }

  @Test
  void aStarStandsForTheEndsOfLinesToo() {
    Event event = new Event("X", JsonText.read("{\"error\": \"one\\ntwo\"}"), null, 0);
    assertTrue(EventMatch.of(List.of("X", "error=o*o")).test(event));
    assertTrue(EventMatch.of(List.of("*", "error=*two*")).test(event));
  }

  /** Its schema is not known yet, and it does not tell. */
  @Test
  @Timeout(60)
  void theTimeIsUpWhereQemuAnswersNothing() {
    qemu.pause();
    Shown shown = shell.line("wait STOP --timeout 100ms");
    assertEquals(ExitStatus.NO_ANSWER, shown.status(), shown::toString);
    assertTrue(shown.err().startsWith("no such event came in "), shown.err());
  }

  @Test
  void nonsenseIsRefusedWithWhatWasMeantMaybe() {
    for (List<String> each :
        List.of(
            List.of("wait STPO", "QEMU has no event 'STPO'; did you mean 'STOP'?"),
            List.of("wait DEVICE_DELETED devcie=x", "has no 'devcie'; did you mean 'device'?"),
            List.of("wait", "it needs the name of an event"),
            List.of("wait STOP RESUME", "one name will do"),
            List.of("wait STOP --timeout 5", "--timeout (\"5\") must be a length of time"),
            List.of("wait STOP --since yesterday", "must be last or now"),
            List.of("wait STOP --timeout", "--timeout needs a value"))) {
      Shown shown = shell.line(each.getFirst());
      assertEquals(ExitStatus.USAGE, shown.status(), each.getFirst());
      assertTrue(shown.err().contains(each.getLast()), shown.err());
      assertTrue(shown.err().contains("usage: wait EVENT"), shown.err());
    }
  }

  @Test
  void endsWithQemuAndWithCtrlC() throws Exception {
    CompletableFuture<Shown> waiting =
        CompletableFuture.supplyAsync(() -> shell.line("wait GUEST_PANICKED"));
    while (!waiting.isDone()) {
      shell.interrupt();
      Thread.onSpinWait();
    }
    Shown stopped = waiting.get();
    assertEquals(ExitStatus.INTERRUPTED, stopped.status());
    assertTrue(stopped.err().contains("no longer waiting for 'wait GUEST_PANICKED'"));
    CompletableFuture<Shown> again =
        CompletableFuture.supplyAsync(() -> shell.line("wait GUEST_PANICKED"));
    qemu.kill();
    Shown ended = again.get(60, TimeUnit.SECONDS);
    assertEquals(ExitStatus.UNREACHABLE, ended.status(), ended::toString);
  }

  @Test
  void eventsAreListedWithTheirAgeAndWhatWentBefore() {
    assertEquals("no such event so far", done("events").err());
    done("cont");
    done("stop");
    done("wait STOP --timeout 60s");
    List<String> rows = done("events").out().lines().toList();
    assertEquals(2, rows.size(), rows::toString);
    assertTrue(rows.getFirst().matches(" +[0-9.]+ s ago  RESUME  after cont"), rows.getFirst());
    assertTrue(rows.getLast().matches(" +[0-9.]+ s ago  STOP  after stop"), rows.getLast());
    assertEquals(1, done("events RES*").out().lines().count());
    assertEquals("no such event so far", done("events STOP x=1").err());
  }

  @Test
  void mutedOnesAreNotShownButListed() {
    done("events mute STO*");
    done("cont");
    done("stop");
    done("wait STOP --timeout 60s");
    Shown shown = done("");
    assertTrue(shown.out().contains("RESUME") && !shown.out().contains("STOP"), shown.out());
    assertEquals(2, done("events").out().lines().count());
    done("events only STOP");
    done("events unmute STO*");
    done("cont");
    done("stop");
    done("wait STOP --timeout 60s");
    Shown only = done("");
    assertTrue(only.out().contains("STOP") && !only.out().contains("RESUME"), only.out());
    done("events unmute");
    done("cont");
    done("wait RESUME --timeout 60s");
    assertTrue(done("").out().contains("RESUME"));
    assertEquals(ExitStatus.USAGE, shell.line("events mute STPO").status());
    assertEquals(ExitStatus.USAGE, shell.line("events only").status());
    assertEquals(ExitStatus.USAGE, shell.line("events off now").status());
  }
}
