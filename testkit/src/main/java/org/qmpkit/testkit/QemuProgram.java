package org.qmpkit.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program that is a QEMU.
 *
 * @param name as it is started: a path, or what the folders of {@code $PATH} are searched for
 */
record QemuProgram(String name) {
  /**
   * The program that is meant.
   *
   * @param name "" for what {@code $QEMU} names, or {@code qemu-system-x86_64}
   */
  static QemuProgram named(String name) {
    String named = name.isEmpty() ? System.getenv("QEMU") : name;
    return new QemuProgram(named == null || named.isEmpty() ? "qemu-system-x86_64" : named);
  }

  boolean isInstalled() {
    Stream<String> folders =
        name.contains("/")
            ? Stream.of("")
            : Pattern.compile(":").splitAsStream(String.valueOf(System.getenv("PATH")));
    return folders.anyMatch(each -> Files.isExecutable(Path.of(each, name)));
  }

  /** What to do where it is missing, with the name of Debian's package. */
  String missing() {
    String deb =
        switch (name.substring(name.lastIndexOf('/') + 1)) {
          case "qemu-system-x86_64", "qemu-system-i386" -> "qemu-system-x86";
          case "qemu-system-aarch64", "qemu-system-arm" -> "qemu-system-arm";
          case "qemu-system-ppc64", "qemu-system-ppc" -> "qemu-system-ppc";
          default -> "qemu-system-misc";
        };
    return "cannot run "
        + name
        + ": install it with `apt-get install "
        + deb
        + "`, or name another in $QEMU";
  }
}
