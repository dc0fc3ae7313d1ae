package org.qmpkit.shell;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpException;
import org.qmpkit.shell.Monitor.Link;
import org.qmpkit.shell.Screen.Cancelled;

/** What goes on in a shell: reads lines, executes them, shows what comes of it. */
final class Conversation implements Lines {
  /** The most characters of a request in JSON over several lines. */
  private static final int LONGEST = 1 << 20;

  private final ShellOptions options;
  private final Screen screen;
  private final Monitor monitor;
  private final CancelKey key;
  private final Session session;
  private final Completion completion;
  private final LineGrammar grammar = new LineGrammar();
  private final HumanMonitor human = new HumanMonitor();

  /** A request in JSON whose end has not been typed yet. */
  private final StringBuilder unfinished = new StringBuilder();

  Conversation(ShellOptions options, Session session, Completion completion) {
    this.options = options;
    this.session = session;
    this.completion = completion;
    screen = session.screen();
    monitor = session.monitor();
    key = session.key();
    session.executeBy(this);
  }

  @Override
  public boolean goOn() {
    return !unfinished.isEmpty() || grammar.inTransaction();
  }

  @Override
  public void abandon() {
    unfinished.setLength(0);
    grammar.abandon();
  }

  /** Reads and executes lines until there are no more; gives the status to end with. */
  int run(Link first) throws IOException {
    if (screen.interactive()) {
      screen.result(
          options.hmp() ? "Welcome to the HMP shell!" : "Welcome to the QMP low-level shell!");
    } else {
      session.events().mute(true);
    }
    session.begin(first);
    while (!session.left()) {
      String text;
      try {
        completion.before(unfinished.toString(), grammar.inTransaction());
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
          && (session.isLost(status) || (status != ExitStatus.DONE && options.stopsOnError()))) {
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
      if (session.left()
          || status == ExitStatus.INTERRUPTED
          || (status != ExitStatus.DONE && options.stopsOnError())) {
        break;
      }
    }
    return status;
  }

  @Override
  public int execute(String line) {
    if (line.isEmpty() && unfinished.isEmpty()) {
      session.showKept();
      return ExitStatus.DONE;
    }
    try {
      Request request;
      ShellCommand own = own(line);
      if (own != null) {
        return own(own, line);
      } else if (options.hmp()) {
        request = human(line);
      } else if (!unfinished.isEmpty() && unfinished.length() < LONGEST && line.indexOf('}') < 0) {
        // It can't end here, and to read all of it again for each line would take its time.
        unfinished.append('\n').append(line);
        return ExitStatus.DONE;
      } else {
        unfinished.append(unfinished.isEmpty() ? "" : "\n").append(line);
        Piped piped =
            grammar.inTransaction()
                ? new Piped(unfinished.toString(), null)
                : Piped.of(unfinished.toString());
        request = grammar.read(piped.command());
        unfinished.setLength(0);
        return request == null ? ExitStatus.DONE : session.answer(request, line, piped.selection());
      }
      return request == null ? ExitStatus.DONE : session.answer(request, line, null);
    } catch (LineException.Incomplete e) {
      if (unfinished.length() < LONGEST) {
        return ExitStatus.DONE;
      }
      unfinished.setLength(0);
      screen.say("Error while parsing command line: more than 1 MiB of JSON without an end");
      return ExitStatus.USAGE;
    } catch (LineException e) {
      String format = grammar.format(unfinished.isEmpty() ? line : unfinished.toString());
      unfinished.setLength(0);
      boolean selection = e instanceof LineException.OfSelection;
      screen.say(
          options.hmp() || selection
              ? String.valueOf(e.getMessage())
              : "Error while parsing command line: " + e.getMessage() + "\n" + format);
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
   * The command of the shell that a line is for; null if it is for QEMU. None of these words is a
   * command of QMP; in HMP every line is for QEMU, as long as there is one.
   */
  private @Nullable ShellCommand own(String line) {
    if (!unfinished.isEmpty() || grammar.inTransaction() || (options.hmp() && !session.isGone())) {
      return null;
    }
    ShellCommand command = ShellCommands.of(line);
    return command == null || (options.hmp() && !command.offline()) ? null : command;
  }

  private int own(ShellCommand command, String line) {
    try {
      key.enter();
      return command.run(session, OwnLine.of(line));
    } catch (LineException e) {
      String forms = String.join("\n       ", command.forms());
      screen.say(command.name() + ": " + e.getMessage() + "\nusage: " + forms);
      return ExitStatus.USAGE;
    } catch (QmpException e) {
      session.display().error(e);
      return ExitStatus.of(e);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      session.display().error(e);
      return ExitStatus.USAGE;
    } catch (InterruptedException e) {
      screen.say("no longer waiting for '" + line.strip() + "'");
      return ExitStatus.INTERRUPTED;
    } finally {
      key.leave();
    }
  }
}
