package org.qmpkit.shell;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Event;
import org.qmpkit.client.EventFilter;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Subscription;
import org.qmpkit.net.Address;

/** Events for scripts ({@code qmp events}): one JSON line each, as they happen. */
public final class Events {
  private static final int CAPACITY = 65_536;

  private Events() {}

  /**
   * Prints events; blocks.
   *
   * @param names which ones; {@code *} stands for any characters; empty for all
   * @param count after how many it ends; 0 for no end
   * @param timeout how long it takes at most; null for no limit
   * @param colours whether standard output is a terminal that has them
   * @return an {@link ExitStatus}
   */
  public static int run(
      Address address,
      List<String> names,
      long count,
      @Nullable Duration timeout,
      boolean colours,
      PrintStream out,
      PrintStream err) {
    Deadline deadline = new Deadline(timeout);
    QmpOptions options =
        QmpOptions.DEFAULT
            .withConnectTimeout(deadline.atMost(QmpOptions.DEFAULT.connectTimeout()))
            .withReplyTimeout(deadline.atMost(Monitor.PATIENCE));
    try (QmpClient client = QmpClient.connect(address, options);
        Subscription events = client.subscribe(EventFilter.all().withCapacity(CAPACITY))) {
      check(client, names);
      List<Pattern> wanted = names.stream().map(EventMatch::pattern).toList();
      long seen = 0;
      while (count == 0 || seen < count) {
        Optional<Event> next = events.next(deadline.left());
        if (next.isEmpty()) {
          return missed(count, seen, err);
        }
        Event event = next.get();
        if (event.lost() > 0) {
          err.println("qmp events: " + event.lost() + " events were lost here");
        }
        if (wanted.isEmpty()
            || wanted.stream().anyMatch(each -> each.matcher(event.name()).matches())) {
          out.println(JsonText.compact(Answers.event(event), Palette.of(colours)));
          out.flush();
          if (out.checkError()) {
            return ExitStatus.DONE; // nobody reads any more, as behind "| head"
          }
          seen++;
        }
      }
      return ExitStatus.DONE;
    } catch (LineException e) {
      err.println("qmp events: " + e.getMessage());
      return ExitStatus.USAGE;
    } catch (QmpException e) {
      err.println("qmp events: " + e.getMessage());
      return ExitStatus.of(e);
    } catch (InterruptedException e) {
      return ExitStatus.INTERRUPTED;
    }
  }

  /** Nobody need wait for an event that QEMU does not have. */
  private static void check(QmpClient client, List<String> names)
      throws LineException, InterruptedException {
    if (names.isEmpty()) {
      return;
    }
    Schema schema;
    try {
      schema = client.schema();
    } catch (QmpException e) {
      return; // what QEMU can't tell now is no reason not to listen
    }
    new EventMatch(names, List.of()).check(schema);
  }

  private static int missed(long count, long seen, PrintStream err) {
    if (count == 0) {
      return ExitStatus.DONE;
    }
    err.println("qmp events: " + seen + " of " + count + " events came in time");
    return ExitStatus.NO_ANSWER;
  }
}
