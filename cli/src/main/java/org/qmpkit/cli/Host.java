package org.qmpkit.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A machine to be looked at.
 *
 * @param root the folder that its paths begin at: {@code /}, or one that holds another's files
 * @param running whether its programs may be run and its sockets connected to; else it is files
 *     alone, of whoever made them, and its links lead to files of its own
 */
record Host(Path root, boolean running) {
  private static final List<String> PROGRAMS =
      List.of("usr/sbin", "usr/bin", "sbin", "bin", "usr/local/sbin", "usr/local/bin");

  /** What can't be there. */
  private static final Path NOWHERE = Path.of("/dev/null/nowhere");

  private static final int MOST_LINKS = 40;
  private static final int LONGEST = 1 << 20;

  /** Of what a program prints: on a busy host there are thousands of sockets. */
  private static final int LONGEST_OUTPUT = 16 << 20;

  private static final int PATIENCE_SECONDS = 10;

  /** The machine that this program runs on, for which tests may let a folder stand. */
  static Host machine() {
    return new Host(Path.of(System.getProperty("qmpkit.machine", "/")), true);
  }

  /** Whether it is this very machine, which can be asked for more than its files say. */
  boolean here() {
    return running && root.equals(Path.of("/"));
  }

  /** Where a path of it is, given with or without the first slash. */
  Path at(String path) {
    String relative = path.replaceFirst("^/+", "");
    return running ? root.resolve(relative) : inside(relative);
  }

  /** The same with all links followed, as they would be if the root were {@code /}. */
  private Path inside(String path) {
    Deque<String> names = new ArrayDeque<>(List.of(path.split("/", -1)));
    Path reached = root;
    int links = 0;
    while (!names.isEmpty()) {
      String name = names.pop();
      boolean stays = name.isEmpty() || name.equals(".");
      Path next = reached.resolve(name);
      if (name.equals("..")) {
        reached = reached.equals(root) ? root : reached.resolveSibling("");
      } else if (!stays && Files.isSymbolicLink(next)) {
        links++;
        try {
          String to = Files.readSymbolicLink(next).toString();
          reached = to.startsWith("/") ? root : reached;
          List.of(to.split("/", -1)).reversed().forEach(names::push);
        } catch (IOException e) {
          return NOWHERE;
        }
        if (links > MOST_LINKS) {
          return NOWHERE;
        }
      } else if (!stays) {
        reached = next;
      }
    }
    return reached;
  }

  /** Whether a file can be read to its end; in an image there may be anything. */
  private boolean readable(Path file) {
    return running || Files.isRegularFile(file);
  }

  boolean has(String path) {
    return Files.exists(at(path));
  }

  /** The text of a small file, without blanks around it; empty if it can't be read. */
  Optional<String> read(String path) {
    Path file = at(path);
    if (!readable(file)) {
      return Optional.empty();
    }
    try (var in = Files.newInputStream(file)) {
      return Optional.of(new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The command line of a process; no words if it is gone, or the kernel's own. */
  List<String> words(int pid) {
    String line = read("proc/" + pid + "/cmdline").orElse("");
    return line.isEmpty() ? List.of() : List.of(line.replaceFirst("\0$", "").split("\0", -1));
  }

  /** The last lines of a file, at most 1 MiB of it; none if it can't be read. */
  Stream<String> tail(String path) {
    Path place = at(path);
    if (!readable(place)) {
      return Stream.empty();
    }
    try (RandomAccessFile file = new RandomAccessFile(place.toFile(), "r")) {
      byte[] end = new byte[(int) Math.min(LONGEST, file.length())];
      file.seek(file.length() - end.length);
      file.readFully(end);
      return new String(end, StandardCharsets.UTF_8).lines();
    } catch (IOException e) {
      return Stream.empty();
    }
  }

  /**
   * What a program of this machine prints; blocks, at most 10 s.
   *
   * @return empty if it is not installed, fails, or takes too long, or the machine does not run
   */
  Optional<String> run(String program, String... arguments) {
    if (!running) {
      return Optional.empty();
    }
    Optional<Path> found =
        PROGRAMS.stream()
            .map(folder -> at(folder).resolve(program))
            .filter(Files::isExecutable)
            .findFirst();
    return found.flatMap(file -> {
      try {
        Process process =
            new ProcessBuilder(
                    Stream.concat(Stream.of(file.toString()), Stream.of(arguments)).toList())
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
                .redirectError(Redirect.DISCARD)
                .start();
        // Ended from aside: what it prints is read to the end, which may not come.
        process
            .onExit()
            .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .exceptionally(_ -> {
              process.destroyForcibly();
              return process;
            });
        byte[] out = process.getInputStream().readNBytes(LONGEST_OUTPUT);
        process.getInputStream().close();
        return process.waitFor() == 0
            ? Optional.of(new String(out, StandardCharsets.UTF_8))
            : Optional.<String>empty();
      } catch (IOException e) {
        return Optional.empty();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      }
    });
  }

  /** Whether a program is installed there. */
  boolean installed(String program) {
    return PROGRAMS.stream().anyMatch(folder -> Files.isExecutable(at(folder).resolve(program)));
  }
}
