package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.charset.StandardCharsets;
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
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LD_PRELOAD", OUT.resolve("argo-devices.so").toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
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
