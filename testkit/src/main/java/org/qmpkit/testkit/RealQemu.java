package org.qmpkit.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A running QEMU with a QMP monitor on a UNIX socket: {@code qemu-system-x86_64}, or what the
 * environment variable {@code QEMU} names. Nothing else may use its monitor while it starts.
 *
 * <p>It is killed with {@link #close}, and when this JVM ends in order.
 */
public final class RealQemu implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int LAST_WORDS = 4096;
  private static final Duration ATTEMPT = Duration.ofSeconds(3);
  private static final Pattern VERSION = Pattern.compile("version (\\d+(?:\\.\\d+)+)");
  // In /proc/PID/task/TID/stat the state follows the name in parentheses, which may hold anything.
  private static final Pattern STATE = Pattern.compile("\\) (\\S) [^)]*\\s*$");

  private final Path directory;
  private final Path socket;
  private final Process process;
  private final List<String> commandLine;
  private final Thread atExit;
  private @Nullable Object socketKey;

  private RealQemu(Path directory, Path socket, Process process, List<String> commandLine) {
    this.directory = directory;
    this.socket = socket;
    this.process = process;
    this.commandLine = List.copyOf(commandLine);
    atExit = new Thread(process::destroyForcibly, "kills QEMU " + process.pid());
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts QEMU with its socket in a private directory and waits until its monitor answers.
   *
   * @param arguments added to the command line; if they name no machine with {@code -M} or {@code
   *     -machine}, an empty and stopped one is used ({@code -M none -S})
   * @throws IllegalStateException if QEMU is not installed
   * @throws IOException if it ends, or does not answer within 30 s; the message has its stderr
   */
  public static RealQemu start(String... arguments) throws IOException {
    return start(QemuProgram.named(""), List.of(arguments));
  }

  /** The same of another program. */
  static RealQemu start(QemuProgram program, List<String> arguments) throws IOException {
    Path directory = Files.createTempDirectory("qmpkit-qemu-");
    return start(directory, directory.resolve("qmp.sock"), program, arguments);
  }

  /**
   * Starts QEMU with its socket at {@code socket}, replacing a stale one, and waits until its
   * monitor answers.
   *
   * @param arguments as for {@link #start(String...)}
   * @throws IllegalStateException if QEMU is not installed
   * @throws IOException if it ends, or does not answer within 30 s; the message has its stderr
   */
  public static RealQemu startAt(Path socket, String... arguments) throws IOException {
    Path directory = Files.createTempDirectory("qmpkit-qemu-");
    return start(directory, socket, QemuProgram.named(""), List.of(arguments));
  }

  /**
   * The installed QEMU's version, such as {@code 7.2.22}. Blocks while QEMU is asked.
   *
   * @throws IllegalStateException if QEMU is not installed, or does not tell within 30 s
   */
  public static String version() {
    String binary = QemuProgram.named("").name();
    Path directory = null;
    try {
      directory = Files.createTempDirectory("qmpkit-qemu-");
      Path output = directory.resolve("stdout");
      Process process = launch(List.of(binary, "--version"), directory);
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(binary + " --version does not end");
      }
      Matcher version = VERSION.matcher(Files.readString(output));
      if (!version.find()) {
        throw new IllegalStateException(
            binary + " --version tells no version: " + Files.readString(output));
      }
      return version.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot ask " + binary + " for its version", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking QEMU for its version", e);
    } finally {
      delete(directory);
    }
  }

  /** The monitor's socket. */
  public Path path() {
    return socket;
  }

  /** QEMU's process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether the process has not ended yet; a paused one has not. */
  public boolean alive() {
    return process.isAlive();
  }

  /** What QEMU has written to standard error so far. */
  public String stderr() {
    try {
      return Files.readString(directory.resolve("stderr"));
    } catch (IOException e) {
      return "(stderr is unreadable: " + e.getMessage() + ")";
    }
  }

  /**
   * Waits until QEMU has ended of itself.
   *
   * @return its exit status
   * @throws AssertionError if it has not within 30 s
   */
  public int awaitExit() {
    if (!ended()) {
      throw new AssertionError("expected QEMU " + pid() + " to end within " + PATIENCE);
    }
    return process.exitValue();
  }

  /** Kills QEMU at once (SIGKILL) and waits for its end. Its socket file stays behind. */
  public void kill() {
    process.destroyForcibly();
    if (!ended()) {
      throw new AssertionError("QEMU " + pid() + " survives SIGKILL for " + PATIENCE);
    }
  }

  /**
   * Stops QEMU in its tracks (SIGSTOP) and waits until all its threads stand still: connections
   * stay, nobody answers.
   *
   * @throws AssertionError if that does not happen
   */
  public void pause() {
    signal("STOP");
    awaitThreads(state -> state == 'T', "stopped");
  }

  /**
   * Lets a paused QEMU go on (SIGCONT).
   *
   * @throws AssertionError if that does not happen
   */
  public void resume() {
    signal("CONT");
    awaitThreads(state -> state != 'T', "running");
  }

  /** Kills QEMU if it still runs, and deletes its files and its socket; again does nothing. */
  @Override
  public void close() {
    try {
      kill();
    } finally {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        // The JVM is ending, and the hook with it.
      }
      deleteSocket();
      delete(directory);
    }
  }

  private static RealQemu start(
      Path directory, Path socket, QemuProgram program, List<String> arguments) throws IOException {
    List<String> line = commandLine(program.name(), socket, arguments);
    Process process;
    try {
      process = launch(line, directory);
    } catch (RuntimeException e) {
      delete(directory);
      throw e;
    }
    RealQemu qemu = new RealQemu(directory, socket, process, line);
    try {
      qemu.awaitService();
      qemu.socketKey = key(socket);
      return qemu;
    } catch (IOException | RuntimeException e) {
      qemu.close();
      throw e;
    }
  }

  /** Its state, its command line and its last words on standard error, for a failure's report. */
  String report() {
    return "QEMU "
        + pid()
        + (alive() ? " runs" : " has ended with status " + process.exitValue())
        + " ("
        + Excerpt.printable(String.join(" ", commandLine))
        + "); stderr: "
        + Excerpt.printable(lastWords());
  }

  private String lastWords() {
    try (SeekableByteChannel file = Files.newByteChannel(directory.resolve("stderr"))) {
      ByteBuffer last = ByteBuffer.allocate(LAST_WORDS);
      file.position(Math.max(0, file.size() - LAST_WORDS));
      while (last.hasRemaining() && file.read(last) > 0) {}
      String text = UTF_8.decode(last.flip()).toString().strip();
      return text.isEmpty() ? "nothing" : text;
    } catch (IOException e) {
      return "unreadable: " + e.getMessage();
    }
  }

  private static List<String> commandLine(String binary, Path socket, List<String> arguments) {
    List<String> line = new ArrayList<>(List.of(binary, "-nodefaults", "-display", "none"));
    if (!arguments.contains("-M") && !arguments.contains("-machine")) {
      line.addAll(List.of("-M", "none", "-S"));
    }
    // QEMU takes a doubled comma for one that belongs to the path.
    String path = socket.toAbsolutePath().toString().replace(",", ",,");
    line.addAll(List.of("-qmp", "unix:" + path + ",server=on,wait=off"));
    line.addAll(arguments);
    return line;
  }

  private static Process launch(List<String> command, Path directory) {
    try {
      return new ProcessBuilder(command)
          .redirectInput(Redirect.from(new File("/dev/null")))
          .redirectOutput(directory.resolve("stdout").toFile())
          .redirectError(directory.resolve("stderr").toFile())
          .start();
    } catch (IOException e) {
      throw new IllegalStateException(new QemuProgram(command.getFirst()).missing(), e);
    }
  }

  private void awaitService() throws IOException {
    Deadline deadline = Deadline.in(PATIENCE);
    String why = "its socket is not there";
    do {
      try (Wire probe = Wire.connectNow(socket)) {
        if (serves(probe, Deadline.in(ATTEMPT))) {
          return;
        }
        why = "its monitor does not answer; " + probe.excerpt();
      } catch (IOException e) {
        why = String.valueOf(e.getMessage());
      }
    } while (process.isAlive() && deadline.pause());
    String state = process.isAlive() ? "not ready within " + PATIENCE : "ended at once";
    throw new IOException(
        commandLine.getFirst() + " is " + state + ": " + why + "; stderr: " + stderr().strip());
  }

  /**
   * Whether the monitor greets and takes a command. Only the answer tells that QEMU has started:
   * one that is left right after its greeting may crash, greet the next client twice, or never
   * answer it. QEMU 7.2 does so once in 300 starts; once in 1,000 it answers nobody who came so
   * early, but who comes after them.
   */
  private static boolean serves(Wire probe, Deadline deadline) throws IOException {
    byte[] command = "{\"execute\": \"qmp_capabilities\"}".getBytes(UTF_8);
    return line(probe, deadline).contains("\"QMP\"")
        && probe.write(ByteBuffer.wrap(command), deadline)
        && line(probe, deadline).contains("\"return\"");
  }

  private static String line(Wire probe, Deadline deadline) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    while (probe.read(bytes, deadline) > 0 && bytes.hasRemaining()) {
      if (bytes.get(bytes.position() - 1) == '\n') {
        break;
      }
    }
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  private void signal(String name) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-" + name, Long.toString(pid())).inheritIO().start();
      if (!kill.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || kill.exitValue() != 0) {
        throw new AssertionError("kill -" + name + " " + pid() + " failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run kill", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while signalling QEMU " + pid(), e);
    }
  }

  private void awaitThreads(Predicate<Character> wanted, String name) {
    Deadline deadline = Deadline.in(PATIENCE);
    do {
      if (threadStates().stream().allMatch(wanted)) {
        return;
      }
    } while (deadline.pause());
    throw new AssertionError(
        "expected QEMU " + pid() + " " + name + "; its threads are " + threadStates());
  }

  private List<Character> threadStates() {
    List<Character> states = new ArrayList<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid() + "/task"))) {
      for (Path task : tasks.toList()) {
        Matcher state = STATE.matcher(Files.readString(task.resolve("stat")));
        if (state.find()) {
          states.add(state.group(1).charAt(0));
        }
      }
    } catch (IOException e) {
      // A thread ended while it was looked at.
      states.add('?');
    }
    return states;
  }

  private boolean ended() {
    try {
      return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the end of QEMU " + pid(), e);
    }
  }

  private static @Nullable Object key(Path socket) {
    try {
      BasicFileAttributes file = Files.readAttributes(socket, BasicFileAttributes.class);
      // File systems give a deleted file's number to the next one: the number alone won't do.
      return List.of(String.valueOf(file.fileKey()), file.lastModifiedTime());
    } catch (IOException e) {
      return null;
    }
  }

  /** Deletes the socket file unless another QEMU has put its own there since. */
  private void deleteSocket() {
    Object key = key(socket);
    if (key != null && key.equals(socketKey)) {
      delete(socket);
    }
  }

  private static void delete(@Nullable Path tree) {
    if (tree == null || !Files.exists(tree)) {
      return;
    }
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + tree, e);
    }
  }
}
