package org.qmpkit.shell;

import java.util.List;

/** {@code disconnect}: leaves a monitor that was connected by name. */
final class DisconnectCommand implements ShellCommand {
  @Override
  public String name() {
    return "disconnect";
  }

  @Override
  public List<String> forms() {
    return List.of("disconnect NAME");
  }

  @Override
  public String summary() {
    return "leaves a monitor that 'connect' has named";
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException {
    String name = line.next();
    line.end();
    if (name == null) {
      throw new LineException("it needs a name");
    }
    if (!session.peers().leave(name)) {
      throw new LineException(
          "there is no '" + name + "'" + Similar.hint(name, session.peers().all().keySet()));
    }
    return ExitStatus.DONE;
  }
}
