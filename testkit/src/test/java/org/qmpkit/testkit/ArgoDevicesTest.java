package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** The emulated Argo and V4V devices do what the real ones do; the tests themselves are in C. */
@Timeout(120)
class ArgoDevicesTest {
  private static final Path OUT = Path.of("target", "argo").toAbsolutePath();

  private record Ended(int status, String output) {}

  private static Ended run(String... command) throws Exception {
    // Not a pipe, of which a process that is left over would never let go.
    Path said = OUT.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(said.toFile());
    builder.environment().put("LD_PRELOAD", OUT.resolve("argo-devices.so").toString());
    int status = builder.start().waitFor();
    return new Ended(status, Files.readString(said));
  }

  private static void build() throws Exception {
    Process build = new ProcessBuilder("src/main/c/argo/build", OUT.toString()).inheritIO().start();
    assertEquals(0, build.waitFor());
  }

  @TestFactory
  Stream<DynamicTest> behaveAsTheRealOnes() throws Exception {
    build();
    String selftest = OUT.resolve("argo-selftest").toString();
    List<String> names = run(selftest, "--list").output().lines().toList();
    assertTrue(names.size() > 30, names::toString);
    return names.stream()
        .map(name ->
            dynamicTest(
                name,
                () -> {
                  Ended ended = run(selftest, name);
                  assertEquals(0, ended.status(), ended.output());
                }));
  }
}
