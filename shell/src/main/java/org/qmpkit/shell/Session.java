package org.qmpkit.shell;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Disconnected;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
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
  private final Display display;
  private final EventLog history = new EventLog();
  private final Peers peers = new Peers();
  private final Settings settings;
  private final EventPump events;

  /** For hints. */
  private final LiveNames live;

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
    display = new Display(options, screen, log);
    settings = new Settings(options.stopsOnError());
    live = new LiveNames(monitor::client);
    events = new EventPump(history, display::events, this::ended);
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

  /** How answers and errors come to the screen. */
  Display display() {
    return display;
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

  /** The same; null, too, if it is not answered in so long. */
  @Nullable Schema schema(Duration limit) throws QmpException, InterruptedException {
    FutureTask<@Nullable Schema> asking = new FutureTask<>(this::schema);
    Thread.ofVirtual().name("qmp schema").start(asking);
    try {
      return asking.get(TimeUnit.NANOSECONDS.convert(limit), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpException why) {
        throw why;
      }
      throw new IllegalStateException("a fault of qmpkit: " + e.getCause(), e);
    } finally {
      // Nobody wants it any more, if it is not there yet.
      asking.cancel(true);
    }
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
    return ask(request, QmpOptions.FOREVER);
  }

  /** The same with a limit of its own, where that is sooner than {@code --timeout}. */
  JsonNode ask(Request request, Duration limit) throws QmpException, InterruptedException {
    Link link = monitor.link();
    if (link == null) {
      throw new IllegalStateException("there was no connection yet");
    }
    JsonNode value = monitor.execute(link, request, limit, screen::say);
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
      display.request(request);
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
      events.drain(link.events());
      if (selection == null) {
        display.answer(request, message);
      } else {
        status = display.answer(request, message, selection);
      }
    } catch (CommandFailed e) {
      key.leave();
      events.drain(link.events());
      display.answer(request, Answers.error(e, request.id()));
      Schema schema = options.hmp() || e.refusal().isPresent() ? null : knownSchema();
      if (schema != null) {
        display.hint(schema, request, e, live);
      }
      status = ExitStatus.of(e);
    } catch (Disconnected e) {
      // A QEMU that was told to quit need not answer.
      if (!quits) {
        display.error(e);
        status = ExitStatus.UNREACHABLE;
      }
    } catch (QmpException e) {
      display.error(e);
      status = ExitStatus.of(e);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      display.error(e);
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
      display.events(kept);
    }
  }

  private synchronized void ended(Subscription source, QmpException why) {
    Link link = monitor.link();
    if (link != null && link.events() == source) {
      gone = link;
      history.end(why);
      notifyAll();
      if (!leaving && screen.interactive()) {
        display.left(why, remedy());
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
