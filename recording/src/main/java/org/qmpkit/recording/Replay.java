package org.qmpkit.recording;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.qmpkit.recording.Recording.Answer;
import org.qmpkit.recording.Recording.Command;
import org.qmpkit.recording.Recording.Event;
import org.qmpkit.recording.Recording.Exchange;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Answers commands out of a recording, as the QEMU did that was recorded.
 *
 * <p>A command is found by its name and arguments, whatever their order and the id; any text stands
 * for a secret that was left out, {@code ***}. Of several recorded ones the first is taken that was
 * not taken yet; when all were, the last once more, with its events. What is not in the recording
 * is answered with an error that says what is. {@code qmp_capabilities} is for the caller to
 * answer.
 *
 * <p>Safe for use by several threads.
 */
public final class Replay {
  private static final int NAMES = 12;
  private static final int LONGEST = 120;

  /**
   * What is to be said to a command.
   *
   * @param before the events ahead of the answer
   * @param after the events behind it
   * @param at when the command was sent that is answered so; the others' times are relative to it
   */
  public record Reply(Duration at, List<Event> before, Answer answer, List<Event> after) {}

  private static final class Recorded {
    final JsonNode arguments;
    final Exchange exchange;
    boolean taken;

    Recorded(Command command, Exchange exchange) {
      arguments = command.arguments();
      this.exchange = exchange;
    }
  }

  private final Recording recording;
  private final Map<String, List<Recorded>> byName = new LinkedHashMap<>();
  private int next;

  /** A replay at its beginning. */
  public Replay(Recording recording) {
    this.recording = recording;
    for (Exchange each : recording.exchanges()) {
      Command command = each.command();
      if (command != null) {
        byName
            .computeIfAbsent(command.name(), _ -> new ArrayList<>())
            .add(new Recorded(command, each));
      }
    }
  }

  /** What it is of. */
  public Recording recording() {
    return recording;
  }

  /**
   * The reply to a command.
   *
   * @param arguments null if there are none
   */
  public synchronized Reply reply(String command, @Nullable JsonNode arguments) {
    JsonNode given = arguments == null ? JsonNodeFactory.instance.objectNode() : arguments;
    if (byName.isEmpty() && !recording.exchanges().isEmpty()) {
      return inOrder(command);
    }
    List<Recorded> sameName = byName.get(command);
    if (sameName == null) {
      return missing("'" + command + "'; it has " + names());
    }
    Recorded found = null;
    for (Recorded each : sameName) {
      if (Pattern.matches(each.arguments, given)) {
        found = each;
        if (!each.taken) {
          break;
        }
      }
    }
    if (found == null) {
      return missing("'" + command + "' with these arguments; it has " + arguments(sameName));
    }
    found.taken = true;
    return of(found.exchange, command);
  }

  private Reply inOrder(String command) {
    if (next == recording.exchanges().size()) {
      return missing("an answer to '" + command + "': all " + next + " have been given");
    }
    return of(recording.exchanges().get(next++), command);
  }

  private static Reply of(Exchange exchange, String command) {
    Answer answer = exchange.answer();
    if (answer == null) {
      return missing("the answer to '" + command + "' of line " + exchange.line());
    }
    return new Reply(exchange.at(), exchange.before(), answer, exchange.after());
  }

  private static Reply missing(String what) {
    var error = JsonNodeFactory.instance.objectNode();
    error.put("class", "GenericError").put("desc", "not in the recording: " + what);
    Answer answer = new Answer(Duration.ZERO, false, Json.text(error));
    return new Reply(Duration.ZERO, List.of(), answer, List.of());
  }

  private String names() {
    return byName.isEmpty() ? "no commands at all" : some(List.copyOf(byName.keySet()));
  }

  private static String arguments(List<Recorded> sameName) {
    return some(sameName.stream().map(each -> Json.text(each.arguments)).distinct().toList());
  }

  private static String some(List<String> all) {
    String some =
        all.stream()
            .limit(NAMES)
            .map(each -> each.length() > LONGEST ? each.substring(0, LONGEST) + "…" : each)
            .collect(Collectors.joining(", "));
    return all.size() > NAMES ? some + " and " + (all.size() - NAMES) + " more" : some;
  }
}
