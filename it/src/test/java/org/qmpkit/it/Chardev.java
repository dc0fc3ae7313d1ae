package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Our chardevs in QEMU: preloaded into the one that is installed, or in one that was built with
 * them, which the environment variable {@code QEMU} then names and {@code QEMU_CHARDEVS=built-in}
 * tells of.
 */
final class Chardev {
  /** Whether they are in QEMU, with all that has to be compiled into it. */
  static final boolean BUILT_IN = "built-in".equals(System.getenv("QEMU_CHARDEVS"));

  /** What can be preloaded, compiled once. */
  static final Path OBJECT = compiled();

  /** What is preloaded into QEMU. */
  static final Optional<Path> PRELOADED = BUILT_IN ? Optional.empty() : Optional.of(OBJECT);

  private Chardev() {}

  private static Path compiled() {
    Path root = Path.of(System.getProperty("qmpkit.it.root"));
    Path folder = root.resolve("it/target/chardev");
    Program.Outcome outcome =
        Program.outcome(new ProcessBuilder("" + root.resolve("stub/chardev/preload"), "" + folder));
    assertEquals(0, outcome.status(), outcome::err);
    return folder.resolve("chardev-argo.so");
  }

  /** Arguments for a monitor on a chardev, which is {@code argo,domid=0} or the like. */
  static List<String> monitor(String chardev, String id) {
    return List.of(
        "-chardev",
        chardev.replaceFirst(",|$", ",id=" + id + ","),
        "-mon",
        "chardev=" + id + ",mode=control");
  }

  /** The same, with more arguments. */
  static List<String> monitorAnd(String chardev, String... more) {
    List<String> words = new ArrayList<>(monitor(chardev, "qmp"));
    words.addAll(List.of(more));
    return words;
  }
}
