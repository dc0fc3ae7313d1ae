package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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

  /** As many may come between two looks at them. */
  private static final int EVENTS = 16_384;

  private final Session session;
  private final Recording recording;
  private final Set<String> ignored;
  private final Map<String, List<JsonNode>> expected = new LinkedHashMap<>();
  private final Map<String, List<JsonNode>> came = new LinkedHashMap<>();
  private int missing;
  private int same;
  private int different;
  private int leftOut;

  SecondRun(Session session, Recording recording, Set<String> ignored) {
    this.session = session;
    this.recording = recording;
    this.ignored = ignored;
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
    if (command.masked() || session.isRefused(request)) {
      leftOut++;
      if (command.masked()) {
        tell(exchange, List.of("left out: there is a secret in it, which was not recorded"));
      }
      return true;
    }
    exchange.before().forEach(this::expect);
    exchange.after().forEach(this::expect);
    JsonNode now;
    boolean success = true;
    try {
      now = session.ask(request);
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
    JsonNode data = tree(event.text()).path("data");
    add(expected, event.name(), data);
    missing++;
  }

  private static void add(Map<String, List<JsonNode>> to, String name, JsonNode data) {
    JsonNode some = data.isMissingNode() ? JsonNodeFactory.instance.objectNode() : data;
    to.computeIfAbsent(name, _ -> new ArrayList<>()).add(some);
  }

  private void take(Event event) {
    List<JsonNode> wanted = expected.getOrDefault(event.name(), List.of());
    add(came, event.name(), event.data());
    if (came.getOrDefault(event.name(), List.of()).size() <= wanted.size()) {
      missing--;
    }
  }

  private void drain(Subscription events) throws InterruptedException {
    awaitUntil(events, System.nanoTime());
  }

  /** An event may come behind the answer to what caused it. */
  private void awaitLate(Subscription events) throws InterruptedException {
    awaitUntil(events, System.nanoTime() + LATE.toNanos());
  }

  private void awaitUntil(Subscription events, long end) throws InterruptedException {
    try {
      Optional<Event> event = events.next(Duration.ZERO);
      while (event.isPresent() || (missing > 0 && end - System.nanoTime() > 0)) {
        event.ifPresent(this::take);
        long left = missing > 0 ? Math.max(0, end - System.nanoTime()) : 0;
        event = events.next(Duration.ofNanos(left));
      }
    } catch (QmpException e) {
      // It has left, which the answers tell; what came before counts.
    }
  }

  private int compareEvents() {
    int strange = 0;
    Set<String> names = new LinkedHashSet<>(expected.keySet());
    names.addAll(came.keySet());
    for (String name : names) {
      List<JsonNode> first = expected.getOrDefault(name, List.of());
      List<JsonNode> second = came.getOrDefault(name, List.of());
      List<String> differences = new ArrayList<>();
      if (first.size() != second.size()) {
        differences.add(first.size() + " recorded, now " + second.size());
      }
      for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
        differences.addAll(Differences.of("data", first.get(i), second.get(i), ignored));
      }
      if (!differences.isEmpty()) {
        strange++;
        differences.stream()
            .limit(SHOWN)
            .forEach(
                each -> session.screen().result("event " + Printable.text(name) + ": " + each));
      }
    }
    return strange;
  }
}
