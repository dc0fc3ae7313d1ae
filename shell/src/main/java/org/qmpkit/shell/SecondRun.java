package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Disconnected;
import org.qmpkit.client.Event;
import org.qmpkit.client.EventFilter;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Subscription;
import org.qmpkit.recording.Recording;
import org.qmpkit.recording.Recording.Answer;
import org.qmpkit.recording.Recording.Command;
import org.qmpkit.recording.Recording.Exchange;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** A recording's commands, sent to the QEMU of a session, and what differs from the first run. */
final class SecondRun {
  /** How long an event that was recorded may be late. */
  private static final Duration LATE = Duration.ofSeconds(2);

  /** As many differences of one answer are shown. */
  private static final int SHOWN = 20;

  /** As many may come between two looks at them, and as many are taken at a look. */
  private static final int EVENTS = 16_384;

  /** As many kinds of events are kept besides those of the recording, none with a longer name. */
  private static final int KINDS = 1_000;

  private static final int LONGEST_NAME = 256;

  /** The most characters of events that are kept to be compared: as many as a recording has. */
  private static final long HELD = Recording.MOST;

  /** The events of one name in both runs; of the second as many as the recording has. */
  private static final class Kind {
    final List<JsonNode> first = new ArrayList<>();
    final List<JsonNode> second = new ArrayList<>();
    int recorded;
    long count;
  }

  private final Session session;
  private final Recording recording;
  private final Set<String> ignored;
  private final Map<String, Kind> kinds = new LinkedHashMap<>();
  private final int recordedKinds;

  /** How many that were expected so far have not come. */
  private int missing;

  /** How many came of which nothing is kept: lost, or of too many names. */
  private long unkept;

  private long held;
  private int same;
  private int different;
  private int leftOut;

  SecondRun(Session session, Recording recording, Set<String> ignored) {
    this.session = session;
    this.recording = recording;
    this.ignored = ignored;
    for (Exchange each : recording.exchanges()) {
      each.before().forEach(event -> kind(event.name()).recorded++);
      each.after().forEach(event -> kind(event.name()).recorded++);
    }
    recordedKinds = kinds.size();
  }

  private Kind kind(String name) {
    return kinds.computeIfAbsent(name, _ -> new Kind());
  }

  /**
   * Sends all, and tells; blocks.
   *
   * @return {@link ExitStatus#DONE} if all is as it was, {@link ExitStatus#FAILED} if not
   * @throws QmpException if there is no answer
   * @throws InterruptedException if this thread is interrupted
   */
  int run() throws QmpException, InterruptedException {
    Monitor.Link link = session.monitor().link();
    if (link == null) {
      return ExitStatus.UNREACHABLE;
    }
    try (Subscription events = link.client().subscribe(EventFilter.all().withCapacity(EVENTS))) {
      for (Exchange each : recording.exchanges()) {
        if (!run(each, link.client(), events)) {
          break;
        }
      }
      awaitLate(events);
    }
    int strange = compareEvents();
    session
        .screen()
        .result(
            (same + different)
                + " answers, "
                + (different == 0 ? "all as recorded" : different + " not as recorded")
                + (strange == 0 ? "" : "; " + strange + " kinds of events not as recorded")
                + (leftOut == 0 ? "" : "; " + leftOut + " commands left out"));
    return different + strange + leftOut == 0 ? ExitStatus.DONE : ExitStatus.FAILED;
  }

  /** Whether QEMU is still there. */
  private boolean run(Exchange exchange, QmpClient client, Subscription events)
      throws QmpException, InterruptedException {
    Command command = exchange.command();
    if (command == null) {
      return true;
    }
    Request request = Request.of(command.name(), command.arguments());
    if (command.oob() && client.offersOob()) {
      request = request.outOfBand();
    }
    boolean masked = command.masked() || Secrets.returnedBy(command.name(), command.arguments());
    if (masked || session.isRefused(request)) {
      leftOut++;
      if (masked) {
        tell(exchange, List.of("left out: there is a secret in it, which was not recorded"));
      }
      return true;
    }
    exchange.before().forEach(this::expect);
    exchange.after().forEach(this::expect);
    JsonNode now;
    boolean success = true;
    try {
      now = Secrets.maskedReturn(command.name(), session.ask(request));
    } catch (CommandFailed e) {
      success = false;
      now = Answers.error(e, null).get("error");
    } catch (Disconnected e) {
      if (!command.name().equals("quit")) {
        throw e;
      }
      return false;
    }
    drain(events);
    compare(exchange, success, now);
    return true;
  }

