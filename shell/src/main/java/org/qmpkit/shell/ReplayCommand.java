package org.qmpkit.shell;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.qmpkit.client.QmpException;
import org.qmpkit.recording.Recording;

/** {@code replay}: the commands of a recording, once more. */
final class ReplayCommand implements ShellCommand {
  private static final String IGNORE = "--ignore";

  @Override
  public String name() {
    return "replay";
  }

  @Override
  public List<String> forms() {
    return List.of("replay FILE [--ignore NAME …]");
  }

  @Override
  public String summary() {
    return "sends what was recorded to this QEMU, and says what it answers differently";
  }

  @Override
  public String details() {
    return """
    Each command of the recording is sent when the one before is answered; 'set confirm on' asks
    before dangerous ones. Answers are compared value by value, and events by their names and data,
    however they are mixed; not compared are times, and members with a NAME that --ignore names. It
    fails if something differs. Commands whose password is not in the recording are left out.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    return new Offer.Words(before.isEmpty() ? List.of() : List.of(IGNORE));
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    Set<String> ignored = new HashSet<>();
    String ignore;
    while ((ignore = line.option(IGNORE)) != null) {
      ignored.add(OwnLine.unquoted(ignore));
    }
    String name = line.next();
    if (name == null) {
      throw new LineException("it needs a file");
    }
    line.end();
    Recording recording;
    try {
      recording = Recording.read(Path.of(OwnLine.unquoted(name)));
    } catch (InvalidPathException e) {
      throw new LineException("no file name: " + e.getReason());
    } catch (IOException e) {
      throw new LineException("cannot read '" + name + "': " + Reasons.of(e));
    }
    if (recording.exchanges().stream().anyMatch(each -> each.command() == null)) {
      throw new LineException(
          "'" + name + "' has answers alone, and no command that could be sent; see 'qmp replay'");
    }
    if (!session.isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    return new SecondRun(session, recording, ignored).run();
  }
}
