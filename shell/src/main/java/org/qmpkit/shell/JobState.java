package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.JobInfo;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far a job is at a moment: one of {@code query-jobs}, or the migration.
 *
 * @param id of the job; {@link #MIGRATION} for the migration
 * @param kind as {@code mirror}
 * @param status in QEMU's words
 * @param done bytes, or whatever the job counts, that are done
 * @param remaining what is left to do, as of now: it may grow
 * @param dirtied bytes a second that the guest makes to be done again; negative if unknown
 * @param pass how many times it began anew with what had changed; 0 if that is not known
 * @param bytes whether it counts bytes
 * @param error why it failed; null if it has not
 * @param raw what QEMU said
 */
record JobState(
    String id,
    String kind,
    String status,
    long done,
    long remaining,
    long dirtied,
    long pass,
    boolean bytes,
    @Nullable String error,
    JsonNode raw) {
  static final String MIGRATION = "migration";

  /** Nothing more happens of its own. */
  private static final Set<String> WAITING = Set.of("ready", "standby", "pending", "concluded");

  private static final Set<String> MIGRATED =
      Set.of("completed", "failed", "cancelled", "postcopy-paused", "pre-switchover");

  private static final Set<String> FAILED =
      Set.of("failed", "cancelled", "aborting", "postcopy-paused");

  /** Whether it will do no more, or no more of its own. */
  boolean rests() {
    return isMigration() ? MIGRATED.contains(status) : WAITING.contains(status);
  }

  /** Whether it was told to pause; QEMU itself pauses one for moments, too, as when it drains. */
  boolean isPaused() {
    return !isMigration() && status.equals("paused");
  }

  /** Whether it did not do what it should. */
  boolean failed() {
    return error != null || FAILED.contains(status);
  }

  private boolean isMigration() {
    return id.equals(MIGRATION);
  }

  /** What is to be done where it waits for that; empty if nothing is. */
  String advice() {
    return switch (status) {
      case "ready" -> "'job-complete id=" + id + "' ends it";
      case "standby", "paused" -> "'job-resume id=" + id + "' goes on";
      case "pending" -> "'job-finalize id=" + id + "' ends it";
      case "concluded" -> "'job-dismiss id=" + id + "' forgets it";
      case "pre-switchover" -> "'migrate-continue state=pre-switchover' goes on";
      case "postcopy-paused" -> "'migrate-recover' there and 'migrate resume=true' here go on";
      default -> "";
    };
  }

  /**
   * All that goes on, a migration that has begun included; blocks.
   *
   * @throws QmpException if QEMU does not tell
   * @throws InterruptedException if this thread is interrupted
   */
  static List<JobState> all(Session session) throws QmpException, InterruptedException {
    return all(session, QmpOptions.FOREVER);
  }

  /** The same, where each answer may take so long. */
  static List<JobState> all(Session session, Duration limit)
      throws QmpException, InterruptedException {
    List<JobState> jobs = new ArrayList<>();
    for (JsonNode each : session.ask(request("query-jobs"), limit)) {
      jobs.add(job(each));
    }
    JobState migration = migration(session, limit);
    if (migration != null) {
      jobs.add(migration);
    }
    return jobs;
  }

  /**
   * One of them; null if there is none of the id. Blocks.
   *
   * @param limit how long an answer may take
   * @throws QmpException if QEMU does not tell
   * @throws InterruptedException if this thread is interrupted
   */
  static @Nullable JobState of(Session session, String id, Duration limit)
      throws QmpException, InterruptedException {
    if (id.equals(MIGRATION)) {
      return migration(session, limit);
    }
    for (JsonNode each : session.ask(request("query-jobs"), limit)) {
      if (each.path("id").asString("").equals(id)) {
        return job(each);
      }
    }
    return null;
  }

  private static Request request(String name) {
    return Request.of(name, JsonNodeFactory.instance.objectNode());
  }

  private static JobState job(JsonNode job) {
    JobInfo info = JobInfo.of(job);
    return new JobState(
        info.id(),
        info.type(),
        job.path("status").asString(""),
        info.currentProgress(),
        Math.max(info.totalProgress() - info.currentProgress(), 0),
        -1,
        0,
        isOfBytes(info.type()),
        info.error().orElse(null),
        job);
  }

  /** Others count what they please. */
  private static boolean isOfBytes(String type) {
    return Set.of("mirror", "backup", "commit", "stream").contains(type);
  }

  private static @Nullable JobState migration(Session session, Duration limit)
      throws QmpException, InterruptedException {
    JsonNode migration;
    try {
      migration = session.ask(request("query-migrate"), limit);
    } catch (CommandFailed e) {
      if (e.errorClass().equals("CommandNotFound")) {
        return null; // a monitor without one, as of a storage daemon
      }
      throw e;
    }
    String status = migration.path("status").asString("");
    if (status.isEmpty() || status.equals("none")) {
      return null;
    }
    return migration(migration);
  }

  /** What {@code query-migrate} tells. */
  static JobState migration(JsonNode migration) {
    JsonNode ram = migration.path("ram");
    long page = ram.path("page-size").asLong(4096);
    String error = migration.path("error-desc").asString("");
    ObjectNode raw = JsonNodeFactory.instance.objectNode();
    migration.properties().forEach(each -> raw.set(each.getKey(), each.getValue()));
    return new JobState(
        MIGRATION,
        "ram",
        migration.path("status").asString(""),
        ram.path("transferred").asLong(0),
        ram.path("remaining").asLong(0) + migration.path("disk").path("remaining").asLong(0),
        ram.has("dirty-pages-rate") ? ram.path("dirty-pages-rate").asLong(0) * page : -1,
        ram.path("dirty-sync-count").asLong(0),
        true,
        error.isEmpty() ? null : error,
        raw);
  }
}
