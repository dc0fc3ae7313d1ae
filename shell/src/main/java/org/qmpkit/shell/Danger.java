package org.qmpkit.shell;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Commands that end the guest, or destroy data that nothing brings back. */
final class Danger {
  private static final Map<String, String> COMMANDS =
      Map.ofEntries(
          Map.entry("quit", "ends QEMU and the guest"),
          Map.entry("system_reset", "resets the guest, as its reset button does"),
          Map.entry("system_powerdown", "asks the guest to power down"),
          Map.entry("inject-nmi", "may make the guest crash"),
          Map.entry("migrate", "moves the guest away when it is done"),
          Map.entry("snapshot-load", "throws away what the guest is now"),
          Map.entry("snapshot-delete", "deletes a snapshot"),
          Map.entry("blockdev-snapshot-delete-internal-sync", "deletes a snapshot"),
          Map.entry("block-dirty-bitmap-remove", "deletes a bitmap"),
          Map.entry("block-dirty-bitmap-clear", "forgets what has changed"),
          Map.entry("block_resize", "may cut a disk"),
          Map.entry("blockdev-create", "overwrites what is there"),
          Map.entry("block-commit", "overwrites the image below"),
          Map.entry("drive-mirror", "overwrites its target"),
          Map.entry("blockdev-mirror", "overwrites its target"),
          Map.entry("drive-backup", "overwrites its target"),
          Map.entry("blockdev-backup", "overwrites its target"),
          Map.entry("device_del", "takes a device from the guest"),
          Map.entry("eject", "takes a medium from the guest"),
          Map.entry("blockdev-remove-medium", "takes a medium from the guest"),
          Map.entry("guest-shutdown", "shuts the guest down"));

  /** Those of the human monitor that have other names there, by their first word. */
  private static final Map<String, String> HUMAN =
      Map.of(
          "loadvm", "throws away what the guest is now",
          "delvm", "deletes a snapshot",
          "snapshot_delete_blkdev_internal", "deletes a snapshot",
          "commit", "overwrites the image below",
          "drive_mirror", "overwrites its target",
          "drive_backup", "overwrites its target");

  private Danger() {}

  /** What is dangerous about a request; null if nothing is. Of a transaction it is an action's. */
  static @Nullable String of(Request request) {
    if (request.name().equals("transaction")) {
      for (var action : request.arguments().path("actions")) {
        String type = action.path("type").asString("");
        if (COMMANDS.containsKey(type)) {
          return type + " in it " + COMMANDS.get(type);
        }
      }
    }
    if (request.name().equals("human-monitor-command")) {
      String first =
          request.arguments().path("command-line").asString("").strip().split("\\s+", 2)[0];
      if (HumanMonitor.ends(first)) {
        return COMMANDS.get("quit");
      }
      String danger = HUMAN.get(first);
      return danger == null ? COMMANDS.get(first) : first + " in it " + danger;
    }
    return COMMANDS.get(request.name());
  }
}
