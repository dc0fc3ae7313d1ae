package org.qmpkit.shell;

import java.util.Set;

/** The lines that are for the shell itself. */
final class OwnLines {
  static final Set<String> ALL = Set.of("help", "events on", "events off", "reconnect", "exit");

  /** What {@code help} says, of all kinds of line. */
  static final String HELP =
      """
      COMMAND key=value …           a command of QEMU; Tab completes, Ctrl-R finds earlier lines
        a.b=1 a.c=2                 a member of a member; true, false, integers, {…} and […] are JSON
        key:=JSON  key:=@FILE       any JSON, as a string "7", 1.5 or null; a file of it
      {"execute": …}                a command in JSON
      exec-oob COMMAND …            a command out of band, where it can
      transaction(  …  )            actions in a transaction, a line each; key=value first: properties
      (an empty line)               events that were kept while they were muted
      # …                           a comment
      events off, events on         keeps events back; shows them as they happen
      reconnect                     connects anew, when QEMU is gone
      exit, Ctrl-D                  leaves the shell; QEMU goes on. 'quit' ends QEMU
      """;

  private OwnLines() {}
}
