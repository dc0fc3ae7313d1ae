package org.qmpkit.shell;

import java.util.List;
import org.qmpkit.client.QmpException;

/** {@code reconnect}: a new connection to the same address. */
final class ReconnectCommand implements ShellCommand {
  @Override
  public String name() {
    return "reconnect";
  }

  @Override
  public List<String> forms() {
    return List.of("reconnect");
  }

  @Override
  public String summary() {
    return "connects anew, when QEMU is gone";
  }

  @Override
  public boolean offline() {
    return true;
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    line.end();
    return session.reconnect();
  }
}
