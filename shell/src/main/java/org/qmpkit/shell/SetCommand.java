package org.qmpkit.shell;

import java.util.List;

/** {@code set}: how the shell behaves. */
final class SetCommand implements ShellCommand {
  private static final List<String> NAMES = List.of("confirm");
  private static final List<String> VALUES = List.of("on", "off");

  @Override
  public String name() {
    return "set";
  }

  @Override
  public List<String> forms() {
    return List.of("set", "set confirm on|off", "set -e|+e");
  }

  @Override
  public String summary() {
    return "how the shell behaves: 'set confirm on' asks before what ends or destroys something";
  }

  @Override
  public String details() {
    return """
    confirm asks a person before commands that end the guest or destroy data; it is off at first, so
    that a line means what it means to qmp-shell, and asks nobody in a script. -e ends a sourced file
    at the first line that fails, +e does not.
    """;
  }

  @Override
  public Offer offer(List<String> before) {
    return new Offer.Words(before.isEmpty() ? List.of("confirm", "-e", "+e") : VALUES);
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException {
    String name = line.next();
    if (name == null) {
      session.screen().say("confirm " + (session.settings().confirms() ? "on" : "off"));
      session.screen().say(session.settings().stopsOnError() ? "-e" : "+e");
      return ExitStatus.DONE;
    }
    if (name.equals("-e") || name.equals("+e")) {
      line.end();
      session.settings().stopOnError(name.equals("-e"));
      return ExitStatus.DONE;
    }
    String value = line.next();
    line.end();
    if (!NAMES.contains(name)) {
      throw new LineException("there is no '" + name + "'" + Similar.hint(name, NAMES));
    }
    if (value == null || !VALUES.contains(value)) {
      throw new LineException(name + " is on or off");
    }
    session.settings().confirm(value.equals("on"));
    return ExitStatus.DONE;
  }
}
