package org.qmpkit.shell;

import java.time.Duration;
import java.util.List;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Schema;

/**
 * {@code wait}: until an event happens, or has happened since the last command was sent: what that
 * caused can't be missed, however late the wait.
 */
final class WaitCommand implements ShellCommand {
  private static final List<String> OPTIONS = List.of("--since", "--timeout");

  /** As long QEMU may take to say what events it has, however soon the deadline is. */
  private static final Duration SCHEMA = Duration.ofSeconds(1);

  private static final List<String> SINCE = List.of("last", "now");

  @Override
  public String name() {
    return "wait";
  }

  @Override
  public List<String> forms() {
    return List.of("wait EVENT [key=value …] [--since last|now] [--timeout TIME]");
  }

  @Override
  public String summary() {
    return "waits for an event, since the last command";
  }

  @Override
  public String details() {
    return """
    Prints the event. One that came since the last command was sent counts, however late the wait;
    one that a wait has found already does not. --since now is for those to come only.
    In EVENT and in values that are strings, * stands for any characters; a key may be dotted.
    After --timeout (no limit without it) the status is 4.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    if (before.isEmpty()) {
      return new Offer.EventNames(List.of());
    }
    return before.getLast().equals("--since")
        ? new Offer.Words(SINCE)
        : new Offer.EventMembers(before.getFirst(), OPTIONS);
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    EventLog log = session.history();
    long now = log.count();
    String since = line.option("--since");
    if (since != null && !SINCE.contains(since)) {
      throw new LineException("--since (\"" + since + "\") must be last or now");
    }
    Deadline deadline = new Deadline(line.time("--timeout"));
    EventMatch wanted = EventMatch.of(line.words());
    if (wanted.names().size() != 1) {
      throw new LineException(
          wanted.names().isEmpty() ? "it needs the name of an event" : "one name will do");
    }
    Schema schema = session.schema(deadline.atLeast(SCHEMA));
    if (schema != null) {
      wanted.check(schema);
    }
    return await(session, wanted, "now".equals(since) ? now : log.mark(), deadline);
  }

  private static int await(Session session, EventMatch wanted, long since, Deadline deadline)
      throws QmpException, InterruptedException {
    EventLog log = session.history();
    long missing = log.missing(since);
    if (missing > 0) {
      session.screen().say("(" + missing + " events since then are not known any more)");
    }
    EventLog.Entry found = log.await(wanted, since, deadline.sooner(Monitor.PATIENCE));
    if (found == null && !deadline.passed()) {
      session
          .screen()
          .say(
              "waiting for " + String.join(" ", wanted.names()) + " for 5 s; Ctrl-C ends the wait");
      found = log.await(wanted, since, deadline);
    }
    if (found == null) {
      session.screen().say("no such event came in " + TimeText.people(deadline.age()));
      return ExitStatus.NO_ANSWER;
    }
    session
        .screen()
        .result(JsonText.compact(Answers.event(found.event()), session.screen().palette()));
    return ExitStatus.DONE;
  }
}
