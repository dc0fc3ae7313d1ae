package org.qmpkit.shell;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.jline.reader.impl.history.DefaultHistory;

/**
 * The lines typed earlier, in a file that its owner alone may read: {@code
 * $XDG_STATE_HOME/qmpkit/history}, {@code ~/.local/state} where that is not set. Lines with secrets
 * are not among them.
 *
 * <p>When the file is made, what qmp-shell remembers in {@code ~/.qmp-shell_history} is copied.
 */
final class ShellHistory extends DefaultHistory {
  private final Path file;

  private ShellHistory(Path file) {
    this.file = file;
  }

  /** The history of this user. */
  static ShellHistory ofUser() {
    Path home = Path.of(System.getProperty("user.home"));
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state == null || !state.startsWith("/") ? home.resolve(".local/state") : Path.of(state);
    return of(folder.resolve("qmpkit/history"), home.resolve(".qmp-shell_history"));
  }

  /** The history in a file, which begins with that of another if it is not there yet. */
  static ShellHistory of(Path file, Path other) {
    if (!Files.exists(file)) {
      try {
        begin(file, other);
      } catch (IOException e) {
        // A shell without a memory is better than none.
      }
    }
    return new ShellHistory(file);
  }

  private static void begin(Path file, Path other) throws IOException {
    Files.createDirectories(
        file.toAbsolutePath().getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      return;
    }
    if (Files.isReadable(other)) {
      List<String> lines = Files.readAllLines(other);
      // libedit begins its files with a line of its own.
      Files.write(
          file,
          lines.stream()
              .filter(each -> !each.startsWith("_HiStOrY_") && !Secrets.in(each))
              .toList());
    }
  }

  Path file() {
    return file;
  }

  @Override
  public void add(Instant time, String line) {
    if (!Secrets.in(line)) {
      super.add(time, line);
    }
  }
}