  private void compare(Exchange exchange, boolean success, JsonNode now) {
    Answer answer = exchange.answer();
    if (answer == null) {
      return;
    }
    JsonNode recorded = tree(answer.text());
    List<String> differences =
        answer.success() == success
            ? Differences.of(success ? "return" : "error", recorded, now, ignored)
            : Differences.of(
                "answer", message(answer.success(), recorded), message(success, now), Set.of());
    if (differences.isEmpty()) {
      same++;
    } else {
      different++;
      tell(exchange, differences);
    }
  }

  /** A recorded text as a tree; as a string if it has a number that no tree of ours holds. */
  private static JsonNode tree(String text) {
    try {
      return JsonText.read(text);
    } catch (JacksonException e) {
      return JsonNodeFactory.instance.stringNode(text);
    }
  }

  private static JsonNode message(boolean success, JsonNode value) {
    return JsonNodeFactory.instance.objectNode().set(success ? "return" : "error", value);
  }

  private void tell(Exchange exchange, List<String> what) {
    Command command = exchange.command();
    String name = command == null ? "" : Printable.text(command.name());
    List<String> rows = new ArrayList<>();
    what.stream()
        .limit(SHOWN)
        .forEach(each -> rows.add("line " + exchange.line() + ": " + name + ": " + each));
    if (what.size() > SHOWN) {
      rows.add("line " + exchange.line() + ": and " + (what.size() - SHOWN) + " more");
    }
    session.screen().result(String.join("\n", rows));
  }

  private void expect(Recording.Event event) {
    Kind kind = kind(event.name());
    JsonNode data = tree(event.text()).path("data");
    kind.first.add(data.isMissingNode() ? JsonNodeFactory.instance.objectNode() : data);
    if (kind.first.size() > kind.count) {
      missing++;
    }
  }

  private void take(Event event) {
    unkept += event.lost();
    Kind kind = kinds.get(event.name());
    if (kind == null) {
      // What comes and was not recorded may be anything, and any number of it.
      if (kinds.size() >= KINDS + recordedKinds || event.name().length() > LONGEST_NAME) {
        unkept++;
        return;
      }
      kind = kind(event.name());
    }
    kind.count++;
    if (kind.count <= kind.first.size()) {
      missing--;
    }
    if (kind.count <= kind.recorded) {
      held += EventLog.size(event);
      if (held <= HELD) {
        kind.second.add(event.data());
      }
    }
  }

  /** Takes what is there, and not all that comes meanwhile: QEMU may be faster. */
  private void drain(Subscription events) throws InterruptedException {
    for (int i = 0; i < EVENTS && takeNext(events, Duration.ZERO); i++) {}
  }

  /** An event may come behind the answer to what caused it. */
  private void awaitLate(Subscription events) throws InterruptedException {
    long end = System.nanoTime() + LATE.toNanos();
    long left = LATE.toNanos();
    while (missing > 0 && left > 0 && takeNext(events, Duration.ofNanos(left))) {
      left = end - System.nanoTime();
    }
    drain(events);
  }

  private boolean takeNext(Subscription events, Duration timeout) throws InterruptedException {
    // It does not look for that while events come.
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    try {
      Optional<Event> event = events.next(timeout);
      event.ifPresent(this::take);
      return event.isPresent();
    } catch (QmpException e) {
      // It has left, which the answers tell; what came before counts.
      return false;
    }
  }

  /** Tells the differences; how many kinds have some. */
  private int compareEvents() {
    int strange = 0;
    for (Map.Entry<String, Kind> each : kinds.entrySet()) {
      List<String> differences = differences(each.getValue());
      if (!differences.isEmpty()) {
        strange++;
        tellEvent(Printable.text(each.getKey()), differences);
      }
    }
    if (unkept > 0) {
      strange++;
      session.screen().result("events: " + unkept + " more, too many to be compared");
    }
    return strange;
  }

  private List<String> differences(Kind kind) {
    List<String> differences = new ArrayList<>();
    if (kind.first.size() != kind.count) {
      differences.add(kind.first.size() + " recorded, now " + kind.count);
    }
    int compared = Math.min(kind.first.size(), kind.second.size());
    for (int i = 0; i < compared && differences.size() < SHOWN; i++) {
      differences.addAll(Differences.of("data", kind.first.get(i), kind.second.get(i), ignored));
    }
    if (compared < Math.min(kind.first.size(), kind.count)) {
      differences.add("too long to be compared from number " + (compared + 1) + " on");
    }
    return differences;
  }

  private void tellEvent(String name, List<String> differences) {
    differences.stream()
        .limit(SHOWN)
        .forEach(each -> session.screen().result("event " + name + ": " + each));
  }
}
