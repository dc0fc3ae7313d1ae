package org.qmpkit.shell;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code source}: the lines of a file, with variables. */
final class SourceCommand implements ShellCommand {
  /** Files that execute files. */
  private static final int DEEPEST = 10;

  private static final int LONGEST = 10 << 20;

  @Override
  public String name() {
    return "source";
  }

  @Override
  public List<String> forms() {
    return List.of("source FILE [NAME=VALUE …]");
  }

  @Override
  public String summary() {
    return "executes the lines of a file, where ${NAME} stands for a value";
  }

  @Override
  public String details() {
    return """
    In the file ${NAME} stands for the value that NAME was given here, or by 'let'; what has no value
    is an error. With a line 'set -e' the first line that fails ends the file. Ctrl-C ends it, too.
    """;
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException, InterruptedException {
    String name = line.next();
    if (name == null) {
      throw new LineException("it needs a file");
    }
    for (String each : line.words()) {
      int equals = each.indexOf('=');
      if (equals <= 0) {
        throw new LineException("'" + each + "' is no NAME=VALUE");
      }
      session
          .settings()
          .variables()
          .set(each.substring(0, equals), OwnLine.unquoted(each.substring(equals + 1)));
    }
    if (!session.settings().variables().enter(DEEPEST)) {
      throw new LineException("files that execute files, more than " + DEEPEST + " deep");
    }
    boolean stopped = session.settings().stopsOnError();
    try (BufferedReader lines =
        Files.newBufferedReader(Path.of(OwnLine.unquoted(name)), StandardCharsets.UTF_8)) {
      return execute(session, lines, name);
    } catch (InvalidPathException e) {
      throw new LineException("no file name: " + e.getReason());
    } catch (MalformedInputException e) {
      throw new LineException("'" + name + "' is no text in UTF-8");
    } catch (IOException e) {
      throw new LineException("cannot read '" + name + "': " + Reasons.of(e));
    } finally {
      session.settings().variables().leave();
      session.settings().stopOnError(stopped);
      session.lines().abandon();
    }
  }

  private static int execute(Session session, BufferedReader lines, String name)
      throws IOException, InterruptedException {
    int failed = ExitStatus.DONE;
    int number = 0;
    for (String line = next(lines, 1); line != null; line = next(lines, number + 1)) {
      number++;
      int status;
      try {
        status = session.lines().execute(session.settings().variables().replaced(line));
      } catch (LineException e) {
        session.screen().say(name + ":" + number + ": " + e.getMessage());
        status = ExitStatus.USAGE;
      }
      // A line that has been executed has left it.
      session.key().enter();
      failed = status == ExitStatus.DONE ? failed : status;
      boolean ends = status == ExitStatus.INTERRUPTED || session.isLost(status);
      if (session.left()
          || ends
          || (status != ExitStatus.DONE && session.settings().stopsOnError())) {
        if (status != ExitStatus.DONE) {
          session.screen().say("'" + name + "' was ended at line " + number);
        }
        return status;
      }
    }
    if (session.lines().goOn()) {
      session.screen().say("'" + name + "' ends within JSON or a transaction");
      return ExitStatus.USAGE;
    }
    return failed;
  }

  /** A line; null if there are no more. No more of it is read than it may have. */
  private static @Nullable String next(BufferedReader lines, int number) throws IOException {
    int c = lines.read();
    if (c < 0) {
      return null;
    }
    StringBuilder line = new StringBuilder();
    for (; c >= 0 && c != '\n' && c != '\r'; c = lines.read()) {
      if (line.length() == LONGEST) {
        throw new IOException("line " + number + " is longer than " + LONGEST + " characters");
      }
      line.append((char) c);
    }
    if (c == '\r') {
      lines.mark(1);
      if (lines.read() != '\n') {
        lines.reset();
      }
    }
    return line.toString();
  }
}
