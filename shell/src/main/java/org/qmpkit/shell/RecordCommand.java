package org.qmpkit.shell;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** {@code record}: what goes over the wire, into a file. */
final class RecordCommand implements ShellCommand {
  private static final String OFF = "off";

  @Override
  public String name() {
    return "record";
  }

  @Override
  public List<String> forms() {
    return List.of("record FILE", "record off", "record");
  }

  @Override
  public String summary() {
    return "records what goes over the wire, for 'replay' and 'qmp replay'";
  }

  @Override
  public String details() {
    return """
    FILE must be new; only you can read it. It gets every command, answer and event from here on,
    those of Tab and of other commands of the shell among them, until 'record off', the end of the
    shell, or 64 MiB. Passwords are left out. 'record' alone says what is recorded.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    return before.isEmpty() ? new Offer.Words(List.of(OFF)) : Offer.NOTHING;
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException {
    String name = line.next();
    line.end();
    Monitor monitor = session.monitor();
    Recorder running = monitor.recorder();
    if (name == null) {
      session.screen().say(running == null ? "nothing is recorded" : running.state());
      return ExitStatus.DONE;
    }
    if (name.equals(OFF)) {
      if (running == null) {
        throw new LineException("nothing is recorded");
      }
      monitor.record(null);
      session.screen().say(running.state().replaceFirst("^recording to", "recorded to"));
      return ExitStatus.DONE;
    }
    if (running != null && !running.hasFailed()) {
      throw new LineException(running.file() + " is being recorded; 'record off' ends that");
    }
    if (!session.options().negotiates()) {
      throw new LineException("a guest agent does not greet, and no recording begins without that");
    }
    try {
      Path file = Path.of(OwnLine.unquoted(name));
      monitor.record(Recorder.start(file, session.screen()::say));
      session.screen().say("recording to " + file + "; 'record off' ends it");
      return ExitStatus.DONE;
    } catch (InvalidPathException e) {
      throw new LineException("no file name: " + e.getReason());
    } catch (IOException e) {
      throw new LineException(String.valueOf(e.getMessage()));
    }
  }
}
