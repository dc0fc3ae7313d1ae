package org.qmpkit.client;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.JobFailed.Reason;
import org.qmpkit.client.JobInfo.Status;
import tools.jackson.databind.JsonNode;

/**
 * One job under observation, from {@link QmpClient#watchJob} on: what it does between two looks is
 * not missed, and it may begin, or begin anew, later. For one thread at a time.
 *
 * {@snippet file="org/qmpkit/client/JobsTest.java" region="example"}
 *
 * <p>It neither completes, finalizes nor dismisses the job. QEMU has jobs of this kind since 3.0.
 */
public final class JobWatch implements AutoCloseable {
  private static final EventFilter EVENTS =
      EventFilter.of("JOB_STATUS_CHANGE", "BLOCK_JOB_COMPLETED", "BLOCK_JOB_CANCELLED");

  /** The text of ECANCELED, which is what a job that was cancelled is told to have failed of. */
  private static final String CANCELLED = "Operation canceled";

  private final QmpClient client;
  private final String id;
  private final Subscription events;
  private Wait wait = new Wait(Set.of(), Duration.ZERO);

  /** What is known of the job; null if nothing yet. */
  private @Nullable JobInfo job;

  private boolean aborted;
  private boolean cancelled;

  /** Whether events were dropped that may have said how it ended. */
  private boolean untold;

  /** What is waited for, and how long. */
  private record Wait(Set<Status> until, Duration timeout, Deadline deadline) {
    Wait(Set<Status> until, Duration timeout) {
      this(Set.copyOf(until), timeout, Deadline.in(timeout));
    }

    Duration left() {
      return Deadline.isFinite(timeout) ? Duration.ofNanos(deadline.left()) : QmpOptions.FOREVER;
    }
  }

  JobWatch(QmpClient client, String id) {
    this.client = client;
    this.id = id;
    events = client.subscribe(EVENTS);
  }

  /** Ends the observation; the job goes on. Idempotent. */
  @Override
  public void close() {
    events.close();
  }

  /** Waits for the job's end, as {@link #await(Set, Duration)}. */
  public JobInfo await(Duration timeout) throws QmpException, InterruptedException {
    return await(Set.of(), timeout);
  }

  /**
   * Waits until the job has ended, or has come to a status that the caller wants; blocks.
   *
   * @param until statuses at which to return, too, as {@link JobInfo.Status#READY} of a mirror or
   *     {@link JobInfo.Status#PENDING} of a job without {@code auto-finalize}; such a job waits for
   *     a command and does not end of its own. A status that was passed meanwhile counts, from the
   *     end of the last wait on, or from the watch's beginning
   * @param timeout how long to wait; {@link QmpOptions#FOREVER} for no limit
   * @return the job: of a status that was wanted, or ended well: {@code CONCLUDED} if it waits to
   *     be dismissed, {@code NULL} if it is forgotten
   * @throws JobFailed if it fails, is cancelled, or is not there
   * @throws TimedOut if it is not that far in time
   * @throws CommandFailed if this QEMU has no {@code query-jobs}
   * @throws QmpException as {@link QmpClient#execute(QmpCommand)}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  public JobInfo await(Set<JobInfo.Status> until, Duration timeout)
      throws QmpException, InterruptedException {
    QmpOptions.positive("timeout", timeout);
    wait = new Wait(until, timeout);
    try {
      JobInfo reached = look();
      while (reached == null) {
        reached = hear(next());
      }
      return reached;
    } finally {
      forget();
    }
  }

  private Event next() throws QmpException, InterruptedException {
    // As long as events of other jobs wait to be taken, the subscription looks at neither.
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while it waited for job '" + id + "'");
    }
    if (!wait.left().isPositive()) {
      throw timedOut();
    }
    return events.next(wait.left()).orElseThrow(this::timedOut);
  }

  /** Notes what has come by now, and not what comes meanwhile, which may have no end. */
  private void drain() throws QmpException, InterruptedException {
    for (int most = EVENTS.capacity(); most > 0 && events.await(Duration.ZERO); most--) {
      events.next(Duration.ZERO).ifPresent(this::note);
    }
  }

