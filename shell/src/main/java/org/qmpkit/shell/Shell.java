package org.qmpkit.shell;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.shell.Monitor.Link;

/** The shell: from its command line to its exit status. */
public final class Shell {
  /** When to say that it takes its time to connect. */
  private static final Duration SILENCE = Duration.ofSeconds(1);

  private Shell() {}

  /**
   * Runs a shell to its end; blocks.
   *
   * @param terminal whether a person sits at standard input
   * @return an {@link ExitStatus}
   */
  public static int run(ShellOptions options, boolean terminal) {
    try (Monitor monitor = monitor(options)) {
      return run(options, terminal, monitor, monitor::connect, new Notes());
    }
  }

  static Monitor monitor(ShellOptions options) {
    QmpOptions usual = QmpOptions.DEFAULT;
    return new Monitor(
        options.address(),
        options.negotiates() ? usual : usual.withoutNegotiation(),
        options.timeout(),
        true);
  }

  /**
   * Runs a shell on a monitor to its end; blocks.
   *
   * @param connect makes the first connection, while the terminal is made ready
   * @param notes what others have to say on the screen
   */
  static int run(
      ShellOptions options,
      boolean terminal,
      Monitor monitor,
      Callable<Link> connect,
      Notes notes) {
    try {
      if (options.recording() != null) {
        monitor.record(Recorder.start(options.recording(), notes::add));
      }
      return converse(options, terminal, monitor, connect, notes);
    } catch (IOException e) {
      System.err.println("ERROR: " + e.getMessage());
      return ExitStatus.USAGE;
    } finally {
      monitor.record(null);
    }
  }

  private static int converse(
      ShellOptions options, boolean terminal, Monitor monitor, Callable<Link> connect, Notes notes)
      throws IOException {
    FutureTask<Link> connecting = new FutureTask<>(connect);
    Thread.ofPlatform().daemon().name("qmp connect").start(connecting);
    Knowledge knowledge = new Knowledge();
    Completion completion = new Completion(knowledge, new LiveNames(monitor::client));
    CancelKey key = new CancelKey();
    try (RequestLog log = log(options.log());
        Screen screen = screen(options, terminal, completion, key)) {
      notes.flow(screen::say);
      Link first;
      key.enter();
      try {
        first = await(connecting, monitor, screen);
      } catch (InterruptedException e) {
        connecting.cancel(true);
        return ExitStatus.INTERRUPTED;
      } catch (ExecutionException e) {
        return failed(e.getCause(), monitor, screen);
      } finally {
        key.leave();
      }
      Session session = new Session(options, screen, monitor, knowledge, key, log);
      try (Peers _ = session.peers()) {
        return new Conversation(options, session, completion).run(first);
      } finally {
        // While there is a screen to say it on, if it does not end well.
        monitor.record(null);
      }
    }
  }

  private static Screen screen(
      ShellOptions options, boolean terminal, Completion completion, CancelKey key)
      throws IOException {
    if (terminal && options.lines().isEmpty() && options.script() == null) {
      return TerminalScreen.open(
          ShellHistory.ofUser(!options.hmp()), completion, key::press, options.pages());
    }
    Reader in;
    if (!options.lines().isEmpty()) {
      in = new StringReader(String.join("\n", options.lines()));
    } else if (options.script() != null) {
      in = script(options.script());
    } else {
      in = new InputStreamReader(System.in, Charset.defaultCharset());
    }
    return new StreamScreen(in, System.out, System.err);
  }

  private static Reader script(Path file) throws IOException {
    try {
      if (Files.isDirectory(file)) {
        throw new IOException("it is a folder");
      }
      return new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IOException("cannot read the script " + file + ": " + Reasons.of(e), e);
    }
  }

  private static @Nullable RequestLog log(@Nullable Path file) throws IOException {
    try {
      return file == null ? null : RequestLog.open(file);
    } catch (IOException e) {
      throw new IOException("cannot open the log " + file + ": " + Reasons.of(e), e);
    }
  }

  private static Link await(FutureTask<Link> connecting, Monitor monitor, Screen screen)
      throws InterruptedException, ExecutionException {
    try {
      return connecting.get(SILENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      screen.say("waiting for " + monitor.address() + " to greet …");
      return connecting.get();
    }
  }

  private static int failed(@Nullable Throwable cause, Monitor monitor, Screen screen) {
    return switch (cause) {
      case QmpException why -> {
        screen.say(screen.palette().error(Refused.text(monitor.address(), why)));
        yield ExitStatus.of(why);
      }
      case IOException why -> {
        screen.say(screen.palette().error("ERROR: " + why.getMessage()));
        yield ExitStatus.UNREACHABLE;
      }
      case null, default -> throw new IllegalStateException("a fault of qmpkit: " + cause, cause);
    };
  }
}
