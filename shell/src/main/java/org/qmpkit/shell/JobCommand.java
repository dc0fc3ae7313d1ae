package org.qmpkit.shell;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;

/** {@code job wait}: until a job, or the migration, does no more of its own; with how far it is. */
final class JobCommand implements ShellCommand {
  private static final Duration EVERY = Duration.ofMillis(250);

  /** As long an answer may take, however soon the deadline is. */
  private static final Duration ANSWER = Duration.ofSeconds(1);

  /** So many looks in a row at a job that is paused, and it is no pause of QEMU's own. */
  private static final int PAUSED = 4;

  /** What tells how a job ended that is not there any more. */
  private static final Set<String> ENDINGS = Set.of("BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED");

  @Override
  public String name() {
    return "job";
  }

  @Override
  public List<String> forms() {
    return List.of("job wait NAME [--timeout TIME]", "job wait migration [--timeout TIME]");
  }

  @Override
  public String summary() {
    return "waits for a job, or the migration, and shows how far it is";
  }

  @Override
  public String details() {
    return """
    It ends when the job is done, or waits for somebody ('ready', or 'paused' for about a
    second): status 0; when it failed: 1; after --timeout: 4. It shows what remains, how fast that is done, and how long it will take; of
    a migration also how fast the guest makes memory dirty, and the pass. A job that does not come
    nearer to its end is diverging. Ctrl-C ends the wait; the job goes on.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    return switch (before.size()) {
      case 0 -> new Offer.Words(List.of("wait"));
      case 1 -> new Offer.Jobs();
      default -> new Offer.Words(List.of("--timeout"));
    };
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    Deadline deadline = new Deadline(line.time("--timeout"));
    String verb = line.next();
    String id = line.next();
    if (verb == null || !verb.equals("wait") || id == null) {
      throw new LineException(id == null ? "it needs a job's name" : "there is only 'wait'");
    }
    line.end();
    try (Screen.Frame frame = session.screen().frame()) {
      return await(session, id, frame, deadline);
    } catch (InterruptedException e) {
      session.screen().say("no longer waiting for '" + id + "', which goes on");
      return ExitStatus.INTERRUPTED;
    }
  }

  private static int await(
      Session session, String id, Screen.@Nullable Frame frame, Deadline deadline)
      throws LineException, QmpException, InterruptedException {
    Pace pace = new Pace();
    Deadline age = new Deadline(null);
    long since = session.history().mark();
    boolean seen = false;
    int paused = 0;
    while (true) {
      JobState state = JobState.of(session, id, deadline.atLeast(ANSWER));
      if (state == null) {
        return gone(session, frame, id, since, seen, deadline);
      }
      seen = true;
      pace.add(System.nanoTime(), state);
      if (frame != null) {
        frame.show(List.of(pace.row()));
      }
      paused = state.isPaused() ? paused + 1 : 0;
      if (state.rests() || paused == PAUSED) {
        return rests(session, frame, state, pace.row(), age);
      }
      if (deadline.passed()) {
        tell(session, frame, "still going on: " + pace.row());
        return ExitStatus.NO_ANSWER;
      }
      TimeUnit.NANOSECONDS.sleep(deadline.atMost(EVERY).toNanos());
    }
  }

  private static int rests(
      Session session, Screen.@Nullable Frame frame, JobState state, String row, Deadline age) {
    if (session.screen().interactive()) {
      long downtime = state.raw().path("downtime").asLong(-1);
      String text =
          row
              + "  after "
              + TimeText.people(age.age())
              + (downtime < 0 ? "" : "  downtime " + downtime + " ms")
              + (state.error() == null ? "" : ": " + Printable.text(state.error()))
              + (state.advice().isEmpty() ? "" : "; " + state.advice());
      tell(session, frame, text);
    } else {
      session.screen().result(JsonText.compact(state.raw(), session.screen().palette()));
    }
    return state.failed() ? ExitStatus.FAILED : ExitStatus.DONE;
  }

  /** In the place of what was shown so far. */
  private static void tell(Session session, Screen.@Nullable Frame frame, String text) {
    if (frame == null) {
      session.screen().say(text);
    } else {
      frame.show(List.of(text));
    }
  }

  /** A job that is forgotten when it ends tells how by an event. */
  private static int gone(
      Session session,
      Screen.@Nullable Frame frame,
      String id,
      long since,
      boolean seen,
      Deadline deadline)
      throws LineException, QmpException, InterruptedException {
    EventLog.Entry ending =
        session
            .history()
            .await(
                each -> isEnding(each, id),
                since,
                new Deadline(seen ? deadline.atMost(Monitor.PATIENCE) : Duration.ofNanos(1)));
    if (ending == null) {
      if (seen) {
        tell(session, frame, "'" + id + "' is not there any more");
        return ExitStatus.DONE;
      }
      Set<String> ids = new TreeSet<>(Set.of(JobState.MIGRATION));
      JobState.all(session, deadline.atLeast(ANSWER)).forEach(each -> ids.add(each.id()));
      throw new LineException("there is no job '" + id + "'" + Similar.hint(id, ids));
    }
    Event event = ending.event();
    String error = event.data().path("error").asString("");
    boolean cancelled = event.name().equals("BLOCK_JOB_CANCELLED");
    if (session.screen().interactive()) {
      String how = cancelled ? "was cancelled" : error.isEmpty() ? "is done" : "failed: " + error;
      tell(session, frame, "'" + id + "' " + Printable.text(how));
    } else {
      session.screen().result(JsonText.compact(Answers.event(event), session.screen().palette()));
    }
    return cancelled || !error.isEmpty() ? ExitStatus.FAILED : ExitStatus.DONE;
  }

  private static boolean isEnding(Event event, String id) {
    return ENDINGS.contains(event.name()) && event.data().path("device").asString("").equals(id);
  }
}
