package org.qmpkit.shell;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Disconnected;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Subscription;
import org.qmpkit.shell.Monitor.Link;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the lines of a shell work with: a screen, a monitor, its events. One thread executes; what
 * happens meanwhile comes from others.
 */
final class Session {
  /** How long QEMU may take from its answer to a quit until it is gone. */
  private static final Duration TO_GO = Duration.ofSeconds(5);

  private final ShellOptions options;
  private final Screen screen;
  private final Monitor monitor;
  private final Knowledge knowledge;
  private final CancelKey key;
  private final @Nullable RequestLog log;
  private final EventLog history = new EventLog();
  private final Peers peers = new Peers();
  private final Settings settings;
  private final EventPump events;

  private @Nullable Lines lines;
  private @Nullable Request lastRequest;

  private @Nullable Link gone;
  private boolean leaving;
  private boolean left;

  Session(
      ShellOptions options,
      Screen screen,
      Monitor monitor,
      Knowledge knowledge,
      CancelKey key,
      @Nullable RequestLog log) {
    this.options = options;
    this.screen = screen;
    this.monitor = monitor;
    this.knowledge = knowledge;
    this.key = key;
    this.log = log;
    settings = new Settings(options.stopsOnError());
    events = new EventPump(history, this::show, this::ended);
  }

  ShellOptions options() {
    return options;
  }

  Screen screen() {
    return screen;
  }

  CancelKey key() {
    return key;
  }

  Monitor monitor() {
    return monitor;
  }

  /** How it behaves. */
  Settings settings() {
    return settings;
  }

  /** Other monitors, by name. */
  Peers peers() {
    return peers;
  }

  /** What executes lines. */
  Lines lines() {
    return Objects.requireNonNull(lines, "whoever reads the lines comes first");
  }

  /** From here on this executes lines. */
  void executeBy(Lines executor) {
    lines = executor;
  }

  /** What happened of late. */
  EventLog history() {
    return history;
  }

  /** How events come to the screen. */
  EventPump events() {
    return events;
  }

  /** From here on this is the connection. */
  void begin(Link link) {
    if (screen.interactive()) {
      greet(link);
      knowledge.learn(Learning.of(link.client(), options.hmp(), options.negotiates()));
    }
    history.resume();
    events.follow(link.events());
  }

  /** What the user asked for last; null if there was nothing yet. */
  @Nullable Request lastRequest() {
    return lastRequest;
  }

  /** The user wants to leave. */
  void leave() {
    left = true;
  }

  /** Whether the user wants to leave. */
  boolean left() {
    return left;
  }

  /**
   * What QEMU can do; null if this monitor does not describe itself. Blocks while it is asked.
   *
   * @throws QmpException if it is not answered
   * @throws InterruptedException if this thread is interrupted
   */
  @Nullable Schema schema() throws QmpException, InterruptedException {
    Schema known = screen.interactive() ? knowledge.schema(Knowledge.PATIENCE) : null;
    Link link = monitor.link();
    if (known != null || link == null || options.hmp() || !options.negotiates()) {
      return known;
    }
    return monitor.schema(link);
  }

  /**
   * For a person: what is known already of what QEMU can do; null if nothing is. Waits a moment at
   * most.
   */
  @Nullable Schema knownSchema() {
    return screen.interactive() ? knowledge.schema(Knowledge.PATIENCE) : null;
  }

  /**
   * Asks QEMU for something that the user did not ask for in these words; blocks.
   *
   * @return the value of {@code return}
   * @throws QmpException as {@link Monitor#execute}
   * @throws InterruptedException if this thread is interrupted
   */
  JsonNode ask(Request request) throws QmpException, InterruptedException {
    Link link = monitor.link();
    if (link == null) {
      throw new IllegalStateException("there was no connection yet");
    }
    JsonNode value = monitor.execute(link, request, screen::say);
    // What happened before the answer is known from here on.
    events.drain(link.events());
    return value;
  }

