package org.qmpkit.client;

import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A job as {@code query-jobs} tells it (QEMU's qapi/job.json, JobInfo).
 *
 * @param id its name, which whoever started it chose
 * @param type as {@code mirror}; later QEMUs have more
 * @param status how far it is
 * @param currentProgress what is done, in a unit of the job's own: bytes for block jobs
 * @param totalProgress what will be done by the end, in the same unit; it may grow
 * @param error why it failed; empty if it has not
 */
public record JobInfo(
    String id,
    String type,
    Status status,
    long currentProgress,
    long totalProgress,
    Optional<String> error) {

  /** How far a job is (QEMU's JobStatus). */
  public enum Status {
    UNDEFINED(""),
    CREATED(""),
    RUNNING(""),
    /** Told to pause; QEMU pauses one for moments of its own, too. */
    PAUSED("job-resume"),
    /** Has nothing left to do, and keeps up with what changes until it is told to complete. */
    READY("job-complete"),
    /** Paused while it was ready. */
    STANDBY("job-resume"),
    /** Waits for the other jobs of its transaction. */
    WAITING(""),
    /** Waits to be finalized, as one without {@code auto-finalize} does. */
    PENDING("job-finalize"),
    /** Has failed or was cancelled, and undoes what it did. */
    ABORTING(""),
    /** Has ended, and waits to be dismissed, as one without {@code auto-dismiss} does. */
    CONCLUDED("job-dismiss"),
    /** Is forgotten; events alone say it. */
    NULL(""),
    /** What a later QEMU says. */
    UNKNOWN("");

    private final String command;

    Status(String command) {
      this.command = command;
    }

    /** The command that such a job waits for; empty if it waits for none. */
    public Optional<String> command() {
      return command.isEmpty() ? Optional.empty() : Optional.of(command);
    }

    /** QEMU's word for it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    static Status of(String word) {
      for (Status each : values()) {
        if (each.word().equals(word)) {
          return each;
        }
      }
      return UNKNOWN;
    }
  }

  /**
   * A job out of an answer to {@code query-jobs}. What is not there is empty or zero.
   *
   * @param info an element of that answer
   */
  public static JobInfo of(JsonNode info) {
    String error = info.path("error").asString("");
    return new JobInfo(
        info.path("id").asString(""),
        info.path("type").asString(""),
        Status.of(info.path("status").asString("")),
        info.path("current-progress").asLong(0),
        info.path("total-progress").asLong(0),
        error.isEmpty() ? Optional.empty() : Optional.of(error));
  }

  JobInfo with(Status now) {
    return new JobInfo(id, type, now, currentProgress, totalProgress, error);
  }
}
