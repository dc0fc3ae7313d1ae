package org.qmpkit.shell;

/** What an argument names. */
enum LiveKind {
  /** Nothing that is there already. */
  NONE,
  NODE,
  DRIVE,
  DRIVE_OR_NODE,
  JOB,
  CHARDEV,
  NETDEV,
  BUS,
  /** A device with an id. */
  DEVICE,
  /** What {@code object-add} made. */
  OBJECT,
  MEMORY_BACKEND,
  IOTHREAD,
  SECRET,
  CREDENTIALS,
  THROTTLE_GROUP,
  QOM_PATH,
  /** A property of the object at {@code path}. */
  PROPERTY,
  SNAPSHOT,
  BITMAP,
  /** A type of QOM. */
  TYPE,
  /** A type of which devices can be made. */
  DEVICE_TYPE;

  /**
   * What an argument names; the schema tells no more than that it is a string.
   *
   * @param command of QEMU, or the type of an action in a transaction
   * @param member the argument, or a member of it
   */
  static LiveKind of(String command, String member) {
    LiveKind special =
        switch (command) {
          case "device_add" -> ofDevice(member);
          case "device_del" -> member.equals("id") ? DEVICE : NONE;
          case "netdev_del" -> NETDEV;
          case "set_link" -> NETDEV;
          case "query-rx-filter" -> DEVICE;
          case "chardev-remove", "chardev-change", "chardev-send-break" ->
              member.equals("id") ? CHARDEV : null;
          case "ringbuf-read", "ringbuf-write" -> member.equals("device") ? CHARDEV : NONE;
          case "object-del" -> OBJECT;
          case "qom-get", "qom-set" ->
              switch (member) {
                case "path" -> QOM_PATH;
                case "property" -> PROPERTY;
                default -> NONE;
              };
          case "qom-list" -> QOM_PATH;
          case "qom-list-types", "qom-list-properties" -> TYPE;
          case "device-list-properties" -> DEVICE_TYPE;
          case "eject",
              "blockdev-open-tray",
              "blockdev-close-tray",
              "blockdev-insert-medium",
              "blockdev-remove-medium",
              "blockdev-change-medium" ->
              switch (member) {
                case "id" -> DEVICE;
                case "device" -> DRIVE;
                case "node-name" -> NODE;
                default -> NONE;
              };
          case "blockdev-snapshot-delete-internal-sync" ->
              member.equals("device") ? DRIVE_OR_NODE : SNAPSHOT;
          case "snapshot-load", "snapshot-delete", "snapshot-save" ->
              switch (member) {
                case "tag" -> command.equals("snapshot-save") ? NONE : SNAPSHOT;
                case "vmstate", "devices" -> NODE;
                default -> NONE;
              };
          default -> null;
        };
    if (special != null) {
      return special;
    }
    if (command.startsWith("job-") || command.startsWith("block-job-")) {
      return member.equals("id") || member.equals("device") ? JOB : NONE;
    }
    if (command.startsWith("block-dirty-bitmap-")) {
      return ofBitmap(command, member);
    }
    return ofName(command, member);
  }

  private static LiveKind ofDevice(String member) {
    return switch (member) {
      case "driver" -> DEVICE_TYPE;
      case "drive" -> DRIVE_OR_NODE;
      case "bus" -> BUS;
      case "id" -> NONE;
      default -> ofName("", member);
    };
  }

  private static LiveKind ofBitmap(String command, String member) {
    return switch (member) {
      case "node" -> DRIVE_OR_NODE;
      case "name" -> command.equals("block-dirty-bitmap-add") ? NONE : BITMAP;
      case "target", "bitmaps" -> BITMAP;
      default -> NONE;
    };
  }

  /** By the name alone, which means the same in most commands. */
  private static LiveKind ofName(String command, String member) {
    return switch (member) {
      // Where these make something, they name what is not there yet.
      case "node-name" ->
          command.startsWith("blockdev-") && !command.equals("blockdev-del") ? NONE : NODE;
      case "target" -> command.startsWith("drive-") ? NONE : NODE;
      case "device" -> DRIVE_OR_NODE;
      case "node",
          "top-node",
          "base-node",
          "replaces",
          "overlay",
          "parent",
          "children",
          "file",
          "backing",
          "image",
          "data-file",
          "raw",
          "blkdebug" ->
          command.isEmpty() ? NONE : NODE;
      case "bitmap" -> BITMAP;
      case "chardev", "server-chardev" -> CHARDEV;
      case "netdev" -> NETDEV;
      case "memdev", "hostmem" -> MEMORY_BACKEND;
      case "iothread" -> IOTHREAD;
      case "secret", "key-secret", "password-secret", "passwordid" -> SECRET;
      case "tls-creds" -> CREDENTIALS;
      case "throttle-group" -> THROTTLE_GROUP;
      case "qom-path", "canonical-path" -> QOM_PATH;
      case "typename" -> TYPE;
      default -> NONE;
    };
  }
}
