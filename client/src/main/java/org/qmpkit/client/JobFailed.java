package org.qmpkit.client;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/** A job of QEMU's did not do what it should, or nobody knows whether it did. */
public final class JobFailed extends QmpException {
  private static final long serialVersionUID = 1;

  /** What became of the job instead. */
  public enum Reason {
    /** It failed. */
    FAILED,
    /** It was cancelled, by this client or another. */
    CANCELLED,
    /** There is none of its name: there never was, or it ended before anybody looked. */
    ABSENT,
    /** It ended, and how was among events that were dropped. */
    UNTOLD
  }

  private final String job;
  private final Reason reason;
  private final @Nullable String desc;

  JobFailed(Address address, String job, Reason reason, @Nullable String desc) {
    super(address, message(address, job, reason, desc), null);
    this.job = job;
    this.reason = reason;
    this.desc = desc;
  }

  private static String message(Address address, String job, Reason reason, @Nullable String desc) {
    return "cannot see job '"
        + job
        + "' at "
        + address
        + " through: "
        + switch (reason) {
          case FAILED ->
              desc == null
                  ? "it failed, and is forgotten with the reason; start it with auto-dismiss=false"
                  : "it failed: " + desc;
          case CANCELLED -> "it was cancelled";
          case ABSENT ->
              "there is none: it never was, or has ended and is forgotten; watch it from its start,"
                  + " or with auto-dismiss=false";
          case UNTOLD ->
              "it ended, and how was among events that were dropped; start it with"
                  + " auto-dismiss=false";
        };
  }

  /** The job's id. */
  public String job() {
    return job;
  }

  /** What became of it. */
  public Reason reason() {
    return reason;
  }

  /** QEMU's text for people, as it came; empty if there was none. */
  public Optional<String> desc() {
    return Optional.ofNullable(desc);
  }
}
