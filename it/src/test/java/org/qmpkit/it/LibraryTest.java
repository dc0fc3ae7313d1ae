package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.it.Messages.command;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.it.Program.Outcome;
import org.qmpkit.testkit.LineClient;
import org.qmpkit.testkit.RealQemu;

/** The library as other programs use it: a module that requires it, and nothing besides. */
@Timeout(300)
class LibraryTest {
  private static final String MODULE = "module consumer { requires org.qmpkit.client; }";

  private static final String MAIN =
      """
      package consumer;

      import java.time.Duration;
      import org.qmpkit.client.EventFilter;
      import org.qmpkit.client.QmpClient;
      import org.qmpkit.client.Subscription;

      public class Main {
        public static void main(String[] args) throws Exception {
          try (QmpClient client = QmpClient.connect(args[0])) {
            System.out.println(client.execute("query-status").get("status").asString());
            System.out.println(client.schema().command("stop").isPresent());
            if (args.length > 1) {
              follow(client, args[1], Integer.parseInt(args[2]));
            }
          }
        }

        private static void follow(QmpClient client, String since, int events) throws Exception {
          EventFilter all = EventFilter.all();
          try (Subscription following =
              since.isEmpty() ? client.follow(all) : client.follow(all, since)) {
            for (int i = 0; i < events; i++) {
              System.out.println(following.next(Duration.ofMinutes(1)).orElseThrow().name());
            }
            System.out.println(following.cursor().orElseThrow());
          }
        }
      }
      """;

  private final Path folder;
  private final Path classes;
  private final String path;

  LibraryTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    classes = folder.resolve("classes");
    path =
        Program.libraryPath().stream()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    compile();
  }

  private void compile() throws IOException {
    Path source = Files.createDirectories(folder.resolve("source/consumer"));
    List<Path> files =
        List.of(
            Files.writeString(source.resolveSibling("module-info.java"), MODULE),
            Files.writeString(source.resolve("Main.java"), MAIN),
            Program.root().resolve("it/src/test/resources/consumer/Snippets.java"));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      List<String> options = List.of("--module-path", path, "-d", classes.toString());
      boolean done =
          compiler
              .getTask(
                  said, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files))
              .call();
      assertTrue(done, said::toString);
    }
  }

  /** What the program prints, to the end, which must be a good one. */
  private List<String> run(Path socket, String... arguments) {
    return run("consumer.Main", socket, arguments);
  }

  private List<String> run(String main, Path socket, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                classes + File.pathSeparator + path,
                "-m",
                "consumer/" + main,
                "unix:" + socket));
    command.addAll(List.of(arguments));
    Outcome outcome = Program.outcome(new ProcessBuilder(command));
    assertEquals("", outcome.err());
    assertEquals(0, outcome.status());
    return outcome.out().lines().toList();
  }

  @Test
  void aModuleThatRequiresItTalksToQemu() throws Exception {
    try (RealQemu qemu = RealQemu.startAt(folder.resolve("qemu.sock"))) {
      assertEquals(List.of("prelaunch", "true"), run(qemu.path()));
    }
  }

  @Test
  void whatTheGuideShowsRuns() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder)) {
      List<String> said = run("consumer.Snippets", shared.socket());
      assertEquals("QEMU " + RealQemu.version(), said.getFirst());
      // The nodes of QEMU's own naming are in between.
      assertEquals(
          List.of(
              "prelaunch",
              "disk 1048576",
              "CommandNotFound: The command no-such-command has not been found",
              "unnamed false",
              "RESUME",
              "this QEMU takes snapshots",
              "device (optional)",
              "node-name (optional)",
              "size",
              "STOP",
              "true",
              "done"),
          said.stream().skip(1).filter(line -> !line.startsWith("#")).toList());
    }
  }

  @Test
  void whoComesBackToAHelperMissesNothing() throws Exception {
    try (SharedQemu shared = SharedQemu.start(folder);
        LineClient operator = shared.client()) {
      String first = run(shared.socket(), "", "0").getLast();
      operator.ask(command("cont", "1"));
      operator.ask(command("stop", "2"));
      List<String> second = run(shared.socket(), first, "1");
      assertEquals(List.of("paused", "true", "RESUME"), second.subList(0, 3));
      operator.ask(command("cont", "3"));
      List<String> third = run(shared.socket(), second.getLast(), "2");
      assertEquals(List.of("running", "true", "STOP", "RESUME"), third.subList(0, 4));
    }
  }
}