  /** Whether QEMU is there; else says that it is not. */
  boolean isConnected() {
    if (monitor.link() == null || isGone()) {
      screen.say("ERROR: not connected" + remedy());
      return false;
    }
    return true;
  }

  /** Whether a line that ended so has lost this monitor, and not another one. */
  boolean isLost(int status) {
    return ExitStatus.isLoss(status) && (monitor.link() == null || isGone() || monitor.isLost());
  }

  /**
   * Connects anew; blocks.
   *
   * @return an {@link ExitStatus}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  int reconnect() throws InterruptedException {
    if (!monitor.lasts()) {
      screen.say("ERROR: this QEMU is gone for good; Ctrl-D leaves");
      return ExitStatus.UNREACHABLE;
    }
    try {
      begin(monitor.connect());
      return ExitStatus.DONE;
    } catch (QmpException e) {
      screen.say(screen.palette().error(Refused.text(monitor.address(), e)));
      return ExitStatus.of(e);
    }
  }

  /**
   * Executes what the user asked for, and shows the answer; blocks.
   *
   * @param line as it was typed
   * @param selection what of the answer is shown; null for all
   * @return an {@link ExitStatus}
   */
  int answer(Request request, String line, @Nullable Selection selection) {
    Link link = monitor.link();
    if (link == null || !isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    if (isRefused(request)) {
      return ExitStatus.INTERRUPTED;
    }
    lastRequest = request;
    if (options.verbose()) {
      screen.result(options.format().text(request.message(), screen.palette()));
    }
    boolean quits = options.hmp() ? HumanMonitor.ends(line) : request.name().equals("quit");
    int status = ExitStatus.DONE;
    try {
      leaving(quits);
      events.drain(link.events());
      history.sending(request.name());
      key.enter();
      JsonNode value = monitor.execute(link, request, screen::say);
      key.leave();
      ObjectNode message = Answers.success(value, request.id());
      if (selection == null) {
        show(link, request, message);
      } else {
        log(request, message);
        status = show(link, selection, value);
      }
    } catch (CommandFailed e) {
      key.leave();
      show(link, request, Answers.error(e, request.id()));
      hint(request, e);
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

  /** Whether the user, asked whether something dangerous is meant, says no; then that is said. */
  boolean isRefused(Request request) {
    String danger = settings.confirms() && screen.interactive() ? Danger.of(request) : null;
    if (danger == null) {
      return false;
    }
    String answer;
    try {
      answer = screen.ask("'" + request.name() + "' " + danger + ". Really? [y/N] ");
    } catch (Screen.Cancelled | IOException e) {
      answer = null;
    }
    boolean refused = answer == null || !answer.strip().matches("(?i)y|yes");
    if (refused) {
      screen.say("'" + request.name() + "' was not executed");
    }
    return refused;
  }

  private int show(Link link, Selection selection, JsonNode value) {
    events.drain(link.events());
    try {
      String text = selection.text(value, options.format(), screen.palette());
      if (!text.isEmpty()) {
        screen.result(text);
      }
      return ExitStatus.DONE;
    } catch (LineException e) {
      screen.say(screen.palette().error("ERROR: " + e.getMessage()));
      return ExitStatus.USAGE;
    }
  }

  private void hint(Request request, CommandFailed failure) {
    Schema schema = options.hmp() || failure.refusal().isPresent() ? null : knownSchema();
    String hint = schema == null ? "" : Hints.of(schema, request, failure);
    if (!hint.isEmpty()) {
      screen.say(Printable.text(hint));
    }
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

  /** What is said of it. */
  String error(QmpException e) {
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

  /** Shows the events that were kept back. */
  void showKept() {
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
      history.end(why);
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

  /** Whether QEMU has left. */
  synchronized boolean isGone() {
    return gone != null && gone.equals(monitor.link());
  }

  private void greet(Link link) {
    screen.result(
        "Connected" + (options.negotiates() ? " to QEMU " + link.client().release() + "\n" : ""));
  }
}
