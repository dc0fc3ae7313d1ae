package org.qmpkit.shell;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Disconnected;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Subscription;
import org.qmpkit.shell.Monitor.Link;
import org.qmpkit.shell.Screen.Cancelled;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What goes on in a shell: reads lines, executes them, shows what comes of it. */
final class Conversation {
  /** The most characters of a request in JSON over several lines. */
  private static final int LONGEST = 1 << 20;

  /** How long QEMU may take from its answer to a quit until it is gone. */
  private static final Duration TO_GO = Duration.ofSeconds(5);

  private final ShellOptions options;
  private final Screen screen;
  private final Monitor monitor;
  private final Completion completion;
  private final CancelKey key;
  private final @Nullable RequestLog log;
  private final LineGrammar grammar = new LineGrammar();
  private final HumanMonitor human = new HumanMonitor();
  private final EventPump events;

  /** A request in JSON whose end has not been typed yet. */
  private final StringBuilder unfinished = new StringBuilder();

  private @Nullable Link gone;
  private boolean leaving;
  private boolean left;

  Conversation(
      ShellOptions options,
      Screen screen,
      Monitor monitor,
      Completion completion,
      CancelKey key,
      @Nullable RequestLog log) {
    this.options = options;
    this.screen = screen;
    this.monitor = monitor;
    this.completion = completion;
    this.key = key;
    this.log = log;
    events = new EventPump(this::show, this::ended);
  }

  /** Reads and executes lines until there are no more; gives the status to end with. */
  int run(Link first) throws IOException {
    if (screen.interactive()) {
      screen.result(
          options.hmp() ? "Welcome to the HMP shell!" : "Welcome to the QMP low-level shell!");
      greet(first);
      completion.learn(Learning.of(first.client(), options.hmp(), options.negotiates()));
    } else {
      events.mute(true);
    }
    events.follow(first.events());
    while (!left) {
      String text;
      try {
        text = screen.read(prompt());
      } catch (Cancelled e) {
        unfinished.setLength(0);
        if (grammar.inTransaction()) {
          grammar.abandon();
          screen.say("transaction dropped");
        }
        continue;
      }
      if (text == null) {
        return end();
      }
      int status = executeAll(text);
      if (!screen.interactive()
          && (status == ExitStatus.UNREACHABLE
              || status == ExitStatus.BROKEN
              || (status != ExitStatus.DONE && options.stopsOnError()))) {
        return status;
      }
    }
    return ExitStatus.DONE;
  }

  private int end() {
    if (unfinished.isEmpty() && !grammar.inTransaction()) {
      return ExitStatus.DONE;
    }
    screen.say(
        "Error while parsing command line: the input ends within "
            + (unfinished.isEmpty() ? "a transaction" : "JSON: " + Value.excerpt(unfinished)));
    return options.stopsOnError() ? ExitStatus.USAGE : ExitStatus.DONE;
  }

  private void greet(Link link) {
    screen.result(
        "Connected" + (options.negotiates() ? " to QEMU " + link.client().release() + "\n" : ""));
  }

  private String prompt() {
    if (!unfinished.isEmpty()) {
      return "  ...> ";
    }
    return grammar.inTransaction() ? "TRANS> " : "(QEMU) ";
  }

