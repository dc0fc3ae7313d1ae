package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each module of the library has the API that its file api.txt says, so that no change goes unseen.
 */
class PublicApiTest {
  @ParameterizedTest
  @ValueSource(strings = {"protocol", "net", "net-linux", "client", "recording", "testkit"})
  void theApiIsAsItsFileSays(String module) throws IOException {
    List<Path> path = new ArrayList<>();
    for (String each : List.of("testkit", "recording", "client", "net-linux", "net", "protocol")) {
      path.add(Program.root().resolve(each).resolve("target/classes"));
    }
    // Libraries of others: the program's, and JUnit.
    path.add(Program.root().resolve("cli/target/modules"));
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(each -> each.endsWith(".jar"))
        .map(Path::of)
        .forEach(path::add);
    String api = PublicApi.of("org.qmpkit." + module.replace('-', '.'), path);

    Path accepted = Program.root().resolve(module).resolve("api.txt");
    Path found = Program.root().resolve("it/target/api").resolve(module + ".txt");
    Files.createDirectories(found.getParent());
    Files.writeString(found, api);
    assertEquals(
        Files.exists(accepted) ? Files.readString(accepted) : "",
        api,
        () ->
            "the public API of "
                + module
                + " is not what "
                + accepted
                + " says; if that is meant, cp "
                + found
                + " "
                + accepted
                + " and tell of it in CHANGELOG.md");
  }

  @Test
  void whatOthersCanUseIsListedAndNothingElse(@TempDir Path folder) throws IOException {
    compile(
        folder,
        """
        module some {
          requires transitive java.logging;
          requires java.xml;

          exports some;
          exports hidden to java.sql;
        }
        """,
        """
        package hidden;

        public class Hidden {}
        """,
        """
        package some;

        import java.util.List;

        /** Every form there is. */
        public sealed interface Shape<T extends Comparable<T> & Runnable> permits Shape.Dot, Line {
          int SIDES = 4;
          String NAME = "a";

          T of(List<? extends T> all, String... names) throws java.io.IOException;

          default <X extends Exception> void some(int[] few) throws X {}

          static void none() {}

          record Dot<T extends Comparable<T> & Runnable>(long x) implements Shape<T> {
            public T of(List<? extends T> all, String... names) {
              return null;
            }
          }

          @interface Mark {
            int value() default 7;
          }

          enum Colour {
            RED, GREEN
          }
        }
        """,
        """
        package some;

        non-sealed abstract class Line<T extends Comparable<T> & Runnable> implements Shape<T> {
          public void notToBeSeen() {}
        }
        """,
        """
        package some;

        public abstract class Body extends Thread {
          protected final int seen = 0;
          private int own;
          int near;

          protected Body() {}

          Body(int near) {
            this.near = near;
          }

          public static synchronized void go() {}

          protected abstract void come();

          void stay() {}
        }
        """);
    assertEquals(
        """
        module some
        requires transitive java.logging

        package some

        public abstract class Body extends Thread
          protected Body()
          protected abstract void come()
          protected final int seen = 0
          public static void go()

        public sealed interface Shape<T extends Comparable<T> & Runnable> permits Shape.Dot<T>
          String NAME = "a"
          T of(java.util.List<? extends T>, String...) throws java.io.IOException
          default <X extends Exception> void some(int[]) throws X
          int SIDES = 4
          static void none()

        enum Shape.Colour
          GREEN
          RED

        record Shape.Dot<T extends Comparable<T> & Runnable>(long x) implements Shape<T>
          public Dot(long)
          public T of(java.util.List<? extends T>, String...)
          public long x()

        @interface Shape.Mark
          int value() default 7
        """,
        PublicApi.of("some", List.of(folder.resolve("classes"))));
  }

  @Test
  void aModuleThatIsNotThereIsNoEmptyApi(@TempDir Path folder) {
    assertThrows(IllegalArgumentException.class, () -> PublicApi.of("none", List.of(folder)));
  }

  /** Compiles a module out of its descriptor and sources. */
  private static void compile(Path folder, String descriptor, String... sources)
      throws IOException {
    List<Path> files = new ArrayList<>();
    files.add(Files.writeString(folder.resolve("module-info.java"), descriptor));
    for (String source : sources) {
      String name = source.replaceAll("(?s).*?(?:class|interface) (\\w+).*", "$1");
      String within = source.replaceAll("(?s)package (\\w+);.*", "$1");
      files.add(
          Files.writeString(
              Files.createDirectories(folder.resolve(within)).resolve(name + ".java"), source));
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      List<String> options = List.of("-d", folder.resolve("classes").toString());
      assertTrue(
          compiler
              .getTask(
                  said, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files))
              .call(),
          said::toString);
    }
  }
}