  /** To the next wait, what has come by now is no news. */
  private void forget() {
    try {
      drain();
    } catch (QmpException e) {
      // The next wait meets the connection's end, too; an event nobody can read counts as lost.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks for the job; all events before the answer have come by then. */
  private @Nullable JobInfo look() throws QmpException, InterruptedException {
    JobInfo known = query();
    if (known != null) {
      return reached(known);
    }
    drain();
    JobInfo last = job;
    if (last == null) {
      throw failed(Reason.ABSENT, null);
    }
    boolean said = cancelled || aborted || last.error().isPresent();
    if (!said && (untold || !hasEnded(last.status()))) {
      throw failed(Reason.UNTOLD, null);
    }
    return ended(last);
  }

  private @Nullable JobInfo hear(Event event) throws QmpException, InterruptedException {
    boolean changed = note(event);
    JobInfo noted = job;
    // Why it failed is with QEMU, or in an event that has come by the time it answers.
    if (noted == null || event.lost() > 0 || (changed && hasEnded(noted.status()))) {
      return look();
    }
    if (!changed || !wait.until().contains(noted.status())) {
      return null;
    }
    JobInfo now = query();
    return (now == null ? noted : now).with(noted.status());
  }

  /** Whether the event changed the job's status. */
  private boolean note(Event event) {
    untold |= event.lost() > 0;
    JsonNode data = event.data();
    if (event.name().equals("JOB_STATUS_CHANGE")) {
      if (!data.path("id").asString("").equals(id)) {
        return false;
      }
      note(Status.of(data.path("status").asString("")));
      return true;
    }
    if (data.path("device").asString("").equals(id)) {
      String error = data.path("error").asString("");
      job =
          new JobInfo(
              id,
              data.path("type").asString(""),
              job == null ? Status.UNKNOWN : job.status(),
              data.path("offset").asLong(0),
              data.path("len").asLong(0),
              error.isEmpty() ? Optional.empty() : Optional.of(error));
      cancelled |= event.name().equals("BLOCK_JOB_CANCELLED");
      untold = false;
    }
    return false;
  }

  private void note(Status status) {
    if (status == Status.CREATED) {
      // What was noted is of an earlier job of the name.
      aborted = false;
      cancelled = false;
      untold = false;
      job = null;
    }
    aborted |= status == Status.ABORTING;
    JobInfo known = job;
    job = known == null ? new JobInfo(id, "", status, 0, 0, Optional.empty()) : known.with(status);
  }

  private @Nullable JobInfo reached(JobInfo known) throws JobFailed {
    job = known;
    aborted |= known.status() == Status.ABORTING;
    if (hasEnded(known.status())) {
      // It has its own error; what was noted may be of an earlier job of the name.
      aborted = false;
      cancelled = false;
      return ended(known);
    }
    return wait.until().contains(known.status()) ? known : null;
  }

  private static boolean hasEnded(Status status) {
    return status == Status.CONCLUDED || status == Status.NULL;
  }

  private JobInfo ended(JobInfo last) throws JobFailed {
    String error = last.error().orElse(null);
    if (cancelled || CANCELLED.equals(error)) {
      throw failed(Reason.CANCELLED, error);
    }
    if (aborted || error != null) {
      throw failed(Reason.FAILED, error);
    }
    return last;
  }

  private JobFailed failed(Reason reason, @Nullable String desc) {
    return new JobFailed(client.address(), id, reason, desc);
  }

  private @Nullable JobInfo query() throws QmpException, InterruptedException {
    Duration left = wait.left();
    if (!left.isPositive()) {
      throw timedOut();
    }
    for (JsonNode each : client.execute(QmpCommand.of("query-jobs").within(left))) {
      if (each.path("id").asString("").equals(id)) {
        return JobInfo.of(each);
      }
    }
    return null;
  }

  private TimedOut timedOut() {
    JobInfo last = job;
    String state = last == null ? "it was not started" : "it is " + last.status().word();
    String remedy =
        last == null
            ? ""
            : last.status().command().map(each -> "; " + each + " ends that").orElse("");
    return new TimedOut(
        client.address(),
        "cannot see job '"
            + id
            + "' at "
            + client.address()
            + " through within "
            + Deadline.text(wait.timeout())
            + ": "
            + state
            + ", and goes on"
            + remedy,
        last != null);
  }
}
