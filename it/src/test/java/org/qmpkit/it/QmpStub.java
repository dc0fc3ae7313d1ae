package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The program {@code qmp-stub}, compiled once; and the QEMU that it starts: {@code
 * qemu-system-x86_64}, or what the environment variable {@code QEMU} names, with what {@code
 * QEMU_FLAGS} adds.
 */
final class QmpStub {
  /** The one that loads libxenvchan. */
  static final Path PROGRAM = compiled("qmp-stub", List.of());

  private static final String FLAGS = environment("QEMU_FLAGS", "");

  private QmpStub() {}

  /** The one that is linked statically. */
  static Path statically() {
    return compiled("qmp-stub-static", List.of("-DQMP_STUB_STATIC", "-static"));
  }

  private static Path compiled(String name, List<String> more) {
    Path root = Path.of(System.getProperty("qmpkit.it.root"));
    Path program = root.resolve("it/target/stub").resolve(name);
    List<String> words = new ArrayList<>(List.of("cc", "-std=c11", "-O1", "-Wall", "-Wextra"));
    words.addAll(
        List.of("-Werror", "-DQMP_STUB_VERSION=\"test\"", "-I" + root.resolve("stub/core")));
    words.addAll(more);
    words.addAll(List.of("-o", program.toString()));
    try {
      Files.createDirectories(program.getParent());
      for (String folder : List.of("stub/core", "stub/qmp-stub")) {
        try (Stream<Path> files = Files.list(root.resolve(folder))) {
          files.map(Path::toString).filter(each -> each.endsWith(".c")).forEach(words::add);
        }
      }
    } catch (IOException e) {
      throw new AssertionError("the sources of qmp-stub can't be read", e);
    }
    Program.Outcome outcome = Program.outcome(new ProcessBuilder(words));
    assertEquals(0, outcome.status(), outcome::err);
    return program;
  }

  private static String environment(String name, String otherwise) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? otherwise : value;
  }

  /** The words of a QEMU with an empty machine, or the one that the arguments have. */
  static List<String> qemu(String... arguments) {
    List<String> words = new ArrayList<>(List.of(environment("QEMU", "qemu-system-x86_64")));
    words.addAll(List.of("-nodefaults", "-display", "none", "-S"));
    words.addAll(List.of(flags()));
    if (!List.of(arguments).contains("-M")) {
      words.addAll(List.of("-M", "none"));
    }
    words.addAll(Arrays.asList(arguments));
    return words;
  }

  /** What this QEMU needs besides. */
  static String[] flags() {
    return FLAGS.isEmpty() ? new String[0] : FLAGS.split(" ");
  }

  /** Whether this QEMU runs what is in its machine. */
  static boolean emulates() {
    return !FLAGS.contains("qtest");
  }

  /** Whether a process is of our stub, and of a host, and has not ended. */
  static boolean isOf(ProcessHandle process, Path host) {
    try {
      Path proc = Path.of("/proc/" + process.pid());
      return Files.readString(proc.resolve("comm")).startsWith("qmp-stub")
          && Files.readString(proc.resolve("environ")).contains("ARGO_HOST=" + host);
    } catch (IOException e) {
      return false; // it has ended
    }
  }
}
