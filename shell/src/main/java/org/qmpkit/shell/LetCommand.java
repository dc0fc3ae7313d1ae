package org.qmpkit.shell;

import java.util.List;
import org.qmpkit.client.QmpException;
import tools.jackson.databind.JsonNode;

/** {@code let}: a value for {@code ${NAME}} in files that are executed. */
final class LetCommand implements ShellCommand {
  /** What is more than a part of a value somewhere in a line. */
  private static final String SPECIAL = "\"'\\|=()[]{}";

  @Override
  public String name() {
    return "let";
  }

  @Override
  public List<String> forms() {
    return List.of("let NAME=VALUE", "let NAME COMMAND [key=value …] [| EXPR]");
  }

  @Override
  public String summary() {
    return "gives ${NAME} a value, of what a command answers";
  }

  @Override
  public String details() {
    return """
    Of several values that EXPR selects it is the last; a string is without its quotes. What a
    command answers must be a plain word: no white space, control characters, quotes, brackets,
    '\\', '|' or '=', no '@' or '--' at its beginning.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    return before.isEmpty() ? Offer.NOTHING : new Offer.Line(1);
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    String name = line.next();
    if (name == null) {
      throw new LineException("it needs a name");
    }
    int equals = name.indexOf('=');
    if (equals > 0) {
      line.end();
      session
          .settings()
          .variables()
          .set(name.substring(0, equals), OwnLine.unquoted(name.substring(equals + 1)));
      return ExitStatus.DONE;
    }
    Piped piped = Piped.of(line.text().substring(line.text().indexOf(name) + name.length()));
    Request request = new LineGrammar().read(piped.command());
    if (request == null) {
      throw new LineException("'" + name + "' needs a value");
    }
    if (!session.isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    if (session.isRefused(request)) {
      return ExitStatus.INTERRUPTED;
    }
    JsonNode value = session.ask(request);
    Selection selection = piped.selection();
    if (selection != null) {
      List<JsonNode> values = selection.of(value);
      if (values.isEmpty()) {
        throw new LineException("nothing is selected for '" + name + "'");
      }
      value = values.getLast();
    }
    String text = value.isString() ? value.asString() : JsonText.compact(value, Palette.PLAIN);
    if (!isPlain(text)) {
      throw new LineException(
          "the value for '"
              + name
              + "' could mean more than a value in a line: "
              + Printable.text(Value.excerpt(text))
              + "; select a plain word, or give it yourself: let "
              + name
              + "=VALUE");
    }
    session.settings().variables().set(name, text);
    return ExitStatus.DONE;
  }

  /** Whether QEMU, which the user need not trust, can do no more with it than give a value. */
  private static boolean isPlain(String text) {
    return !text.startsWith("@")
        && !text.startsWith("--")
        && text.codePoints()
            .noneMatch(each ->
                Character.isWhitespace(each)
                    || Character.isSpaceChar(each)
                    || Character.isISOControl(each)
                    || SPECIAL.indexOf(each) >= 0);
  }
}
