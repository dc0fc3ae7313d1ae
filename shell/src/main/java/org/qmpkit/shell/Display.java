package org.qmpkit.shell;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Schema;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How answers, errors and events come to the screen, and what was asked and answered into the log.
 */
final class Display {
  private final ShellOptions options;
  private final Screen screen;
  private final @Nullable RequestLog log;

  Display(ShellOptions options, Screen screen, @Nullable RequestLog log) {
    this.options = options;
    this.screen = screen;
    this.log = log;
  }

  /** Shows what is sent. */
  void request(Request request) {
    screen.result(options.format().text(request.message(), screen.palette()));
  }

  /** Shows an answer whole, and logs it. */
  void answer(Request request, ObjectNode message) {
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

  /**
   * Shows what a user wants of an answer, and logs it whole.
   *
   * @return an {@link ExitStatus}
   */
  int answer(Request request, ObjectNode message, Selection selection) {
    log(request, message);
    try {
      String text = selection.text(message.path("return"), options.format(), screen.palette());
      if (!text.isEmpty()) {
        screen.result(text);
      }
      return ExitStatus.DONE;
    } catch (LineException e) {
      error(e);
      return ExitStatus.USAGE;
    }
  }

  /** Says what would have been right, where that is known. */
  void hint(Schema schema, Request request, CommandFailed failure, LiveNames live) {
    String hint = Hints.of(schema, request, failure, live);
    if (!hint.isEmpty()) {
      screen.say(Printable.text(hint));
    }
  }

  /** Shows events, a line each, and where some were lost. */
  void events(List<Event> some) {
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

  /** Says what went wrong. */
  void error(Exception e) {
    screen.say(errorText(e));
  }

  /** What is said of what went wrong. */
  String errorText(Exception e) {
    return screen.palette().error("ERROR: " + e.getMessage());
  }

  /** Says, between lines, that QEMU has left. */
  void left(QmpException why, String remedy) {
    String reason =
        String.valueOf(why.getMessage())
            .replaceFirst("^cannot receive events at .*?: ", "")
            .replaceFirst("; connect again$", "");
    screen.event(screen.palette().error("Disconnected: " + reason) + remedy);
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
}
