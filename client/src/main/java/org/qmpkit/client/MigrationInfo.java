package org.qmpkit.client;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * The answer to {@code query-migrate} (QEMU's qapi/migration.json, MigrationInfo), in part.
 *
 * @param status how far it is; empty if none has begun
 * @param ram what of the memory has been sent, while there is one
 * @param totalTime how long it takes so far, or took; milliseconds
 * @param downtime how long the guest stood still; milliseconds
 * @param errorDesc why it failed
 */
public record MigrationInfo(
    Optional<Status> status,
    Optional<Ram> ram,
    OptionalLong totalTime,
    OptionalLong downtime,
    Optional<String> errorDesc) {
  /** How far a migration is (QEMU's MigrationStatus). */
  public enum Status {
    NONE,
    SETUP,
    CANCELLING,
    CANCELLED,
    ACTIVE,
    POSTCOPY_ACTIVE,
    POSTCOPY_PAUSED,
    POSTCOPY_RECOVER,
    COMPLETED,
    FAILED,
    COLO,
    PRE_SWITCHOVER,
    DEVICE,
    WAIT_UNPLUG,
    /** What a later QEMU says. */
    UNKNOWN
  }

  /**
   * The memory of a migration (QEMU's MigrationStats), in part.
   *
   * @param transferred bytes that were sent
   * @param remaining bytes that are to be sent, as of now: it may grow
   * @param total bytes of the guest's memory
   */
  public record Ram(long transferred, long remaining, long total) {}
}
