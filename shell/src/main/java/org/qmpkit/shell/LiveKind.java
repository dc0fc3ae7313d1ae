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
  /** A network card, by its device's id. */
  NIC,
  /** A netdev, or a card. */
  LINK,
  BUS,
  /** A device with an id. */
  DEVICE,
  /** What {@code object-add} made. */
  OBJECT,
  MEMORY_BACKEND,
  IOTHREAD,
  SECRET,
  CREDENTIALS,
  AUTHORIZATION,
  THROTTLE_GROUP,
  EXPORT,
  /** A processor, by its number. */
  CPU,
  CPU_MODEL,
  QOM_PATH,
  /** A property of the object at {@code path}. */
  PROPERTY,
  SNAPSHOT,
  BITMAP,
  /** A type of QOM of which objects can be made. */
  TYPE,
  /** A type of QOM, and what is abstract. */
  ANY_TYPE,
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
          case "set_link" -> LINK;
          case "query-rx-filter" -> NIC;
          case "announce-self" -> member.equals("interfaces") ? NIC : NONE;
          case "screendump", "input-send-event" -> member.equals("device") ? DEVICE : NONE;
          case "block_set_io_throttle", "block-latency-histogram-set" ->
              member.equals("id") ? DEVICE : null;
          case "block-export-del", "nbd-server-remove" ->
              member.equals("id") || member.equals("name") ? EXPORT : NONE;
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
          case "qom-list-types" -> ANY_TYPE;
          case "qom-list-properties" -> TYPE;
          case "query-cpu-model-expansion",
              "query-cpu-model-comparison",
              "query-cpu-model-baseline" ->
              member.equals("name") ? CPU_MODEL : NONE;
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
    if (command.startsWith("block-dirty-bitmap-")
        || command.equals("x-debug-block-dirty-bitmap-sha256")) {
      return ofBitmap(command, member);
    }
    if (command.startsWith("x-query-virtio-")) {
      return member.equals("path") ? QOM_PATH : NONE;
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
      // These make something, and name what is not there yet.
      case "node-name" ->
          command.equals("blockdev-add") || command.equals("drive-mirror") ? NONE : NODE;
      case "target" -> command.startsWith("drive-") ? NONE : NODE;
      case "device" -> ofDrive(command);
      case "node",
          "image-node-name",
          "bottom",
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
      case "secret", "key-secret", "password-secret", "passwordid", "keyid" -> SECRET;
      case "tls-creds" -> CREDENTIALS;
      case "tls-authz" -> AUTHORIZATION;
      case "throttle-group" -> THROTTLE_GROUP;
      case "cpu-index" -> CPU;
      case "qom-path", "canonical-path", "vcpus" -> QOM_PATH;
      case "typename" -> TYPE;
      default -> NONE;
    };
  }

  /** A {@code device} is a disk for some; for others a file, an address on PCI, and so on. */
  private static LiveKind ofDrive(String command) {
    boolean disk =
        command.startsWith("drive-")
            || command.startsWith("block")
            || command.equals("change-backing-file")
            || command.equals("nbd-server-add");
    return disk && !command.equals("blockdev-add") ? DRIVE_OR_NODE : NONE;
  }
}
