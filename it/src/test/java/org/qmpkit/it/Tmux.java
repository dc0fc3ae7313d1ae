package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A terminal with a program in it, whose keys and screen are a test's: a tmux that knows nothing of
 * others. What the program needs of the environment it is given; there is nothing else.
 *
 * <p>{@link #close} kills it, with what runs in it.
 */
final class Tmux implements AutoCloseable {
  /**
   * Runs a program and tells its status, which tmux itself (3.3a) misses once in a while. Ctrl-C is
   * for the program alone.
   */
  private static final String RUNNER = "trap : INT; status=$1; shift; \"$@\"; echo $? >\"$status\"";

  /** Each look is a process. */
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(25);

  /** A key that the program has not taken note of by then is pressed again. */
  private static final Duration AGAIN = Duration.ofSeconds(5);

  private final Path folder;
  private final Path socket;

  private Tmux(Path folder) {
    this.folder = folder;
    socket = folder.resolve("tmux");
  }

  /**
   * Starts a program on a terminal.
   *
   * @param folder a new one is made in it, for the terminal's own files
   * @param environment of the program, beyond {@code PATH}; {@code TERM} is {@code xterm-256color}
   *     and {@code LC_ALL} is {@code C.UTF-8} unless it has them
   * @throws IllegalStateException if tmux is not installed
   */
  static Tmux start(
      Path folder, int columns, int rows, Map<String, String> environment, List<String> command)
      throws IOException {
    Tmux tmux = new Tmux(Files.createTempDirectory(folder, "tmux-"));
    Files.writeString(
        tmux.settings(),
        """
        set -g remain-on-exit on
        set -g history-limit 100000
        set -g status off
        set -s escape-time 0
        """);
    List<String> words = new ArrayList<>(List.of("new-session", "-d"));
    words.addAll(List.of("-x", Integer.toString(columns), "-y", Integer.toString(rows)));
    words.addAll(List.of("sh", "-c", RUNNER, "sh", tmux.status().toString()));
    words.addAll(List.of("env", "-i", "PATH=" + System.getenv("PATH")));
    words.addAll(List.of("TERM=xterm-256color", "LC_ALL=C.UTF-8"));
    environment.forEach((name, value) -> words.add(name + "=" + value));
    words.addAll(command);
    tmux.tell(words.toArray(String[]::new));
    return tmux;
  }

  /** Starts {@code qmp shell} on a terminal, with its state in a folder. */
  static Tmux shell(
      Path folder, Map<String, String> environment, int columns, int rows, String... arguments)
      throws IOException {
    Map<String, String> all = new HashMap<>(environment);
    all.put("XDG_STATE_HOME", folder.resolve("state").toString());
    String[] words =
        Stream.concat(Stream.of("shell"), Arrays.stream(arguments)).toArray(String[]::new);
    List<String> flags = new ArrayList<>(Program.ON_TERMINAL);
    flags.add("-Duser.home=" + folder);
    return start(folder, columns, rows, all, Program.command(flags, words));
  }

  private Path status() {
    return folder.resolve("status");
  }

  private Path settings() {
    return folder.resolve("tmux.conf");
  }

  /** Presses keys, by tmux's names for them: {@code Enter}, {@code C-c}, {@code Up}. */
  void press(String... keys) {
    List<String> words = new ArrayList<>(List.of("send-keys"));
    words.addAll(Arrays.asList(keys));
    tell(words.toArray(String[]::new));
  }

  /** Types text, and waits until the last line on the screen ends with it. */
  void type(String text) {
    tell("send-keys", "-l", text);
    awaitLastLine("… " + text, line -> line.endsWith(text.stripTrailing()));
  }

  /**
   * Presses Tab and waits until a line of the screen begins so; again after some seconds, since the
   * shell does not wait for a QEMU that takes its time to tell what it has.
   */
  void complete(String line) {
    Patience.until(
        line,
        () -> {
          press("Tab");
          for (long end = System.nanoTime() + AGAIN.toNanos(); System.nanoTime() < end; ) {
            if (look().contains("\n" + line)) {
              return true;
            }
          }
          return false;
        },
        this::text);
  }

  /** Types a line and ends it. */
  void enter(String line) {
    type(line);
    press("Enter");
  }

  /** Types a line, ends it, and waits for the next prompt; returns what came in between. */
  String ask(String prompt, String line) {
    type(line);
    String typed = lastLine();
    press("Enter");
    awaitLastLine(prompt);
    String text = text();
    int from = text.lastIndexOf(typed) + typed.length();
    return text.substring(from, text.length() - prompt.length()).strip();
  }

  /** Pastes text, in brackets if the program asked for them. */
  void paste(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("paste"), text);
    tell("load-buffer", file.toString());
    tell("paste-buffer", "-p");
  }

  /** Changes the terminal's size. */
  void resize(int columns, int rows) {
    tell("resize-window", "-x", Integer.toString(columns), "-y", Integer.toString(rows));
  }

  /** From here on all that the program sends to the terminal goes to a file, too. */
  void record(Path file) {
    tell("pipe-pane", "-o", "cat >'" + file + "'");
  }

  /** What the terminal shows: its rows, without blanks at their ends. */
  List<String> screen() {
    return tell("capture-pane", "-p").lines().toList();
  }

  /** All that has been shown; what is one line to the program is one here, however narrow it is. */
  String text() {
    return tell("capture-pane", "-p", "-J", "-S", "-").stripTrailing();
  }

  /** What tmux knows of the terminal, by one of its formats. */
  String terminal(String format) {
    return tell("display-message", "-p", format).strip();
  }

  /** What the terminal shows, with the sequences that colour it. */
  String colours() {
    return tell("capture-pane", "-p", "-e");
  }

  /** Waits until a text has been shown that has this in it; the number that its group is. */
  double find(Pattern pattern) {
    return Patience.find(
        pattern.toString(),
        () -> {
          Matcher found = pattern.matcher(look());
          return found.find() ? Optional.of(Double.parseDouble(found.group(1))) : Optional.empty();
        },
        this::text);
  }

  /** Waits until a text has been shown. */
  void await(String text) {
    Patience.until("\"" + text + "\" on the screen", () -> look().contains(text), this::text);
  }

  /** Waits until the last line that has something in it is this one. */
  void awaitLastLine(String line) {
    awaitLastLine(line, line::equals);
  }

  private void awaitLastLine(String expected, Predicate<String> wanted) {
    Patience.until(
        "\"" + expected + "\" in the last line", () -> wanted.test(lastLine(look())), this::text);
  }

  /** Waits until the last row that has something in it is this one: of a long line, its end. */
  void awaitLastRow(String row) {
    Patience.until(
        "\"" + row + "\" in the last row",
        () -> {
          LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
          return lastLine(String.join("\n", screen()).stripTrailing()).equals(row);
        },
        this::text);
  }

  private String look() {
    LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    return text();
  }

  private static String lastLine(String text) {
    return text.substring(text.lastIndexOf('\n') + 1).stripTrailing();
  }

  /** The last line that has something in it. */
  String lastLine() {
    return lastLine(text());
  }

  /** The program, and what it has started; nothing if it has ended. */
  List<ProcessHandle> processes() {
    return ProcessHandle.of(Long.parseLong(variable("pane_pid"))).stream()
        .flatMap(ProcessHandle::descendants)
        .toList();
  }

  /** Waits for the program's end; its exit status. */
  int awaitEnd() {
    return Patience.find(
        "the end of what runs on the terminal",
        () -> {
          String status = Files.exists(status()) ? Files.readString(status()) : "";
          return status.endsWith("\n")
              ? Optional.of(Integer.parseInt(status.strip()))
              : Optional.empty();
        },
        this::text);
  }

  private String variable(String name) {
    return tell("display-message", "-p", "#{" + name + "}").strip();
  }

  private String tell(String... words) {
    try {
      return told(words);
    } catch (IOException e) {
      throw new UncheckedIOException("tmux " + words[0] + " failed", e);
    }
  }

  private String told(String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("tmux", "-u", "-S", socket.toString()));
    command.addAll(List.of("-f", settings().toString()));
    command.addAll(Arrays.asList(words));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("TMUX");
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new IllegalStateException("cannot run tmux: install it, `apt-get install tmux`", e);
    }
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!Program.ended(process) || process.exitValue() != 0) {
      throw new IOException(said);
    }
    return said;
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> left = Files.exists(status()) ? List.of() : processes();
    told("kill-server");
    left.forEach(ProcessHandle::destroyForcibly);
  }
}
