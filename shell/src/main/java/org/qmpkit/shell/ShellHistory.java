package org.qmpkit.shell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jline.reader.LineReader;
import org.jline.reader.impl.history.DefaultHistory;

/**
 * The lines typed earlier, in a file that its owner alone may read: {@code
 * $XDG_STATE_HOME/qmpkit/history}, {@code ~/.local/state} where that is not set. Lines with secrets
 * are not among them.
 *
 * <p>When the file is made, what qmp-shell remembers in {@code ~/.qmp-shell_history} is copied.
 */
final class ShellHistory extends DefaultHistory {
  /**
   * The first line of a file of libedit, which Python has in the place of readline on some systems.
   */
  private static final String LIBEDIT = "_HiStOrY_V";

  private static final Pattern OCTAL = Pattern.compile("\\\\(?:([0-3][0-7]{2})|\\\\)");

  private final Path file;

  /** A request in JSON whose end has not been typed yet: it is remembered in one piece or not. */
  private final StringBuilder unfinished = new StringBuilder();

  private final boolean json;

  private ShellHistory(Path file, boolean json) {
    this.file = file;
    this.json = json;
  }

  /**
   * The history of this user.
   *
   * @param json whether a line that begins with a brace is JSON, and so may have others to follow
   */
  static ShellHistory ofUser(boolean json) {
    Path home = Path.of(System.getProperty("user.home"));
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state == null || !state.startsWith("/") ? home.resolve(".local/state") : Path.of(state);
    return of(folder.resolve("qmpkit/history"), home.resolve(".qmp-shell_history"), json);
  }

  /** The history in a file, which begins with that of another if it is not there yet. */
  static ShellHistory of(Path file, Path other, boolean json) {
    if (!Files.exists(file)) {
      try {
        begin(file, other);
      } catch (IOException e) {
        // A shell without a memory is better than none.
      }
    }
    return new ShellHistory(file, json);
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
      List<String> lines = text(other).toList();
      boolean libedit = !lines.isEmpty() && lines.getFirst().startsWith(LIBEDIT);
      Files.write(
          file,
          lines.stream()
              .skip(libedit ? 1 : 0)
              .map(each -> libedit ? decoded(each) : each)
              .filter(each -> !Secrets.in(each))
              // As JLine writes it.
              .map(each -> each.replace("\\", "\\\\"))
              .toList());
    }
  }

  /** What libedit writes for a line, as vis(3): a blank is {@code \040}. */
  private static String decoded(String line) {
    return OCTAL
        .matcher(line)
        .replaceAll(each ->
            Matcher.quoteReplacement(
                each.group(1) == null
                    ? "\\"
                    : String.valueOf((char) Integer.parseInt(each.group(1), 8))));
  }

  Path file() {
    return file;
  }

  @Override
  public void attach(LineReader reader) {
    try {
      super.attach(reader);
    } catch (UncheckedIOException e) {
      mend();
    }
  }

  /** JLine gives up on a file that is not all text. */
  private void mend() {
    try {
      Files.write(file, text(file).toList());
      load();
    } catch (IOException | UncheckedIOException e) {
      // A shell without a memory is better than none.
    }
  }

  private static Stream<String> text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines();
  }

  @Override
  public void save() {
    try {
      super.save();
    } catch (IOException | UncheckedIOException e) {
      // A shell without a memory is better than none.
    }
  }

  /** The request that has been begun will not be ended. */
  void abandon() {
    unfinished.setLength(0);
  }

  @Override
  public void add(Instant time, String line) {
    String whole = unfinished.isEmpty() ? line : unfinished + "\n" + line;
    try {
      if (json && whole.stripLeading().startsWith("{")) {
        Value.json(whole);
      }
    } catch (LineException.Incomplete e) {
      unfinished.setLength(0);
      unfinished.append(whole);
      return;
    } catch (LineException e) {
      // It is remembered as it was typed, to be mended.
    }
    unfinished.setLength(0);
    if (!Secrets.in(whole)) {
      super.add(time, whole);
    }
  }
}
