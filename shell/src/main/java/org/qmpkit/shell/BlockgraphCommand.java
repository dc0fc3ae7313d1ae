package org.qmpkit.shell;

import java.util.List;
import org.qmpkit.client.QmpException;

/** {@code blockgraph}: block nodes, who uses them, and what they are made of. */
final class BlockgraphCommand implements ShellCommand {
  @Override
  public String name() {
    return "blockgraph";
  }

  @Override
  public List<String> forms() {
    return List.of("blockgraph");
  }

  @Override
  public String summary() {
    return "block nodes, their formats, sizes and limits; devices and jobs on them";
  }

  @Override
  public String details() {
    return """
    Devices, exports and jobs stand first in a row, and what they use below them, with its part in
    the node above it (file, backing, …). It rests on a command that QEMU marks as unstable.
    """;
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    line.end();
    if (!session.isConnected()) {
      return ExitStatus.UNREACHABLE;
    }
    List<Branches.Branch> roots = BlockGraph.ask(session).roots();
    if (roots.isEmpty()) {
      session.screen().say("there is no block node");
    } else {
      session.screen().result(Branches.text(roots));
    }
    return ExitStatus.DONE;
  }
}
