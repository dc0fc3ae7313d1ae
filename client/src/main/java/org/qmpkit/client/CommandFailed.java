package org.qmpkit.client;

import java.util.Locale;
import java.util.Optional;
import org.qmpkit.net.Address;

/** QEMU answered with an error, or the helper in front of it did (qmp-spec, "Error"). */
public final class CommandFailed extends QmpException {
  private static final long serialVersionUID = 1;

  /**
   * Why a helper, rather than QEMU, said no. It says so in the text of a {@code GenericError};
   * nothing keeps a QEMU that is not trusted from using the same words.
   */
  public enum Refusal {
    /** A rule forbids it. */
    REFUSED,
    /** The helper has lost its QEMU. */
    GONE,
    /** QEMU did not answer the helper in time. */
    TIMED_OUT,
    /** All places to QEMU are taken. */
    BUSY;

    private final String prefix =
        "qmpkit: " + name().toLowerCase(Locale.ROOT).replace('_', ' ') + ":";
  }

  private final String command;
  private final String errorClass;
  private final String desc;

  CommandFailed(Address address, String command, String errorClass, String desc) {
    super(address, message(address, command, errorClass, desc), null);
    this.command = command;
    this.errorClass = errorClass;
    this.desc = desc;
  }

  private static String message(Address address, String command, String errorClass, String desc) {
    String remedy =
        errorClass.equals("CommandNotFound") ? "; query-commands lists what it has" : "";
    return "cannot execute '"
        + command
        + "' at "
        + address
        + ": "
        + errorClass
        + ": "
        + desc
        + remedy;
  }

  /** The name of the command that failed. */
  public String command() {
    return command;
  }

  /** QEMU's class of the error, such as {@code GenericError} or {@code CommandNotFound}. */
  public String errorClass() {
    return errorClass;
  }

  /** QEMU's text for people, as it came; it changes from version to version. */
  public String desc() {
    return desc;
  }

  /** Why the helper said no; empty if it was QEMU. */
  public Optional<Refusal> refusal() {
    if (errorClass.equals("GenericError")) {
      for (Refusal each : Refusal.values()) {
        if (desc.startsWith(each.prefix)) {
          return Optional.of(each);
        }
      }
    }
    return Optional.empty();
  }
}
