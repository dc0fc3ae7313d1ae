package org.qmpkit.helper;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What a command is about, by how its name begins: few enough to count each apart, whatever names
 * clients make up.
 */
enum CommandClass {
  QUERY("query-|qom-(get|list)|device-list-properties"),
  BLOCK("block|x-blockdev-|drive-|nbd-|change-backing-file|eject|transaction"),
  JOB("job-"),
  MIGRATION("migrate|snapshot-|calc-dirty-rate|xen-(save|load)-devices"),
  DEVICE("device[_-]|netdev_|chardev-|object-|qom-set|set_link"),
  MACHINE("stop|cont|quit|system_|inject-nmi|rtc-|balloon|send-key|input-"),
  HMP("human-monitor-command"),
  DESCRIPTOR("getfd|closefd|(add|remove)-fd"),
  OTHER("");

  private final Pattern beginning;

  CommandClass(String beginning) {
    this.beginning = Pattern.compile(beginning);
  }

  /** The class of a command: the first that fits. */
  static CommandClass of(String command) {
    for (CommandClass each : values()) {
      if (each.beginning.matcher(command).lookingAt()) {
        return each;
      }
    }
    return OTHER;
  }

  /** Its name as metrics have it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
