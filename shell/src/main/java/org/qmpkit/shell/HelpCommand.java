package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Schema;

/** {@code help}: what lines may be, and what a command, an event or a type of QEMU is. */
final class HelpCommand implements ShellCommand {
  /** All kinds of line that are for QEMU. */
  private static final String LINES =
      """
      COMMAND key=value …           a command of QEMU; Tab completes, Ctrl-R finds earlier lines
        a.b=1 a.c=2                 a member of a member; true, false, integers, {…} and […] are JSON
        key:=JSON  key:=@FILE       any JSON, as a string "7", 1.5 or null; a file of it
      {"execute": …}                a command in JSON
      exec-oob COMMAND …            a command out of band, where it can
      COMMAND … | EXPR              what EXPR selects of the answer; 'help |' explains it
      transaction(  …  )            actions in a transaction, a line each; key=value first: properties
      (an empty line)               events that were kept back
      # …                           a comment
      """;

  private static final String BAR = "|";

  private static final String SELECTING =
      """
      COMMAND … | EXPR
        shows of the value returned what EXPR makes of it, a value each. Blanks stand around the bar.

      EXPR means what it means to jq, out of a part of its language:
        paths        .  .a.b  ."x"  .a[0]  .a[-1]  .a["x"]  .[]  ..  .a?  .node-name
        made         {id, n: .len}  [.[].id]  "text"  1  true  null
        joined       a | b  a, b  a // b  (a)
        compared     == != < <= > >=  and or
        reckoned     + - * /, blanks around a minus before a letter
        functions    length keys type not empty first last add tostring to_entries
                     select(f) map(f) first(f) sort_by(f) any(f) all(f)
                     has("x") test("regex") startswith("x") endswith("x")
      The name of a format may stand last: | table.

        query-status | .status
        query-jobs | .[] | select(.status == "ready") | .id
        query-named-block-nodes flat=true | .[] | {node-name, drv} | table\
      """;

  @Override
  public String name() {
    return "help";
  }

  @Override
  public List<String> forms() {
    return List.of("help", "help NAME [key=value …] [MEMBER]");
  }

  @Override
  public String summary() {
    return "explains lines; with NAME a command, an event or a type of QEMU";
  }

  @Override
  public String details() {
    return """
    What a command takes may depend on a value: help blockdev-add driver=qcow2. With a MEMBER it
    explains that: help blockdev-add driver=qcow2 file.
    Types have names only in QEMU's reference, where that is installed (the manual page
    qemu-qmp-ref).
    """;
  }

  @Override
  public boolean offline() {
    return true;
  }

  @Override
  public Offer offer(List<String> before) {
    return before.isEmpty() ? new Offer.Names() : new Offer.Line(0);
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    String name = line.next();
    if (name == null) {
      session.screen().result(all());
      return ExitStatus.DONE;
    }
    if (name.equals(BAR)) {
      session.screen().result(SELECTING);
      return ExitStatus.DONE;
    }
    ShellCommand own = ShellCommands.of(name);
    Schema schema = own == null || !session.isGone() ? session.schema() : null;
    String text = explain(name, own, schema, line.words());
    if (text == null) {
      List<String> names = new ArrayList<>(ShellCommands.names());
      if (schema != null) {
        names.addAll(schema.commands());
        names.addAll(schema.events());
      }
      throw new LineException("there is no '" + name + "'" + Similar.hint(name, names));
    }
    session.screen().result(Printable.text(text));
    return ExitStatus.DONE;
  }

  private static @Nullable String explain(
      String name, @Nullable ShellCommand own, @Nullable Schema schema, List<String> words)
      throws LineException {
    if (own != null) {
      return own.summary() + "\n  " + String.join("\n  ", own.forms()) + details(own);
    }
    Reference reference = Reference.installed();
    String described = schema == null ? null : new Description(schema, reference).of(name, words);
    Reference.Entry entry = described == null ? reference.entry(name) : null;
    return entry == null
        ? described
        : name
            + ", in the reference that is installed ("
            + entry.kind()
            + ")\n\n"
            + String.join("\n", entry.lines());
  }

  private static String details(ShellCommand own) {
    return own.details().isEmpty() ? "" : "\n\n" + own.details().stripTrailing();
  }

  private static String all() {
    StringBuilder text = new StringBuilder(LINES);
    for (ShellCommand each : ShellCommands.ALL) {
      text.append(String.format("%-29s %s%n", each.name(), each.summary()));
    }
    return text.append("'help NAME' says more, of these and of what QEMU has").toString();
  }
}
