package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.shell.ShellRig.Shown;
import org.qmpkit.testkit.BootSector;
import org.qmpkit.testkit.FakeQemu;
import org.qmpkit.testkit.RealQemu;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Jobs and migrations of real QEMUs, as they go on and end. */
@Timeout(120)
final class JobCommandTest {
  @TempDir Path folder;

  private static Shown line(ShellRig shell, String line, int status) {
    Shown shown = shell.line(line);
    assertEquals(status, shown.status(), line + ": " + shown);
    return shown;
  }

  private static void mirror(ShellRig shell, String options) {
    line(shell, "blockdev-add driver=null-co node-name=from size=67108864 read-zeroes=true", 0);
    line(shell, "blockdev-add driver=null-co node-name=to size=67108864", 0);
    line(shell, "blockdev-mirror job-id=copy device=from target=to sync=full " + options, 0);
  }

  @Test
  @Timeout(60)
  void theTimeIsUpWhereQemuAnswersNothing() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      qemu.pause();
      Shown job = line(shell, "job wait copy --timeout 100ms", ExitStatus.NO_ANSWER);
      assertTrue(job.err().contains("query-jobs"), job.err());
      line(shell, "job wait migration --timeout 100ms", ExitStatus.NO_ANSWER);
    }
  }

  @Test
  void aMirrorUntilItIsReadyAndThenUntilItIsDone() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      assertTrue(line(shell, "jobs", 0).err().startsWith("there is no job"));
      mirror(shell, "");
      Shown ready = line(shell, "job wait copy --timeout 60s", 0);
      assertTrue(ready.out().contains("\"status\": \"ready\""), ready.out());
      Shown listed = line(shell, "jobs", 0);
      assertEquals(
          "copy (mirror)  ready  0 B remaining  64.0 MiB done; 'job-complete id=copy' ends it",
          listed.out());
      line(shell, "job-complete id=copy", 0);
      // It is gone by itself, and an event has told how.
      Shown done = line(shell, "job wait copy --timeout 60s", 0);
      assertTrue(done.out().contains("\"event\": \"BLOCK_JOB_COMPLETED\""), done.out());
    }
  }

  @Test
  void oneThatTakesLongIsLeftAndIsCancelled() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      mirror(shell, "speed=1");
      Shown late = line(shell, "job wait copy --timeout 600ms", ExitStatus.NO_ANSWER);
      assertTrue(
          late.err()
              .matches(
                  "(?s)still going on: copy \\(mirror\\)  running  (?:ETA .*  )?[0-9.]+ MiB"
                      + " remaining  .* done  .*/s.*"),
          late.err());
      CompletableFuture<Shown> waiting =
          CompletableFuture.supplyAsync(() -> shell.line("job wait copy"));
      while (!waiting.isDone()) {
        shell.interrupt();
        Thread.onSpinWait();
      }
      assertEquals(ExitStatus.INTERRUPTED, waiting.get().status());
      assertTrue(waiting.get().err().contains("'copy', which goes on"), waiting.get().err());
      line(shell, "block-job-cancel device=copy force=true", 0);
      Shown ended = line(shell, "job wait copy", ExitStatus.FAILED);
      assertTrue(ended.out().contains("BLOCK_JOB_CANCELLED"), ended.out());
    }
  }

  @Test
  void onePausedGoesOnWhenSomebodySaysSo() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      mirror(shell, "speed=1");
      line(shell, "job-pause id=copy", 0);
      Shown paused = line(shell, "job wait copy --timeout 60s", 0);
      assertTrue(paused.out().contains("\"status\": \"paused\""), paused.out());
      Shown listed = line(shell, "jobs", 0);
      assertTrue(listed.out().endsWith("; 'job-resume id=copy' goes on"), listed.out());
    }
  }

  /** A QEMU with one job, which is so at one look after the other, and then is gone. */
  private static FakeQemu withJob(String... statuses) throws Exception {
    Iterator<String> looks = List.of(statuses).iterator();
    return FakeQemu.start()
        .answers(request ->
            request.contains("query-jobs")
                ? FakeQemu.returning(request, looks.hasNext() ? job(looks.next()) : "[]")
                : null);
  }

  private static String job(String status) {
    return "[{\"id\": \"copy\", \"type\": \"mirror\", \"status\": \"" + status + "\"}]";
  }

  @Test
  void onePausedForMomentsGoesOnByItself() throws Exception {
    try (FakeQemu qemu =
            withJob("paused", "paused", "paused", "running", "paused", "paused", "concluded");
        ShellRig shell = ShellRig.on(qemu)) {
      Shown ended = line(shell, "job wait copy --timeout 60s", 0);
      assertTrue(ended.out().contains("concluded"), ended.out());
    }
  }

  /** A helper that gives up on QEMU says nothing of the migration. */
  @Test
  void aRefusalIsNoEndOfTheMigration() throws Exception {
    Iterator<String> looks = List.of("active", "active").iterator();
    try (FakeQemu qemu =
            FakeQemu.start()
                .answers(request ->
                    !request.contains("query-migrate")
                        ? null
                        : looks.hasNext()
                            ? FakeQemu.returning(request, "{\"status\": \"" + looks.next() + "\"}")
                            : FakeQemu.failing(
                                request, "GenericError", "qmpkit: timed out: no answer"));
        ShellRig shell = ShellRig.on(qemu)) {
      Shown late = line(shell, "job wait migration --timeout 60s", ExitStatus.NO_ANSWER);
      assertTrue(late.err().contains("qmpkit: timed out"), late::toString);
    }
  }

  @Test
  void theTimeIsUpWhereAJobIsGoneWithoutAWord() throws Exception {
    try (FakeQemu qemu = withJob("running");
        ShellRig shell = ShellRig.on(qemu)) {
      long begun = System.nanoTime();
      line(shell, "job wait copy --timeout 600ms", 0);
      Duration took = Duration.ofNanos(System.nanoTime() - begun);
      assertTrue(took.compareTo(Monitor.PATIENCE) < 0, took::toString);
    }
  }

  @Test
  void whatIsNotThere() throws Exception {
    try (RealQemu qemu = RealQemu.start();
        ShellRig shell = ShellRig.on(qemu)) {
      mirror(shell, "speed=1");
      assertTrue(line(shell, "job wait cpoy", 2).err().contains("did you mean 'copy'?"));
      assertTrue(line(shell, "job wait migration", 2).err().contains("no job 'migration'"));
      assertTrue(line(shell, "job wait", 2).err().contains("needs a job's name"));
      assertTrue(line(shell, "job end copy", 2).err().contains("there is only 'wait'"));
      assertTrue(line(shell, "jobs copy", 2).err().contains("one word too many"));
    }
  }

  @Test
  void aMigrationThatDivergesUntilItMayGoFaster() throws Exception {
    String socket = "unix:" + folder.resolve("migration");
    Path disk = BootSector.DIRTIES.write(folder.resolve("busy.img"));
    String[] machine = {
      "-M", "pc", "-m", "16", "-accel", "tcg", "-drive", "format=raw,snapshot=on,file=" + disk
    };
    try (RealQemu from = RealQemu.start(machine);
        RealQemu to = RealQemu.start(concat(machine, "-incoming", socket));
        ShellRig shell = ShellRig.on(from);
        ShellRig target = ShellRig.on(to)) {
      awaitBusy(shell);
      line(shell, "migrate-set-parameters max-bandwidth=262144 downtime-limit=1", 0);
      line(shell, "migrate uri=" + socket, 0);
      Session session = shell.session();
      Pace pace = new Pace();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
      while (!pace(session, pace).contains("  diverging")) {
        assertTrue(System.nanoTime() < end, pace::row);
        line(shell, "watch 100ms query-migrate | .ram.transferred until true", 0);
      }
      assertTrue(
          pace.row()
              .matches(
                  "migration \\(ram\\)  active  diverging  .* remaining  .* done  .*/s"
                      + "  dirty .*/s  pass (?:[2-9]|\\d\\d)"),
          pace::row);
      assertTrue(line(shell, "jobs", 0).out().contains("migration (ram)  active"));
      line(shell, "migrate-set-parameters max-bandwidth=1073741824 downtime-limit=2000", 0);
      Shown done = line(shell, "job wait migration --timeout 60s", 0);
      assertTrue(done.out().contains("\"status\": \"completed\""), done.out());
      assertTrue(done.out().contains("\"downtime\""), done.out());
      line(target, "wait RESUME --timeout 60s", 0);
      line(target, "watch 50ms query-status until .running", 0);
    }
  }

  private static String pace(Session session, Pace pace) throws Exception {
    JobState state = JobState.of(session, JobState.MIGRATION, QmpOptions.FOREVER);
    assertTrue(state != null && !state.rests(), () -> "it goes on: " + state);
    pace.add(System.nanoTime(), state);
    return pace.row();
  }

  /** The guest has booted where its first page is not as it was before. */
  private static void awaitBusy(ShellRig shell) {
    Shown seen =
        line(
            shell,
            "watch 50ms human-monitor-command command-line:=\"xp /1bx 0x10000\""
                + " until test(\"0x00\") | not",
            0);
    assertFalse(seen.out().isEmpty());
  }

  private static String[] concat(String[] some, String... more) {
    String[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }

  private static JobState state(String id, String status, long done, long remaining) {
    JsonNode raw = JsonNodeFactory.instance.objectNode();
    return new JobState(id, "mirror", status, done, remaining, -1, 0, true, null, raw);
  }

  @Test
  void whatIsLeftAndHowLongThatTakes() {
    Pace pace = new Pace();
    pace.add(0, state("j", "running", 0, 100 << 20));
    assertEquals("j (mirror)  running  100 MiB remaining  0 B done", pace.row());
    pace.add(TimeUnit.SECONDS.toNanos(2), state("j", "running", 20 << 20, 80 << 20));
    assertEquals(
        "j (mirror)  running  ETA 8.00 s  80.0 MiB remaining  20.0 MiB done  10.0 MiB/s",
        pace.row());
    // The guest writes half as fast as it is copied: the end is twice as far.
    pace.add(TimeUnit.SECONDS.toNanos(4), state("j", "running", 40 << 20, 80 << 20));
    assertEquals(
        "j (mirror)  running  ETA 16.0 s  80.0 MiB remaining  40.0 MiB done  10.0 MiB/s",
        pace.row());
    pace.add(TimeUnit.SECONDS.toNanos(6), state("j", "running", 60 << 20, 90 << 20));
    assertTrue(pace.row().startsWith("j (mirror)  running  diverging  90.0 MiB"), pace.row());
    pace.add(TimeUnit.SECONDS.toNanos(8), state("j", "ready", 150 << 20, 0));
    assertEquals("j (mirror)  ready  0 B remaining  150 MiB done", pace.row());
  }

  @Test
  void amountsForPeople() {
    assertEquals(
        List.of("0 B", "1023 B", "1.0 KiB", "99.9 KiB", "100 KiB", "8192 PiB", "-5 B"),
        List.of(0L, 1023L, 1024L, 102_297L, 102_400L, Long.MAX_VALUE, -5L).stream()
            .map(each -> Pace.amount(each, true))
            .toList());
    assertEquals("7", Pace.amount(7, false));
  }
}
