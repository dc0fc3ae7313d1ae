package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The built program as its launcher runs it: from the module path, with the launcher's JVM flags
 * for the tool and its cache of classes if there is one, in a process of its own.
 *
 * <p>The system property {@code qmpkit.it.jvm} adds flags to every JVM that is started.
 */
final class Program {
  /** What launchers tell the JVM of when both standard input and output are a terminal. */
  static final List<String> ON_TERMINAL = List.of("-Dqmpkit.input=true", "-Dqmpkit.terminal=true");

  /** What is said when a machine is slow, and so is no part of an outcome. */
  private static final Pattern SLOW = Pattern.compile("(?m)^waiting for .+ to greet …\\n");

  private static final Path ROOT = root();
  private static final Path MODULES = ROOT.resolve("cli/target/modules");
  private static final Map<String, List<String>> JVM_FLAGS = new ConcurrentHashMap<>();

  private Program() {}

  /** What became of a run. */
  record Outcome(int status, String out, String err) {
    /** The lines of standard error. */
    List<String> errLines() {
      return err.lines().toList();
    }
  }

  /** Where the modules are that a program of others needs to use the library. */
  static List<Path> libraryPath() throws IOException {
    Path built = ROOT.resolve("client/target");
    try (Stream<Path> jars = Files.list(built)) {
      Path library =
          jars.filter(each ->
                  each.getFileName()
                      .toString()
                      .matches("qmpkit-client-.*(?<!-sources|-javadoc)\\.jar"))
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("there is no jar in " + built));
      // First, since what the tools need may have one as well; all but it is there in any case.
      return List.of(library, MODULES);
    }
  }

  /** The command line that runs the program. */
  static List<String> command(String... arguments) {
    return command(List.of(), arguments);
  }

  /** The command line that runs the program with more flags for its JVM. */
  static List<String> command(List<String> jvmFlags, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String tool = arguments.length == 0 ? "helper" : arguments[0];
    command.addAll(JVM_FLAGS.computeIfAbsent(tool, Program::launcherFlags));
    command.addAll(jvmFlags);
    command.addAll(List.of("-p", MODULES.toString(), "-m", "org.qmpkit.cli/org.qmpkit.cli.Qmp"));
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  /** Makes a script that runs the program with its arguments, as the launcher does. */
  static Path launcher(Path file) throws IOException {
    StringBuilder script = new StringBuilder("#!/bin/sh\nexec");
    command().forEach(word -> script.append(" '").append(word).append("'"));
    Files.writeString(file, script.append(" \"$@\"\n"));
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  /**
   * Makes the program in a folder, under all of its names, to be run as by a person: it answers as
   * on a terminal where that differs.
   *
   * @param log a file to which helpers write what they log
   */
  static void onPath(Path folder, Path log) throws IOException {
    for (String name : List.of("qmp", "qmp-helper", "qmp_helper", "qmp-shell", "qmp-shell-wrap")) {
      String script =
          """
          #!/bin/sh
          . '%s/dist/launch.sh'
          group_of '%s' "${1:-}"
          flags_of "$group"
          case ${0##*/}/${1:-} in
            qmp/helper | qmp?helper/*) exec 2>>'%s' ;;
            qmp/health) flags="$flags -Dqmpkit.terminal=true" ;;
          esac
          exec '%s' $flags -Dqmpkit.called='%s' -p '%s' -m org.qmpkit.cli/org.qmpkit.cli.Qmp "$@"
          """
              .formatted(
                  ROOT,
                  name,
                  log,
                  Path.of(System.getProperty("java.home"), "bin", "java"),
                  name,
                  MODULES);
      Path program = Files.writeString(folder.resolve(name), script);
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /**
   * Runs the program to its end, without a terminal and with nothing to read. Blocks.
   *
   * @throws AssertionError if it does not end
   */
  static Outcome run(String... arguments) {
    return outcome(new ProcessBuilder(command(arguments)));
  }

  /**
   * Runs a command to its end, with nothing to read. Blocks.
   *
   * @throws AssertionError if it does not end
   */
  static Outcome outcome(ProcessBuilder builder) {
    return outcome(builder, new File("/dev/null"));
  }

  /**
   * Runs a command to its end, with a file to read. Blocks.
   *
   * @throws AssertionError if it does not end
   */
  static Outcome outcome(ProcessBuilder builder, File input) {
    Path out = null;
    Path err = null;
    try {
      out = Files.createTempFile("qmpkit-it-", ".out");
      err = Files.createTempFile("qmpkit-it-", ".err");
      Process process =
          builder
              .redirectInput(Redirect.from(input))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!ended(process)) {
        process.destroyForcibly();
        throw new AssertionError(
            String.join(" ", builder.command()) + " does not end; " + Files.readString(err));
      }
      return new Outcome(
          process.exitValue(),
          Files.readString(out, UTF_8),
          SLOW.matcher(Files.readString(err, UTF_8)).replaceAll(""));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + builder.command().getFirst(), e);
    } finally {
      delete(out);
      delete(err);
    }
  }

  /** Waits for a process's end; false if it does not come. */
  static boolean ended(Process process) {
    try {
      return process.waitFor(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for process " + process.pid(), e);
    }
  }

  private static void delete(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + file, e);
    }
  }

  /** The checkout. */
  static Path root() {
    String named = System.getProperty("qmpkit.it.root");
    Path root = named == null ? Path.of("").toAbsolutePath().resolve("..") : Path.of(named);
    return root.normalize();
  }

  /** A cache that is older than what it was made of makes a start slower, not faster. */
  private static boolean isCurrent(Path cache) {
    try (Stream<Path> built = Files.list(MODULES)) {
      FileTime made = Files.getLastModifiedTime(cache);
      for (Path each : built.filter(path -> path.toString().endsWith(".jar")).toList()) {
        if (Files.getLastModifiedTime(each).compareTo(made) > 0) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false; // there is none
    }
  }

  /** The launcher's own flags, so that what is tested is what users run, and those asked for. */
  private static List<String> launcherFlags(String tool) {
    if (!Files.isDirectory(MODULES)) {
      throw new IllegalStateException(
          "there is no " + MODULES + "; build the program first: mvn -DskipTests package");
    }
    String script =
        ". '"
            + ROOT
            + "/dist/launch.sh'; group_of qmp \"$0\"; flags_of \"$group\";"
            + " printf '%s\\n' $flags -XX:AOTCache='"
            + MODULES
            + "/.'$group.aot";
    List<String> flags =
        new ArrayList<>(
            outcome(new ProcessBuilder("sh", "-c", script, tool)).out().lines().toList());
    if (flags.isEmpty()) {
      throw new IllegalStateException("dist/launch.sh has no flags for " + tool);
    }
    String cache = flags.getLast();
    if (!isCurrent(Path.of(cache.substring(cache.indexOf('=') + 1)))) {
      flags.removeLast();
    }
    String more = System.getProperty("qmpkit.it.jvm", "");
    Arrays.stream(more.split(" ", -1)).filter(flag -> !flag.isEmpty()).forEach(flags::add);
    return List.copyOf(flags);
  }
}
