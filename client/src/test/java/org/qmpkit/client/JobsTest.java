package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.client.JobFailed.Reason;
import org.qmpkit.client.JobInfo.Status;
import org.qmpkit.testkit.RealQemu;

/** Jobs of a real QEMU, on small images. */
@Timeout(120)
class JobsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final int SIZE = 1 << 20;

  private RealQemu qemu;
  private QmpClient client;
  @TempDir private Path images;

  @BeforeEach
  void start() throws Exception {
    qemu = RealQemu.start();
    client =
        QmpClient.connect(
            qemu.path().toString(),
            QmpOptions.DEFAULT.withConnectTimeout(MINUTE).withSchemaCache(SchemaCache.none()));
    add("source", Map.of("driver", "null-co", "size", SIZE));
    add("target", Map.of("driver", "null-co", "size", SIZE));
  }

  @AfterEach
  void stop() {
    client.close();
    qemu.close();
  }

  private void add(String node, Map<String, ?> driver) throws Exception {
    Map<String, Object> arguments = new HashMap<>(driver);
    arguments.put("node-name", node);
    client.execute("blockdev-add", arguments);
  }

  /** A node whose writes fail from the first one on. */
  private void addFull() throws Exception {
    add(
        "full",
        Map.of(
            "driver",
            "blkdebug",
            "image",
            Map.of("driver", "null-co", "size", SIZE),
            "inject-error",
            new Object[] {Map.of("event", "none", "iotype", "write", "errno", 28)}));
  }

  /** A job that does not end for as long as a test may take, but can be cancelled. */
  private void startSlow(String id, boolean dismiss) throws Exception {
    add("large", Map.of("driver", "null-co", "size", 1 << 30));
    add("copied", Map.of("driver", "null-co", "size", 1 << 30));
    client.execute(
        "blockdev-backup",
        Map.of(
            "job-id",
            id,
            "device",
            "large",
            "target",
            "copied",
            "sync",
            "full",
            "speed",
            1,
            "auto-dismiss",
            dismiss));
  }

  private static QmpCommand backup(String target, Map<String, ?> more) {
    return copy("blockdev-backup", target, more);
  }

  private static QmpCommand mirror(String target) {
    return copy("blockdev-mirror", target, Map.of());
  }

  private static QmpCommand copy(String command, String target, Map<String, ?> more) {
    Map<String, Object> arguments = new HashMap<>(more);
    arguments.putAll(
        Map.of("job-id", "copy", "device", "source", "target", target, "sync", "full"));
    return QmpCommand.of(command, arguments);
  }

  private void assertNoJob() throws Exception {
    assertEquals(0, client.execute("query-jobs").size());
  }

  @Test
  void theExampleOfTheDocumentation() throws Exception {
    QmpClient qemu = client;
    Map<String, ?> arguments =
        Map.of("job-id", "copy", "device", "source", "target", "target", "sync", "full");
    // @start region="example"
    try (JobWatch job = qemu.watchJob("copy")) {
      qemu.execute("blockdev-mirror", arguments);
      job.await(Set.of(JobInfo.Status.READY), Duration.ofMinutes(10));
      qemu.execute("job-complete", Map.of("id", "copy"));
      job.await(Duration.ofMinutes(10));
    }
    // @end
    assertNoJob();
  }

  @Test
  void aJobThatIsForgottenAtItsEnd() throws Exception {
    JobInfo done = client.runJob(backup("target", Map.of()), MINUTE);
    assertEquals("copy", done.id());
    assertEquals("backup", done.type());
    assertEquals(Status.NULL, done.status());
    assertEquals(SIZE, done.currentProgress());
    assertEquals(SIZE, done.totalProgress());
    assertTrue(done.error().isEmpty());
    assertNoJob();
  }

  @Test
  void aJobThatStaysUntilItIsDismissed() throws Exception {
    JobInfo done = client.runJob(backup("target", Map.of("auto-dismiss", false)), MINUTE);
    assertEquals(Status.CONCLUDED, done.status());
    assertEquals("job-dismiss", done.status().command().orElseThrow());
    // It has ended before anybody looks.
    assertEquals(done, client.awaitJob("copy", MINUTE));
    client.execute("job-dismiss", Map.of("id", "copy"));
    assertNoJob();
  }

  @Test
  void aJobThatFailsOnAFullDisk() throws Exception {
    addFull();
    JobFailed failed =
        assertThrows(JobFailed.class, () -> client.runJob(backup("full", Map.of()), MINUTE));
    assertEquals(Reason.FAILED, failed.reason());
    assertEquals("copy", failed.job());
    assertEquals("No space left on device", failed.desc().orElseThrow());
    assertTrue(failed.getMessage().contains("job 'copy' at unix:"), failed.getMessage());
    assertNoJob();
  }

  @Test
  void aFailureThatStaysUntilItIsDismissed() throws Exception {
    addFull();
    client.execute(backup("full", Map.of("auto-dismiss", false)));
    for (int i = 0; i < 2; i++) {
      JobFailed failed = assertThrows(JobFailed.class, () -> client.awaitJob("copy", MINUTE));
      assertEquals("No space left on device", failed.desc().orElseThrow());
    }
  }

  @Test
  void aJobThatCannotBeStarted() {
    CommandFailed refused =
        assertThrows(CommandFailed.class, () -> client.runJob(backup("nowhere", Map.of()), MINUTE));
    assertEquals("blockdev-backup", refused.command());
  }

  @Test
  void aMirrorIsReadyAndEndsWhenItIsTold() throws Exception {
    try (JobWatch job = client.watchJob("copy")) {
      client.execute(mirror("target"));
      JobInfo ready = job.await(Set.of(Status.READY, Status.PENDING), MINUTE);
      assertEquals(Status.READY, ready.status());
      assertEquals("mirror", ready.type());
      TimedOut waited = assertThrows(TimedOut.class, () -> job.await(Duration.ofMillis(50)));
      assertTrue(waited.getMessage().contains("job-complete"), waited.getMessage());
      client.execute("job-complete", Map.of("id", "copy"));
      assertEquals(Status.NULL, job.await(MINUTE).status());
      assertEquals(Status.NULL, job.await(MINUTE).status());
    }
    assertNoJob();
  }

  @Test
  void aJobThatWaitsToBeFinalized() throws Exception {
    try (JobWatch job = client.watchJob("copy")) {
      client.execute(backup("target", Map.of("auto-finalize", false)));
      for (int i = 0; i < 2; i++) {
        assertEquals(Status.PENDING, job.await(Set.of(Status.PENDING), MINUTE).status());
      }
      client.execute("job-finalize", Map.of("id", "copy"));
      assertEquals(Status.NULL, job.await(MINUTE).status());
    }
  }

  @Test
  void whatBeginsAnewIsNotTakenForWhatEnded() throws Exception {
    addFull();
    try (JobWatch job = client.watchJob("copy")) {
      client.execute(backup("full", Map.of()));
      assertThrows(JobFailed.class, () -> job.await(MINUTE));
      client.execute(backup("target", Map.of()));
      assertEquals(Status.NULL, job.await(MINUTE).status());
    }
  }

  @Test
  void whatStaysIsNotTakenForAnEarlierOne() throws Exception {
    addFull();
    try (JobWatch job = client.watchJob("copy")) {
      client.execute(backup("full", Map.of("auto-dismiss", false)));
      assertThrows(JobFailed.class, () -> job.await(MINUTE));
      client.execute("job-dismiss", Map.of("id", "copy"));
      client.execute(backup("target", Map.of("auto-dismiss", false)));
      client.awaitJob("copy", MINUTE); // it has ended before this watch looks
      assertEquals(Status.CONCLUDED, job.await(MINUTE).status());
    }
  }

  @Test
  void whatWasPassedBeforeAWaitEndedIsNoNews() throws Exception {
    try (JobWatch job = client.watchJob("copy");
        JobWatch other = client.watchJob("copy")) {
      startSlow("copy", true);
      client.execute("job-pause", Map.of("id", "copy"));
      other.await(Set.of(Status.PAUSED), MINUTE);
      client.execute("job-resume", Map.of("id", "copy"));
      other.await(Set.of(Status.RUNNING), MINUTE);
      assertEquals(Status.RUNNING, job.await(Set.of(Status.RUNNING), MINUTE).status());
      assertThrows(TimedOut.class, () -> job.await(Set.of(Status.PAUSED), Duration.ofMillis(500)));
      client.execute("job-cancel", Map.of("id", "copy"));
    }
  }

  @Test
  void anEndAmongDroppedEventsIsNoGoodOne() throws Exception {
    addFull();
    try (JobWatch job = client.watchJob("copy")) {
      client.execute(backup("full", Map.of("auto-dismiss", false)));
      assertThrows(JobFailed.class, () -> client.awaitJob("copy", MINUTE));
      try (Subscription all = client.subscribe(EventFilter.of("JOB_STATUS_CHANGE"))) {
        while (all.dropped() == 0) {
          assertThrows(JobFailed.class, () -> client.runJob(other("full"), MINUTE));
        }
      }
      client.execute("job-dismiss", Map.of("id", "copy"));
      JobFailed untold = assertThrows(JobFailed.class, () -> job.await(MINUTE));
      assertEquals(Reason.UNTOLD, untold.reason());
    }
  }

  private static QmpCommand other(String target) {
    return QmpCommand.of(
        "blockdev-backup",
        Map.of("job-id", "other", "device", "source", "target", target, "sync", "full"));
  }

  @Test
  void aCommandsOwnTimeIsNoLongerThanTheJobs() {
    qemu.pause();
    TimedOut late =
        assertThrows(
            TimedOut.class,
            () -> client.runJob(backup("target", Map.of()).within(MINUTE), Duration.ofMillis(300)));
    qemu.resume();
    assertTrue(late.getMessage().contains("within 300 ms"), late.getMessage());
  }

  @Test
  void aJobThatIsCancelled() throws Exception {
    startSlow("copy", true);
    CompletableFuture<JobInfo> end = awaiting("copy");
    client.execute("block-job-cancel", Map.of("device", "copy"));
    Exception failed = assertThrows(Exception.class, end::get);
    assertEquals(Reason.CANCELLED, assertFailed(failed.getCause()).reason());
  }

  @Test
  void aCancelledJobThatStaysIsKnownForOne() throws Exception {
    startSlow("copy", false);
    client.execute("job-cancel", Map.of("id", "copy"));
    for (int i = 0; i < 2; i++) {
      JobFailed failed = assertThrows(JobFailed.class, () -> client.awaitJob("copy", MINUTE));
      assertEquals(Reason.CANCELLED, failed.reason());
    }
  }

  @Test
  void aJobThatNeverWas() {
    JobFailed absent = assertThrows(JobFailed.class, () -> client.awaitJob("copy", MINUTE));
    assertEquals(Reason.ABSENT, absent.reason());
    assertTrue(absent.getMessage().contains("auto-dismiss=false"), absent.getMessage());
  }

  @Test
  void aCommandThatNamesNoJob() {
    assertThrows(
        IllegalArgumentException.class, () -> client.runJob(QmpCommand.of("query-status"), MINUTE));
  }

  @Test
  void otherJobsDoNotMatter() throws Exception {
    startSlow("long", true);
    assertEquals(Status.NULL, client.runJob(backup("target", Map.of()), MINUTE).status());
    TimedOut waited =
        assertThrows(TimedOut.class, () -> client.awaitJob("long", Duration.ofMillis(50)));
    assertTrue(waited.outcomeUnknown());
    client.execute("job-cancel", Map.of("id", "long"));
  }

  @Test
  void anImageIsMade() throws Exception {
    Path image = Files.createFile(images.resolve("image"));
    add("file", Map.of("driver", "file", "filename", image.toString()));
    QmpCommand create =
        QmpCommand.of(
            "blockdev-create",
            Map.of(
                "job-id",
                "create",
                "options",
                Map.of("driver", "qcow2", "file", "file", "size", SIZE)));
    assertEquals(Status.CONCLUDED, client.runJob(create, MINUTE).status());
    assertTrue(Files.size(image) > 0);
  }

  @Test
  void aLostConnectionEndsTheWait() throws Exception {
    startSlow("copy", true);
    CompletableFuture<JobInfo> end = awaiting("copy");
    qemu.kill();
    Exception lost = assertThrows(Exception.class, end::get);
    assertEquals(Disconnected.class, lost.getCause().getClass());
  }

  @Test
  void aHundredJobsAndNoneIsMissed() throws Exception {
    for (int i = 0; i < 100; i++) {
      assertEquals(Status.NULL, client.runJob(backup("target", Map.of()), MINUTE).status());
    }
  }

  /** A wait on a thread of its own, which has begun. */
  private CompletableFuture<JobInfo> awaiting(String id) {
    JobWatch watch = client.watchJob(id);
    CompletableFuture<JobInfo> end = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (watch) {
            end.complete(watch.await(MINUTE));
          } catch (QmpException | InterruptedException e) {
            end.completeExceptionally(e);
          }
        });
    return end;
  }

  private static JobFailed assertFailed(Throwable failure) {
    assertEquals(JobFailed.class, failure.getClass(), failure.toString());
    return (JobFailed) failure;
  }
}
