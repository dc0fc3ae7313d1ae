package org.qmpkit.shell;

import java.util.List;
import org.qmpkit.client.QmpException;

/** {@code jobs}: what goes on in QEMU. */
final class JobsCommand implements ShellCommand {
  @Override
  public String name() {
    return "jobs";
  }

  @Override
  public List<String> forms() {
    return List.of("jobs");
  }

  @Override
  public String summary() {
    return "what goes on: jobs, and the migration, with what is left to do";
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    line.end();
    List<JobState> jobs = JobState.all(session);
    if (jobs.isEmpty()) {
      session.screen().say("there is no job, and no migration has begun");
      return ExitStatus.DONE;
    }
    for (JobState each : jobs) {
      Pace pace = new Pace();
      pace.add(0, each);
      String advice = each.advice().isEmpty() ? "" : "; " + each.advice();
      String error = each.error() == null ? "" : ": " + Printable.text(each.error());
      session.screen().result(pace.row() + error + advice);
    }
    return ExitStatus.DONE;
  }
}
