package org.qmpkit.shell;

import java.util.List;
import org.qmpkit.client.QmpException;
import org.qmpkit.net.Address;

/** {@code connect}: one more monitor, by a name. */
final class ConnectCommand implements ShellCommand {
  @Override
  public String name() {
    return "connect";
  }

  @Override
  public List<String> forms() {
    return List.of("connect ADDR as NAME", "connect");
  }

  @Override
  public String summary() {
    return "connects to one more monitor, for '@NAME COMMAND'; alone lists them";
  }

  @Override
  public String details() {
    return """
    ADDR may be a name that 'qmp list' shows. '@NAME COMMAND' executes a command there, '@all COMMAND' everywhere, here too. Their events are
    not shown. 'disconnect NAME' ends it, and the end of the shell does.
    """;
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    if (line.words().isEmpty()) {
      session
          .peers()
          .all()
          .forEach((name, monitor) -> session.screen().result(name + "  " + monitor.address()));
      return ExitStatus.DONE;
    }
    String where = line.next();
    String as = line.next();
    String name = line.next();
    line.end();
    if (where == null || as == null || name == null || !as.equals("as")) {
      throw new LineException("it needs an address and a name");
    }
    if (!name.matches("[A-Za-z0-9][\\w.-]{0,99}") || AtCommand.WORDS.contains(name)) {
      throw new LineException("'" + name + "' is no name: letters, digits, '.', '_' and '-' are");
    }
    Monitor monitor = session.peers().connect(name, address(session, where), session.monitor());
    session
        .screen()
        .say("'" + name + "' is " + monitor.address() + ", QEMU " + Monitor.release(monitor));
    return ExitStatus.DONE;
  }

  private static Address address(Session session, String text) throws LineException {
    try {
      return session.options().book().find(text);
    } catch (IllegalArgumentException e) {
      throw new LineException(String.valueOf(e.getMessage()));
    }
  }
}
