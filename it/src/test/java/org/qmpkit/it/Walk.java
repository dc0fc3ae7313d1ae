package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One reader at one terminal, who types the commands of a document: a shell, in a folder that
 * stands for the machine. What is below {@code /tmp}, {@code /run} and so on in the document is
 * below that folder, ports are free ones, and {@code host.example} is this machine. The program is
 * on the path, as {@code qmp}, and in the working folder.
 *
 * <p>A helper is left running, as in a terminal of its own, once it listens. Everything that was
 * started ends with {@link #close}, however far it went.
 */
final class Walk implements AutoCloseable {
  /** Folders of the document's machine. */
  private static final Pattern PLACES =
      Pattern.compile("(?<![\\w.}/-])(?=/(?:tmp|run|var/run|vm|etc/qmpkit|etc/pki)(?:/|$))");

  private static final Pattern HELPER =
      Pattern.compile("^(?:\\./)?(?:qmp helper|qmp_helper) .*", Pattern.DOTALL);
  private static final Pattern LISTENS =
      Pattern.compile("(?m)(?:: (?:shares|relays) .+ at \\S+|^qmp helper: .*|^qmp: .*)$");

  /** It has its QEMU, or knows that it is not there. */
  private static final Pattern SETTLED = Pattern.compile(" is ready|cannot ");

  private static final Duration SETTLING = Duration.ofSeconds(5);
  private static final List<String> PORTS = List.of("4444", "9944");

  /** What documents may run: it does no harm outside of that folder, and is there or is named. */
  private static final Set<String> PROGRAMS =
      Set.of(
          "qmp",
          "./qmp",
          "qmp_helper",
          "qmp-shell",
          "qemu-system-x86_64",
          "qemu-img",
          "qemu-ga",
          "socat",
          "openssl",
          "ssh",
          "ssh-keygen",
          "curl",
          "printf",
          "echo",
          "cat",
          "grep",
          "chmod",
          "mkdir",
          "jq",
          "sleep",
          "export",
          "until",
          "while",
          "wait",
          "kill",
          "command",
          "!",
          "test",
          "cd",
          "{",
          "}",
          "done",
          "if",
          "then",
          "else",
          "fi");

  private static final Pattern FIRST_WORD =
      Pattern.compile("(?:^|&& |\\| |; |& |\\n)(?: *(?:do|then|!) )? *([^\\s;&|]+)");

  /** What is no word of a command, or is one for another program. */
  private static final Pattern QUOTED =
      Pattern.compile("'[^']*'|\"[^\"]*\"|(?m:(?:^|\\s)#.*$)|\\\\\\n");

  private final Path folder;
  private final Map<String, String> words = new LinkedHashMap<>();
  private final Path log;
  private final Process shell;
  private final Writer commands;
  private final BufferedReader ends;
  private final String sign;
  private int count;
  private boolean hangs;

  private Walk(Path folder) throws IOException {
    this.folder = folder;
    sign = "QMPKIT_WALK=" + folder;
    log = folder.resolve("helpers.log");
    Files.createFile(log);
    for (String port : PORTS) {
      words.put(port, freePort());
    }
    words.put("host.example", "localhost");
    words.put("group=users", "group=" + group());
    for (String each : List.of("tmp", "run/qmp", "etc/qmpkit/vm", "vm", "bin", "home", "steps")) {
      Files.createDirectories(folder.resolve(each));
    }
    Path home = folder.resolve("home");
    Program.onPath(folder.resolve("bin"), log);
    Files.createSymbolicLink(home.resolve("qmp"), folder.resolve("bin/qmp"));
    ProcessBuilder builder = new ProcessBuilder("setsid", "bash", "--norc", "--noprofile");
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("XDG_") || name.startsWith("QMP"));
    environment.put("QMPKIT_WALK", folder.toString());
    environment.put("PATH", folder.resolve("bin") + ":" + environment.get("PATH"));
    environment.put("HOME", home.toString());
    environment.put("TERM", "dumb");
    environment.put("LC_ALL", "C.UTF-8");
    shell = builder.directory(home.toFile()).redirectError(Redirect.DISCARD).start();
    commands = shell.outputWriter(UTF_8);
    ends = new BufferedReader(new InputStreamReader(shell.getInputStream(), UTF_8));
  }

  /** Begins one, with nothing done yet. */
  static Walk begin() throws IOException {
    // A short name: sockets are made below it.
    return new Walk(Files.createTempDirectory(Path.of("/tmp"), "walk-").toRealPath());
  }

  /** A group that whoever runs this may give a file to. */
  private static String group() throws IOException {
    return Files.readAttributes(Path.of("/proc/self"), PosixFileAttributes.class).group().getName();
  }

  private static String freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Integer.toString(socket.getLocalPort());
    }
  }

  /** The document's words as they are here. */
  private String here(String text) {
    String placed = PLACES.matcher(text).replaceAll(folder.toString());
    for (Map.Entry<String, String> word : words.entrySet()) {
      placed = placed.replaceAll("\\b" + Pattern.quote(word.getKey()) + "\\b", word.getValue());
    }
    return placed;
  }

  /** What was printed here, in the document's words. */
  private String there(String text) {
    String said = text.replace(folder.toString(), "").replace("\r", "");
    for (String port : PORTS) {
      said = said.replaceAll("\\b" + words.get(port) + "\\b", port);
    }
    return said;
  }

  /** Writes what a document shows of a file. */
  void write(String path, List<String> text) throws IOException {
    Path file = folder.resolve("home").resolve(here(path));
    Files.createDirectories(Optional.ofNullable(file.getParent()).orElseThrow());
    Files.writeString(file, here(String.join("\n", text)) + "\n");
  }

  /** Whether there is a file, as the shell's working folder has it. */
  boolean has(String path) {
    return Files.exists(folder.resolve("home").resolve(here(path)));
  }

  /** The programs of a command that documents may not run. */
  static List<String> unknown(String command) {
    return FIRST_WORD
        .matcher(QUOTED.matcher(command).replaceAll(" "))
        .results()
        .map(found -> found.group(1))
        .filter(each -> !PROGRAMS.contains(each))
        .toList();
  }

  /** Whether a program is installed. */
  boolean installed(String program) throws IOException {
    return execute("command -v " + program, List.of(), 0).status() == 0;
  }

  /**
   * What became of a command.
   *
   * @param output all it printed, in the document's words
   */
  record Outcome(int status, String output) {}

  /**
   * Executes a command.
   *
   * @param input what is typed into it
   * @param lines how many lines it prints before its input may end
   * @throws AssertionError if it does not end, or a helper does not listen
   */
  Outcome execute(String command, List<String> input, int lines) throws IOException {
    if (hangs) {
      throw new AssertionError("was not run: an earlier command has not ended");
    }
    boolean helper = HELPER.matcher(command).matches();
    int from = logged().length();
    Path step = folder.resolve("steps/" + ++count);
    String script = here(helper && !command.endsWith("&") ? command + " &" : command);
    Files.writeString(step.resolveSibling(count + ".sh"), script + "\n");
    Files.writeString(step.resolveSibling(count + ".in"), here(lined(input)));
    String run = "source " + step + ".sh >" + step + ".out 2>&1";
    // Who talks by a pipe is given time for its answers before the input ends.
    String typed =
        input.isEmpty() || lines == 0
            ? run + " <" + step + ".in"
            : "{ cat "
                + step
                + ".in; for _ in $(seq 1000); do [ $(wc -l <"
                + step
                + ".out) -lt "
                + lines
                + " ] || break; sleep 0.02; done; } | "
                + run;
    // A command may ask how the one before it ended.
    commands.write(
        ": >" + step + ".out; (exit ${ended:-0}); " + typed + "; ended=$?; echo ended $ended\n");
    commands.flush();
    int status = end(command);
    if (helper) {
      awaitListening(from, command);
    }
    return new Outcome(status, there(Files.readString(step.resolveSibling(count + ".out"))));
  }

  private static String lined(List<String> lines) {
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  private int end(String command) throws IOException {
    CompletableFuture<String> line =
        CompletableFuture.supplyAsync(() -> {
          try {
            return String.valueOf(ends.readLine());
          } catch (IOException e) {
            return "broken: " + e.getMessage();
          }
        });
    try {
      String end = line.get(Patience.LIMIT.toSeconds(), TimeUnit.SECONDS);
      if (!end.startsWith("ended ")) {
        throw new AssertionError("the shell has ended with: " + command);
      }
      return Integer.parseInt(end.substring("ended ".length()));
    } catch (TimeoutException e) {
      hangs = true;
      Path output = folder.resolve("steps/" + count + ".out");
      throw new AssertionError(
          "it does not end within "
              + Patience.LIMIT
              + "; so far: "
              + there(Files.readString(output)),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during: " + command, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot read of the shell", e);
    }
  }

  private void awaitListening(int from, String command) {
    Patience.until(
        "the helper to listen: " + command,
        () -> LISTENS.matcher(logged().substring(from)).find(),
        this::logged);
    if (!command.contains("--relay")) {
      // A reader is slower than a helper that finds its QEMU.
      long end = System.nanoTime() + SETTLING.toNanos();
      while (!SETTLED.matcher(logged().substring(from)).find() && System.nanoTime() < end) {
        LockSupport.parkNanos(SETTLING.toNanos() / 500);
      }
    }
    List<String> said = LISTENS.matcher(logged()).results().map(each -> each.group()).toList();
    if (said.getLast().startsWith("qmp")) {
      throw new AssertionError("the helper did not start: " + there(said.getLast()));
    }
  }

  private String logged() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return "(its log can't be read: " + e.getMessage() + ")";
    }
  }

  /** Ends what it has started, which bears its sign, and removes its folder. */
  @Override
  public void close() throws IOException {
    shell.destroyForcibly();
    // What is killed may just be starting another.
    Patience.until(
        "the end of all that was started",
        () -> {
          List<ProcessHandle> left = mine();
          left.forEach(ProcessHandle::destroyForcibly);
          return left.isEmpty();
        });
    commands.close();
    ends.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path each : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }

  private List<ProcessHandle> mine() {
    return ProcessHandle.allProcesses().filter(this::isMine).toList();
  }

  private boolean isMine(ProcessHandle process) {
    try {
      // One that has ended and was not waited for has no environment any more.
      String environment =
          Files.readString(Path.of("/proc/" + process.pid() + "/environ"), ISO_8859_1);
      return ("\0" + environment).contains("\0" + sign + "\0");
    } catch (IOException e) {
      return false;
    }
  }
}
