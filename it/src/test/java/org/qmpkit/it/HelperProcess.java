package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A running {@code qmp helper}. It is killed and reaped by {@link #close}, which also fails if the
 * helper wrote anything to standard output or logged a fault of its own.
 */
final class HelperProcess implements AutoCloseable {
  private static final Pattern LISTENS = Pattern.compile(": (shares|relays) .+ at \\S+$");
  private static final Pattern RSS = Pattern.compile("VmRSS:\\s+(\\d+) kB");

  private final Process process;
  private final List<String> log = new ArrayList<>();
  private final List<String> output = new ArrayList<>();
  private final List<Thread> readers;
  private final Thread atExit;

  private HelperProcess(Process process) {
    this.process = process;
    atExit = new Thread(process::destroyForcibly, "kills helper " + process.pid());
    Runtime.getRuntime().addShutdownHook(atExit);
    readers =
        List.of(reader(process.getErrorStream(), log), reader(process.getInputStream(), output));
  }

  /** Starts a helper that shares {@code connect} at {@code listen}, and waits until it listens. */
  static HelperProcess sharing(Path listen, Path connect, String... flags) throws IOException {
    return start(flags, "--listen", "unix:" + listen, "--connect", "unix:" + connect);
  }

  /** Starts a helper that relays {@code connect} at {@code listen}, and waits until it listens. */
  static HelperProcess relaying(Path listen, Path connect, String... flags) throws IOException {
    return start(flags, "--relay", "--listen", "unix:" + listen, "--connect", "unix:" + connect);
  }

  /**
   * Starts a helper and waits until its first route listens.
   *
   * @throws AssertionError if it ends instead, with what it said
   */
  static HelperProcess start(String... flags) throws IOException {
    return start(flags, new String[0]);
  }

  /** Starts a helper that is to share {@code connect} at {@code listen}, and waits for nothing. */
  static HelperProcess launch(Path listen, Path connect) throws IOException {
    return launch("--listen", "unix:" + listen, "--connect", "unix:" + connect);
  }

  private static HelperProcess launch(String... flags) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("helper"));
    arguments.addAll(List.of(flags));
    return started(new ProcessBuilder(Program.command(arguments.toArray(String[]::new))));
  }

  /** Starts what becomes a helper, with nothing to read, and waits for nothing. */
  static HelperProcess started(ProcessBuilder builder) throws IOException {
    return new HelperProcess(builder.redirectInput(Redirect.from(new File("/dev/null"))).start());
  }

  private static HelperProcess start(String[] flags, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.addAll(List.of(flags));
    HelperProcess helper = launch(arguments.toArray(String[]::new));
    try {
      helper.awaitLog(LISTENS.pattern());
      return helper;
    } catch (AssertionError e) {
      helper.end();
      throw e;
    }
  }

  /** A thread of its own: reads of pipes block those that carry virtual ones, of which 256 are. */
  private static Thread reader(InputStream stream, List<String> lines) {
    return Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try (BufferedReader in = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
              synchronized (lines) {
                lines.add(line);
              }
            }
          } catch (IOException e) {
            // The process is gone, and its pipe with it.
          }
        });
  }

  long pid() {
    return process.pid();
  }

  boolean alive() {
    return process.isAlive();
  }

  /** The lines it has logged so far. */
  List<String> log() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }

  /** The lines logged so far in which a pattern is found. */
  List<String> log(String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    return log().stream().filter(line -> wanted.matcher(line).find()).toList();
  }

  /**
   * Waits for a line of the log in which a pattern is found; one that was logged already counts.
   *
   * @throws AssertionError if none comes, or the helper ends without it
   */
  String awaitLog(String pattern) {
    return awaitLog(pattern, 1);
  }

  /** Waits for the {@code n}-th line of the log in which a pattern is found, counted from 1. */
  String awaitLog(String pattern, int n) {
    return Patience.find(
        "line " + n + " of the log with " + pattern,
        () -> {
          boolean over = !process.isAlive() && readersEnded();
          List<String> found = log(pattern);
          if (found.size() < n && over) {
            throw new IOException("the helper has ended; it said: " + String.join("\n", log()));
          }
          return found.size() < n ? Optional.<String>empty() : Optional.of(found.get(n - 1));
        },
        () -> String.join("\n", log()));
  }

  private boolean readersEnded() {
    return readers.stream().noneMatch(Thread::isAlive);
  }

  /** How many descriptors it has open. */
  long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid() + "/fd"))) {
      return open.count();
    } catch (IOException e) {
      throw new UncheckedIOException("the helper's descriptors can't be listed", e);
    }
  }

  /** Its resident memory, in bytes. */
  long rss() {
    return rss(pid());
  }

  /** The resident memory of a process, in bytes. */
  static long rss(long pid) {
    try {
      Matcher size = RSS.matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
      if (size.find()) {
        return Long.parseLong(size.group(1)) * 1024;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the helper's memory can't be read", e);
    }
    throw new AssertionError("the process " + pid + " has no resident memory: it has ended");
  }

  /** Sends it a signal, as {@code TERM}. */
  void signal(String name) {
    Signals.send(name, pid());
  }

  /** Kills it as a crash would (SIGKILL) and waits for its end. */
  void kill() {
    process.destroyForcibly();
    awaitExit();
  }

  /**
   * Waits until it has ended.
   *
   * @return its exit status
   * @throws AssertionError if it has not within a minute
   */
  int awaitExit() {
    if (!Program.ended(process)) {
      throw new AssertionError("the helper does not end; it said: " + String.join("\n", log()));
    }
    return process.exitValue();
  }

  private void end() {
    kill();
    try {
      for (Thread reader : readers) {
        reader.join();
      }
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook with it.
    }
  }

  @Override
  public void close() {
    end();
    List<String> faults = log("fault of the helper's own|^\\s+at |Exception|^OpenJDK|WARNING:");
    if (!faults.isEmpty()) {
      throw new AssertionError("the helper broke: " + String.join("\n", log()));
    }
    synchronized (output) {
      if (!output.isEmpty()) {
        throw new AssertionError("the helper wrote to standard output: " + output);
      }
    }
  }
}
