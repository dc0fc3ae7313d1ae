package org.qmpkit.shell;

import java.util.List;

/** {@code exit}: leaves the shell; QEMU goes on. */
final class ExitCommand implements ShellCommand {
  @Override
  public String name() {
    return "exit";
  }

  @Override
  public List<String> forms() {
    return List.of("exit");
  }

  @Override
  public String summary() {
    return "leaves the shell, as Ctrl-D; QEMU goes on. 'quit' ends QEMU";
  }

  @Override
  public boolean offline() {
    return true;
  }

  @Override
  public int run(Session session, OwnLine line) throws LineException {
    line.end();
    session.leave();
    return ExitStatus.DONE;
  }
}
