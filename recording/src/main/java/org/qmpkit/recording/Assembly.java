package org.qmpkit.recording;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.recording.Recording.Answer;
import org.qmpkit.recording.Recording.Command;
import org.qmpkit.recording.Recording.Event;
import org.qmpkit.recording.Recording.Exchange;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Makes a recording of messages in the order they were sent. */
final class Assembly {
  private static final String NEGOTIATE = "qmp_capabilities";

  /** As many commands may wait for their answers: each answer is looked for among them. */
  static final int MOST_UNANSWERED = 16_384;

  /** As many commands, or answers alone: more than fit into a file that a recorder wrote. */
  static final int MOST_EXCHANGES = 524_288;

  /** A message that can't be where it is. */
  static final class Fault extends Exception {
    private static final long serialVersionUID = 1;

    final int line;

    Fault(int line, String why) {
      super(why);
      this.line = line;
    }
  }

  private static final class Draft {
    final int line;
    final Duration at;
    final @Nullable Command command;
    final @Nullable JsonNode id;
    final List<Event> before = new ArrayList<>();
    final List<Event> after = new ArrayList<>();
    @Nullable Answer answer;

    Draft(int line, Duration at, @Nullable Command command, @Nullable JsonNode id) {
      this.line = line;
      this.at = at;
      this.command = command;
      this.id = id;
    }

    Exchange exchange() {
      return new Exchange(line, at, command, answer, before, after);
    }
  }

  private final boolean ofLibvirt;
  private final List<Draft> drafts = new ArrayList<>();
  private final List<Draft> unanswered = new ArrayList<>();
  private final List<Event> early = new ArrayList<>();
  private @Nullable String greeting;
  private boolean commands;
  private int answersAlone;
  private int last = 1;

  /**
   * One that is empty yet.
   *
   * @param ofLibvirt whether there may be answers alone, and no greeting
   */
  Assembly(boolean ofLibvirt) {
    this.ofLibvirt = ofLibvirt;
  }

  static boolean isCommand(ObjectNode message) {
    return message.has("execute") || message.has("exec-oob");
  }

  void add(ObjectNode message, int line, Duration at) throws Fault {
    last = line;
    if (isCommand(message)) {
      command(message, line, at);
    } else if (message.has("return") || message.has("error")) {
      answer(message, line, at);
    } else if (message.has("event")) {
      event(message, line, at);
    } else if (message.has("QMP")) {
      greeting(message, line);
    } else {
      throw new Fault(line, "no message of QMP: " + RecordingReader.excerpt(Json.text(message)));
    }
  }

  private void greeting(ObjectNode message, int line) throws Fault {
    JsonNode body = message.path("QMP");
    if (message.size() != 1
        || !body.path("version").isObject()
        || !body.path("capabilities").isArray()) {
      throw new Fault(line, "no greeting: it must have a version and capabilities");
    }
    if (greeting == null) {
      if (!drafts.isEmpty() || !early.isEmpty()) {
        throw new Fault(line, "the greeting must come first");
      }
      greeting = Json.text(message);
    }
    // A later one: the connection was lost, and with it what had no answer.
    unanswered.clear();
  }

  private void command(ObjectNode message, int line, Duration at) throws Fault {
    expectGreeting(line);
    if (answersAlone > 0) {
      throw new Fault(line, "a command behind answers that have none");
    }
    boolean oob = message.has("exec-oob");
    JsonNode name = message.path(oob ? "exec-oob" : "execute");
    JsonNode arguments = message.path("arguments");
    if (!name.isString()) {
      throw new Fault(line, "the name of a command must be a string");
    }
    if (!arguments.isMissingNode() && !arguments.isObject()) {
      throw new Fault(
          line,
          "the arguments of '" + RecordingReader.excerpt(name.asString()) + "' must be an object");
    }
    ObjectNode given =
        arguments instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
    Draft draft = new Draft(line, at, new Command(name.asString(), oob, given), message.get("id"));
    commands = true;
    if (unanswered.size() == MOST_UNANSWERED) {
      throw new Fault(line, "more than " + MOST_UNANSWERED + " commands have no answer");
    }
    unanswered.add(draft);
    if (!name.asString().equals(NEGOTIATE)) {
      add(draft);
    }
  }

  private void add(Draft draft) throws Fault {
    if (drafts.size() == MOST_EXCHANGES) {
      throw new Fault(draft.line, "more than " + MOST_EXCHANGES + " commands or answers");
    }
    drafts.add(draft);
  }

  private void answer(ObjectNode message, int line, Duration at) throws Fault {
    expectGreeting(line);
    boolean success = message.has("return");
    JsonNode value = message.path(success ? "return" : "error");
    if (!success && !(value.path("class").isString() && value.path("desc").isString())) {
      throw new Fault(line, "an error must have a class and a desc, both strings");
    }
    Answer answer = new Answer(at, success, Json.text(value));
    if (!commands && ofLibvirt) {
      // The first is that to qmp_capabilities.
      if (answersAlone++ > 0 || greeting == null) {
        Draft alone = new Draft(line, at, null, null);
        alone.answer = answer;
        add(alone);
      }
      return;
    }
    Draft asked = asked(message.get("id"));
    if (asked == null) {
      throw new Fault(
          line, "an answer to no command: " + RecordingReader.excerpt(Json.text(message)));
    }
    asked.answer = answer;
  }

  /** Takes the command that an answer is for: the oldest with its id, or the oldest. */
  private @Nullable Draft asked(@Nullable JsonNode id) {
    for (Iterator<Draft> all = unanswered.iterator(); all.hasNext(); ) {
      Draft each = all.next();
      if (id == null || id.equals(each.id)) {
        all.remove();
        return each;
      }
    }
    return null;
  }

  private void event(ObjectNode message, int line, Duration at) throws Fault {
    expectGreeting(line);
    JsonNode name = message.path("event");
    if (!name.isString() || !message.path("timestamp").isObject()) {
      throw new Fault(line, "an event must have a name and a timestamp");
    }
    Event event = new Event(at, name.asString(), Json.text(message));
    if (drafts.isEmpty()) {
      early.add(event);
    } else {
      Draft latest = drafts.getLast();
      (latest.answer == null ? latest.before : latest.after).add(event);
    }
  }

  private void expectGreeting(int line) throws Fault {
    if (greeting == null && !ofLibvirt) {
      throw new Fault(line, "the greeting must come first, {\"QMP\": …}");
    }
  }

  Recording recording() throws Fault {
    String greeted = greeting == null ? greetingOfVersion() : greeting;
    return new Recording(greeted, early, drafts.stream().map(Draft::exchange).toList());
  }

  private String greetingOfVersion() throws Fault {
    for (Draft each : drafts) {
      if (each.command != null
          && each.command.name().equals("query-version")
          && each.answer != null
          && each.answer.success()) {
        if (!each.answer.text().startsWith("{")) {
          throw new Fault(
              each.line, "no greeting can be made of query-version: its answer must be an object");
        }
        return "{\"QMP\": {\"version\": " + each.answer.text() + ", \"capabilities\": [\"oob\"]}}";
      }
    }
    throw new Fault(
        last, "there is neither a greeting nor an answer to query-version in all of it");
  }
}
