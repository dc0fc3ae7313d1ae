package org.qmpkit.client;

/**
 * The answer to {@code query-status} (QEMU's qapi/run-state.json, StatusInfo).
 *
 * @param running whether virtual CPUs run
 * @param status why, or why not
 */
public record StatusInfo(boolean running, RunState status) {
  /** What a machine does (QEMU's RunState). */
  public enum RunState {
    DEBUG,
    INMIGRATE,
    INTERNAL_ERROR,
    IO_ERROR,
    PAUSED,
    POSTMIGRATE,
    PRELAUNCH,
    FINISH_MIGRATE,
    RESTORE_VM,
    RUNNING,
    SAVE_VM,
    SHUTDOWN,
    SUSPENDED,
    WATCHDOG,
    GUEST_PANICKED,
    COLO,
    /** What a later QEMU says. */
    UNKNOWN
  }
}
