package org.qmpkit.helper;

import java.util.List;
import java.util.Locale;

/**
 * What a command is about, by how its name begins: few enough to count each apart, whatever names
 * clients make up.
 */
enum CommandClass {
  QUERY("query-", "qom-get", "qom-list", "device-list-properties"),
  BLOCK("block", "x-blockdev-", "drive-", "nbd-", "change-backing-file", "eject", "transaction"),
  JOB("job-"),
  MIGRATION("migrate", "snapshot-", "calc-dirty-rate", "xen-save-devices", "xen-load-devices"),
  DEVICE("device-", "device_", "netdev_", "chardev-", "object-", "qom-set", "set_link"),
  MACHINE("stop", "cont", "quit", "system_", "inject-nmi", "rtc-", "balloon", "send-key", "input-"),
  HMP("human-monitor-command"),
  DESCRIPTOR("getfd", "closefd", "add-fd", "remove-fd"),
  OTHER("");

  private static final CommandClass[] ALL = values();

  @SuppressWarnings("ImmutableEnumChecker") // List.of makes no other kind
  private final List<String> beginnings;

  CommandClass(String... beginnings) {
    this.beginnings = List.of(beginnings);
  }

  /** The class of a command: the first that fits. */
  static CommandClass of(String command) {
    for (CommandClass each : ALL) {
      for (String beginning : each.beginnings) {
        if (command.startsWith(beginning)) {
          return each;
        }
      }
    }
    return OTHER;
  }

  /** Its name as metrics have it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
