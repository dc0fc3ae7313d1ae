package org.qmpkit.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.testkit.RealQemu;
import org.qmpkit.testkit.WithQemu;

/** Views where the library and the program are modules: who may make whose records. */
@Timeout(120)
@WithQemu
class ViewsOfModulesTest {
  private static final String MAIN =
      """
      package app;

      import org.qmpkit.client.QmpClient;
      import org.qmpkit.client.StatusInfo;

      public final class Main {
        public record Status(String status) {}

        public static void main(String[] arguments) throws Exception {
          try (QmpClient qemu = QmpClient.connect(arguments[0])) {
            System.out.println(qemu.execute("query-status", StatusInfo.class).status());
            System.out.println(qemu.execute("query-status", Status.class).status());
          } catch (IllegalArgumentException e) {
            System.out.println(e.getMessage());
          }
        }
      }
      """;

  @TempDir private Path folder;

  /** What a module of that declaration prints. */
  private List<String> run(RealQemu qemu, String exports) throws Exception {
    Path declaration = folder.resolve("module-info.java");
    Path main = folder.resolve("Main.java");
    Files.writeString(declaration, "module app { requires org.qmpkit.client; " + exports + " }");
    Files.writeString(main, MAIN);
    // Of the libraries for tests, some are no modules.
    String modules =
        Pattern.compile(File.pathSeparator)
            .splitAsStream(System.getProperty("java.class.path"))
            .filter(each ->
                each.matches(
                    ".*/(jackson|jspecify)-?[^/]*\\.jar|.*/(client|protocol|net)/target/classes/?|.*/qmpkit-(protocol|net)-[^/]*\\.jar"))
            .collect(Collectors.joining(File.pathSeparator));
    String out = folder.resolve("classes").toString();
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-p",
                modules,
                "-d",
                out,
                declaration.toString(),
                main.toString());
    assertEquals(0, compiled);
    Path printed = folder.resolve("printed");
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                modules + File.pathSeparator + out,
                "-m",
                "app/app.Main",
                qemu.path().toString())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(printed.toFile()))
            .start();
    assertTrue(java.waitFor(60, TimeUnit.SECONDS), "the program does not end");
    return Files.readAllLines(printed);
  }

  @Test
  void onesThatAreExportedOrOpenedAreMade(RealQemu qemu) throws Exception {
    List<String> both = List.of("PRELAUNCH", "prelaunch");
    assertEquals(both, run(qemu, "exports app;"));
    assertEquals(both, run(qemu, "opens app to tools.jackson.databind;"));
  }

  @Test
  void othersAreTheProgramsFaultWhichSaysWhatToDo(RealQemu qemu) throws Exception {
    List<String> printed = run(qemu, "");
    assertEquals("PRELAUNCH", printed.getFirst());
    assertTrue(
        printed.get(1).startsWith("app.Main$Status must be a record that Jackson may make"),
        printed::toString);
  }
}