  /** Several lines may have been pasted at once. */
  private int executeAll(String text) {
    int status = ExitStatus.DONE;
    for (String line : (text.indexOf('\n') < 0 ? text : text.stripTrailing()).split("\n", -1)) {
      status = execute(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
      if (left
          || status == ExitStatus.INTERRUPTED
          || (status != ExitStatus.DONE && options.stopsOnError())) {
        break;
      }
    }
    return status;
  }

  private int execute(String line) {
    if (line.isEmpty() && unfinished.isEmpty()) {
      showKept();
      return ExitStatus.DONE;
    }
    try {
      Request request;
      if (unfinished.isEmpty() && isOwn(line.strip())) {
        return own(line.strip());
      } else if (options.hmp()) {
        request = human(line);
      } else if (!unfinished.isEmpty() && unfinished.length() < LONGEST && line.indexOf('}') < 0) {
        // It can't end here, and to read all of it again for each line would take its time.
        unfinished.append('\n').append(line);
        return ExitStatus.DONE;
      } else {
        unfinished.append(unfinished.isEmpty() ? "" : "\n").append(line);
        request = grammar.read(unfinished.toString());
        unfinished.setLength(0);
      }
      return request == null ? ExitStatus.DONE : answer(request, line);
    } catch (LineException.Incomplete e) {
      if (unfinished.length() < LONGEST) {
        return ExitStatus.DONE;
      }
      unfinished.setLength(0);
      screen.say("Error while parsing command line: more than 1 MiB of JSON without an end");
      return ExitStatus.USAGE;
    } catch (LineException e) {
      unfinished.setLength(0);
      screen.say(
          options.hmp()
              ? String.valueOf(e.getMessage())
              : "Error while parsing command line: "
                  + e.getMessage()
                  + "\n"
                  + LineGrammar.COMMAND_FORMAT);
      return ExitStatus.USAGE;
    }
  }

  private @Nullable Request human(String line) throws LineException {
    if (line.isBlank()) {
      return null;
    }
    if (HumanMonitor.choosesCpu(line)) {
      long cpu = HumanMonitor.cpu(line);
      Link link = monitor.link();
      try {
        key.enter();
        if (link != null) {
          monitor.execute(link, HumanMonitor.probe(cpu), screen::say);
        }
      } catch (CommandFailed e) {
        if (e.refusal().isEmpty()) {
          throw new LineException(HumanMonitor.NO_SUCH);
        }
      } catch (QmpException e) {
        // The command itself will tell.
      } catch (InterruptedException e) {
        screen.say("no longer waiting");
        return null;
      } finally {
        key.leave();
      }
      human.choose(cpu);
    }
    return human.request(line);
  }

  /**
   * Whether a line is for the shell itself. None of these words is a command of QMP; in HMP every
   * line is for QEMU, as long as there is one.
   */
  private boolean isOwn(String line) {
    return !grammar.inTransaction() && OwnLines.ALL.contains(line) && (!options.hmp() || isGone());
  }

  private int own(String line) {
    switch (line) {
      case "help" -> screen.say(OwnLines.HELP.stripTrailing());
      case "events on" -> {
        events.mute(false);
        showKept();
      }
      case "events off" -> events.mute(true);
      case "reconnect" -> {
        return reconnect();
      }
      default -> left = true;
    }
    return ExitStatus.DONE;
  }

  private int reconnect() {
    if (!monitor.lasts()) {
      screen.say("ERROR: this QEMU is gone for good; Ctrl-D leaves");
      return ExitStatus.UNREACHABLE;
    }
    try {
      grammar.abandon();
      key.enter();
      Link made = monitor.connect();
      greet(made);
      completion.learn(Learning.of(made.client(), options.hmp(), options.negotiates()));
      events.follow(made.events());
      return ExitStatus.DONE;
    } catch (QmpException e) {
      screen.say(screen.palette().error(Refused.text(monitor.address(), e)));
      return ExitStatus.of(e);
    } catch (InterruptedException e) {
      screen.say("not connected");
      return ExitStatus.INTERRUPTED;
    } finally {
      key.leave();
    }
  }

  private int answer(Request request, String line) {
    Link link = monitor.link();
    if (link == null || isGone()) {
      screen.say("ERROR: not connected" + remedy());
      return ExitStatus.UNREACHABLE;
    }
    if (options.verbose()) {
      screen.result(options.format().text(request.message(), screen.palette()));
    }
    boolean quits = options.hmp() ? HumanMonitor.ends(line) : request.name().equals("quit");
    int status = ExitStatus.DONE;
    try {
      leaving(quits);
      key.enter();
      JsonNode value = monitor.execute(link, request, screen::say);
      key.leave();
      show(link, request, Answers.success(value, request.id()));
    } catch (CommandFailed e) {
      key.leave();
      show(link, request, Answers.error(e, request.id()));
      status = ExitStatus.of(e);
    } catch (Disconnected e) {
      // A QEMU that was told to quit need not answer.
      if (!quits) {
        screen.say(error(e));
        status = ExitStatus.UNREACHABLE;
      }
    } catch (QmpException e) {
      screen.say(error(e));
      status = ExitStatus.of(e);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      screen.say("ERROR: " + e.getMessage());
      status = ExitStatus.USAGE;
    } catch (InterruptedException e) {
      screen.say("no longer waiting for '" + request.name() + "'; it may run yet");
      status = ExitStatus.INTERRUPTED;
    } finally {
      key.leave();
    }
    if (quits && status == ExitStatus.DONE && awaitEnd()) {
      screen.say("Disconnected");
      left = true;
    }
    leaving(false);
    return status;
  }

  private void show(Link link, Request request, ObjectNode message) {
    events.drain(link.events());
    JsonNode value = message.path("return");
    JsonNode error = message.path("error");
    boolean messages = options.format().isMessage() && !options.hmp();
    if (messages) {
      screen.result(options.format().text(message, screen.palette()));
    } else if (!error.isMissingNode()) {
      String text = error.path("class").asString() + ": " + error.path("desc").asString();
      screen.say(screen.palette().error(Printable.text(text)));
    } else if (options.hmp()) {
      String text = value.asString("").replace("\r\n", "\n").stripTrailing();
      if (!text.isEmpty()) {
        screen.result(Printable.text(text));
      }
    } else {
      screen.result(options.format().text(value, screen.palette()));
    }
    log(request, message);
  }

  private void log(Request request, ObjectNode message) {
    try {
      if (log != null) {
        log.add(request, message);
      }
    } catch (IOException e) {
      screen.say("cannot write the log: " + Reasons.of(e));
    }
  }

  private String error(QmpException e) {
    return screen.palette().error("ERROR: " + e.getMessage());
  }

  private synchronized void leaving(boolean quits) {
    leaving = quits;
  }

  /** QEMU said that it quits: whoever asked for that wants to leave, too. */
  private synchronized boolean awaitEnd() {
    long end = System.nanoTime() + TO_GO.toNanos();
    key.enter();
    try {
      for (long rest = TO_GO.toMillis(); !isGone() && rest > 0; ) {
        wait(rest);
        rest = (end - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      // Ctrl-C: it stays.
    } finally {
      key.leave();
    }
    return isGone();
  }

  private void show(List<Event> some) {
    StringBuilder text = new StringBuilder();
    for (Event each : some) {
      if (each.lost() > 0 && screen.interactive()) {
        text.append("(").append(each.lost()).append(" events were lost here)\n");
      } else if (each.lost() > 0) {
        screen.say("(" + each.lost() + " events were lost)");
      }
      text.append(JsonText.compact(Answers.event(each), screen.palette())).append('\n');
    }
    text.setLength(text.length() - 1);
    screen.event(text.toString());
  }

  private void showKept() {
    long dropped = events.dropped();
    if (dropped > 0) {
      screen.say("(" + dropped + " events were lost here)");
    }
    Link link = monitor.link();
    if (link != null) {
      events.drain(link.events());
    }
    List<Event> kept = events.kept();
    if (!kept.isEmpty()) {
      show(kept);
    }
  }

  private synchronized void ended(Subscription source, QmpException why) {
    Link link = monitor.link();
    if (link != null && link.events() == source) {
      gone = link;
      notifyAll();
      if (!leaving && screen.interactive()) {
        String reason =
            String.valueOf(why.getMessage())
                .replaceFirst("^cannot receive events at .*?: ", "")
                .replaceFirst("; connect again$", "");
        screen.event(screen.palette().error("Disconnected: " + reason) + remedy());
      }
    }
  }

  private String remedy() {
    return monitor.lasts() ? "; 'reconnect' connects again, Ctrl-D leaves" : "; Ctrl-D leaves";
  }

  private synchronized boolean isGone() {
    return gone != null && gone.equals(monitor.link());
  }
}
