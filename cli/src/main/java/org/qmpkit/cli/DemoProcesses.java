package org.qmpkit.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The processes of the demo and their folder, which are all gone when it ends, however it ends. */
final class DemoProcesses implements AutoCloseable {
  /** Long enough for the helper; unshare heeds no SIGTERM, and takes QEMU with it when killed. */
  private static final int GRACE_MS = 500;

  private final Path folder;
  private final List<Process> running = new ArrayList<>();
  private final Thread hook = new Thread(this::end);

  DemoProcesses() throws IOException {
    folder = Files.createTempDirectory("qmp-demo-");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  /**
   * Starts a program and waits until it has made its socket; blocks, at most 10 s.
   *
   * @throws DemoException if it ends or makes none; the message has the last of what it said
   */
  void start(List<String> command, Path socket) throws IOException, DemoException {
    Path log = folder.resolve(socket.getFileName() + ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    synchronized (running) {
      running.addFirst(process);
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    try {
      while (!Files.exists(socket)) {
        if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
          throw new DemoException(
              command.getFirst() + " made no socket; it said: " + Files.readString(log).strip());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted");
    }
  }

  private void end() {
    synchronized (running) {
      for (Process process : running) {
        process.destroy();
        try {
          if (!process.waitFor(GRACE_MS, TimeUnit.MILLISECONDS)) {
            process.destroyForcibly();
          }
        } catch (InterruptedException e) {
          process.destroyForcibly();
          Thread.currentThread().interrupt();
        }
      }
      running.clear();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      System.err.println("qmp demo: " + folder + " was not removed: " + e);
    }
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(hook);
    end();
  }
}
