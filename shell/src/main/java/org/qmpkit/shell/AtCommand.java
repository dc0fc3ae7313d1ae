package org.qmpkit.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.QmpException;
import org.qmpkit.shell.Monitor.Link;
import tools.jackson.databind.JsonNode;

/** {@code @NAME}: a command at another monitor, or at all of them. */
final class AtCommand implements ShellCommand {
  static final String ALL = "all";
  static final String HERE = "here";

  /** Names that mean something already. */
  static final List<String> WORDS = List.of(ALL, HERE);

  @Override
  public String name() {
    return "@";
  }

  @Override
  public List<String> forms() {
    return List.of("@NAME COMMAND [key=value …] [| EXPR]", "@all COMMAND …");
  }

  @Override
  public String summary() {
    return "a command at a monitor that 'connect' has named, or at all of them";
  }

  @Override
  public Offer offer(List<String> before) {
    return new Offer.Line(0);
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException, InterruptedException {
    String name = line.next();
    if (name == null || line.words().isEmpty()) {
      throw new LineException("it needs a name and a command");
    }
    Map<String, Monitor> at = new LinkedHashMap<>();
    at.put(HERE, session.monitor());
    at.putAll(session.peers().all());
    if (!name.equals(ALL)) {
      Monitor one = at.get(name);
      if (one == null) {
        throw new LineException("there is no '" + name + "'" + Similar.hint(name, at.keySet()));
      }
      at.keySet().retainAll(List.of(name));
    }
    Piped piped = Piped.of(line.text().substring(line.text().indexOf(name) + name.length()));
    LineGrammar grammar = new LineGrammar();
    Request request = grammar.read(piped.command());
    if (request == null || ShellCommands.of(piped.command()) != null) {
      throw new LineException("it needs a command of QEMU");
    }
    if (session.isRefused(request)) {
      return ExitStatus.INTERRUPTED;
    }
    int status = ExitStatus.DONE;
    for (Map.Entry<String, Monitor> each : at.entrySet()) {
      int one = execute(session, each.getKey(), each.getValue(), request, piped);
      status = one == ExitStatus.DONE ? status : one;
    }
    return status;
  }

  private static int execute(
      Session session, String name, Monitor monitor, Request request, Piped piped)
      throws InterruptedException {
    Screen screen = session.screen();
    Link link = monitor.link();
    try {
      if (link == null) {
        screen.say(name + ": " + screen.palette().error("ERROR: not connected"));
        return ExitStatus.UNREACHABLE;
      }
      JsonNode value = monitor.execute(link, request, screen::say);
      Format format = session.options().format();
      Selection selection = piped.selection();
      JsonNode shown = format.isMessage() ? Answers.success(value, request.id()) : value;
      String text =
          selection == null
              ? format.text(shown, screen.palette())
              : selection.text(value, format, screen.palette());
      screen.result(name + ": " + (text.indexOf('\n') < 0 ? "" : "\n") + text);
      return ExitStatus.DONE;
    } catch (CommandFailed e) {
      screen.result(
          name + ": " + JsonText.compact(Answers.error(e, request.id()), screen.palette()));
      return ExitStatus.of(e);
    } catch (QmpException e) {
      screen.say(name + ": " + session.display().errorText(e));
      return ExitStatus.of(e);
    } catch (LineException | IllegalArgumentException | UnsupportedOperationException e) {
      // It may be of this monitor's answer, or of what it offers: the next may do it.
      screen.say(name + ": " + session.display().errorText(e));
      return ExitStatus.USAGE;
    }
  }
}
