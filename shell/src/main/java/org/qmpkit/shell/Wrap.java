package org.qmpkit.shell;

import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.net.Address;
import org.qmpkit.shell.Monitor.Link;

/**
 * A shell on a QEMU of its own ({@code qmp wrap}), as qmp-shell-wrap: starts QEMU with one monitor
 * more, which dials us. QEMU reads nothing from the terminal, what it says is said by the shell,
 * and it ends with the shell.
 */
public final class Wrap {
  private static final String USUAL = "qemu-system-x86_64";

  /** As qmp-shell-wrap. */
  private static final Duration TO_DIAL = Duration.ofSeconds(15);

  /** The most characters of a line of QEMU's that are shown. */
  private static final int LONGEST = 1000;

  /** Of util-linux; where it is missing, QEMU shares our group, and the terminal's Ctrl-C. */
  private static final List<String> NEW_GROUP =
      Stream.of("/usr/bin/setsid", "/bin/setsid")
          .filter(file -> Files.isExecutable(Path.of(file)))
          .limit(1)
          .toList();

  private static final Duration TO_LISTEN = Duration.ofSeconds(5);
  private static final Duration TO_END = Duration.ofSeconds(5);

  private final Path folder;
  private final List<String> command;
  private final Notes notes = new Notes();
  private @Nullable Process qemu;
  private @Nullable Thread says;
  private boolean over;

  private Wrap(Path folder, List<String> command) {
    this.folder = folder;
    this.command = command;
  }

  /**
   * Runs QEMU and a shell on it to their end; blocks.
   *
   * @param options of the shell; the address in it does not matter
   * @param words QEMU's program and arguments; empty for {@code qemu-system-x86_64}
   * @param terminal as of {@link Shell#run(ShellOptions, boolean)}
   * @return an {@link ExitStatus}
   */
  public static int run(ShellOptions options, List<String> words, boolean terminal) {
    Path folder;
    try {
      folder = Files.createTempDirectory("qmp-wrap-");
    } catch (IOException e) {
      System.err.println("qmp wrap: cannot make a folder for the socket: " + Reasons.of(e));
      return ExitStatus.UNREACHABLE;
    }
    List<String> command = new ArrayList<>(words.isEmpty() ? List.of(USUAL) : words);
    command.addAll(List.of("-qmp", "unix:" + folder.resolve("monitor")));
    return new Wrap(folder, command).run(options, terminal);
  }

  private int run(ShellOptions options, boolean terminal) {
    Address address =
        new Address("unix", folder.resolve("monitor").toString(), Map.of("server", "on"));
    Monitor monitor =
        new Monitor(
            address, QmpOptions.DEFAULT.withConnectTimeout(TO_DIAL), options.timeout(), false);
    Thread atExit = new Thread(this::end, "ends QEMU");
    Runtime.getRuntime().addShutdownHook(atExit);
    try (monitor) {
      return Shell.run(options, terminal, monitor, () -> start(monitor), notes);
    } finally {
      end();
      forget(atExit);
    }
  }

  private static void forget(Thread atExit) {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook with it.
    }
  }

  /** Starts QEMU and lets it dial us. */
  private Link start(Monitor monitor) throws IOException, InterruptedException {
    FutureTask<Link> connecting = new FutureTask<>(monitor::connect);
    Thread.ofPlatform().daemon().name("qmp listen").start(connecting);
    try {
      awaitSocket(connecting);
      Process started = launch();
      var _ = started.onExit().thenRun(() -> connecting.cancel(true));
      return connecting.get();
    } catch (java.util.concurrent.CancellationException e) {
      Process died = process();
      awaitLastWords();
      throw new IOException(
          "QEMU ended"
              + (died == null ? "" : " with status " + died.waitFor())
              + " before it connected",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpException why) {
        throw why;
      }
      throw new IllegalStateException("a fault of qmpkit: " + e.getCause(), e);
    } catch (InterruptedException e) {
      connecting.cancel(true);
      throw e;
    }
  }

  private void awaitSocket(FutureTask<Link> connecting) throws InterruptedException {
    long end = System.nanoTime() + TO_LISTEN.toNanos();
    while (!Files.exists(folder.resolve("monitor"))
        && !connecting.isDone()
        && System.nanoTime() < end) {
      Thread.sleep(Duration.ofMillis(2));
    }
  }

  /** Why QEMU ended is for QEMU to say, first. */
  private void awaitLastWords() throws InterruptedException {
    Thread reader;
    synchronized (this) {
      reader = says;
    }
    if (reader != null) {
      reader.join(TO_END);
    }
  }

  private synchronized @Nullable Process process() {
    return qemu;
  }

  private synchronized Process launch() throws IOException {
    if (over) {
      throw new IOException("the shell has ended");
    }
    if (!isProgram(command.getFirst())) {
      throw new IOException("QEMU executable '" + command.getFirst() + "' not found.");
    }
    // A Ctrl-C on the terminal is for the shell.
    List<String> line = new ArrayList<>(NEW_GROUP);
    line.addAll(command);
    Process started =
        new ProcessBuilder(line)
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .start();
    qemu = started;
    says = Thread.ofPlatform().daemon().name("qemu says").start(() -> pass(started));
    return started;
  }

  private static boolean isProgram(String name) {
    if (name.indexOf('/') >= 0) {
      return Files.isExecutable(Path.of(name));
    }
    for (String folder : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder.isEmpty() ? "." : folder, name))) {
        return true;
      }
    }
    return false;
  }

  /** Whether QEMU is being ended; that it says so is no news. */
  private synchronized boolean isOver() {
    return over;
  }

  private void pass(Process from) {
    try (Reader in = new InputStreamReader(from.getInputStream(), Charset.defaultCharset())) {
      StringBuilder line = new StringBuilder();
      char[] some = new char[8192];
      for (int count; (count = in.read(some)) >= 0; ) {
        for (int i = 0; i < count; i++) {
          if (some[i] == '\n') {
            say(line);
          } else if (line.length() < LONGEST) {
            line.append(some[i]);
          }
        }
      }
      say(line);
    } catch (IOException e) {
      // It is gone.
    }
  }

  private void say(StringBuilder line) {
    if (!line.isEmpty() && !isOver()) {
      notes.add(Printable.text(line.toString().stripTrailing()));
    }
    line.setLength(0);
  }

  /** Ends QEMU, and takes away what was made for it. Idempotent, from any thread. */
  private void end() {
    Process running;
    synchronized (this) {
      over = true;
      running = qemu;
    }
    try {
      if (running != null && running.isAlive()) {
        signal(running, "TERM");
        if (!running.waitFor(TO_END.toMillis(), TimeUnit.MILLISECONDS)) {
          signal(running, "KILL");
        }
      }
      Files.deleteIfExists(folder.resolve("monitor"));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      System.err.println("qmp wrap: cannot remove " + folder + ": " + Reasons.of(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** To all of its group: a script may have started QEMU. */
  private static void signal(Process process, String name)
      throws IOException, InterruptedException {
    if (NEW_GROUP.isEmpty()) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      return;
    }
    new ProcessBuilder("/bin/sh", "-c", "kill -s " + name + " -- -" + process.pid())
        .redirectError(Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
