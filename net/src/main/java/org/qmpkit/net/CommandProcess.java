package org.qmpkit.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A command that {@code /bin/sh} runs, in a session and process group of its own where the host has
 * {@code setsid} (util-linux). The whole group is ended with it: SIGTERM, and SIGKILL to what is
 * left a second later.
 */
final class CommandProcess implements PumpEndpoint.Owner {
  static final Path SHELL = Path.of("/bin/sh");

  private static final List<String> NEW_GROUP =
      List.of("/usr/bin/setsid", "/bin/setsid").stream()
          .filter(file -> Files.isExecutable(Path.of(file)))
          .limit(1)
          .toList();
  // A process of its own does this, since it must go on when this JVM has ended.
  private static final String END_GROUPS =
      """
      for p; do kill -s TERM -- -$p; done
      for i in 1 2 3 4 5 6 7 8 9 10; do
        alive=
        for p; do kill -s 0 -- -$p && alive=1; done
        [ -n "$alive" ] || exit 0
        sleep 0.1
      done
      for p; do kill -s KILL -- -$p; done
      """;
  private static final long PATIENCE_SECONDS = 1;
  private static final int NOT_EXECUTABLE = 126;
  private static final int NOT_FOUND = 127;
  private static final int SIGNALLED = 128;

  /** Those whose groups are still to be ended when the JVM ends. */
  private static final Set<CommandProcess> LIVING = livingUntilExit();

  private final String peer;
  private final Process process;
  private final CommandErrors errors;
  private final Thread errorPump;
  private final AtomicBoolean ended = new AtomicBoolean();

  private CommandProcess(String peer, Process process, Consumer<String> said) {
    this.peer = peer;
    this.process = process;
    errors = new CommandErrors("exec[" + process.pid() + "]: ", said);
    errorPump =
        Thread.ofPlatform()
            .daemon()
            .name("stderr of " + peer)
            .start(() -> errors.pump(process.getErrorStream()));
  }

  /**
   * Starts a command; blocks for that.
   *
   * @param said takes each line of its standard error, at most so many
   * @throws IOException if the system cannot start the shell
   */
  static CommandProcess start(String command, String peer, Consumer<String> said)
      throws IOException {
    List<String> line = new ArrayList<>(NEW_GROUP);
    line.addAll(List.of(SHELL.toString(), "-c", command));
    CommandProcess started = new CommandProcess(peer, new ProcessBuilder(line).start(), said);
    LIVING.add(started);
    return started;
  }

  InputStream output() {
    return process.getInputStream();
  }

  OutputStream input() {
    return process.getOutputStream();
  }

  @Override
  public @Nullable IOException ended() {
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return null; // it has closed its output, and goes on
      }
      errorPump.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
    // Now, while what is left keeps the group's number from being given to others.
    end();
    int status = process.exitValue();
    return status == 0 ? null : new IOException("cannot read from " + peer + ": " + reason(status));
  }

  private String reason(int status) {
    String last = errors.last();
    return "the command ended with status "
        + status
        + (last.isEmpty() ? "" : " and said '" + last + "'")
        + switch (status) {
          case NOT_FOUND -> "; it was not found: check its name and PATH";
          case NOT_EXECUTABLE -> "; it may not be executed: check its mode";
          default -> status > SIGNALLED ? "; signal " + (status - SIGNALLED) + " ended it" : "";
        };
  }

  @Override
  public void closed() {
    Thread.ofPlatform().daemon().name("end of " + peer).start(this::end);
  }

  private void end() {
    if (ended.compareAndSet(false, true)) {
      endAll(List.of(this));
      LIVING.remove(this);
    }
  }

  private static void endAll(List<CommandProcess> all) {
    if (NEW_GROUP.isEmpty()) {
      // Without groups, those that are its descendants now.
      for (CommandProcess each : all) {
        each.process.descendants().forEach(ProcessHandle::destroyForcibly);
        each.process.destroyForcibly();
      }
      return;
    }
    List<String> line = new ArrayList<>(NEW_GROUP);
    line.addAll(List.of(SHELL.toString(), "-c", END_GROUPS, "sh"));
    all.forEach(each -> line.add(Long.toString(each.process.pid())));
    try {
      new ProcessBuilder(line)
          .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
          .redirectOutput(Redirect.DISCARD)
          .redirectError(Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      all.forEach(each -> each.process.destroyForcibly()); // better than nothing
    }
  }

  private static Set<CommandProcess> livingUntilExit() {
    Set<CommandProcess> living = ConcurrentHashMap.newKeySet();
    Thread last =
        new Thread(
            () -> {
              if (!living.isEmpty()) {
                endAll(List.copyOf(living));
              }
            },
            "end of exec:");
    Runtime.getRuntime().addShutdownHook(last);
    return living;
  }
}
