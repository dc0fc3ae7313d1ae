package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.Schema;

/** {@code apropos}: commands and events that have to do with a word. */
final class AproposCommand implements ShellCommand {
  private static final int SUMMARY = 60;

  @Override
  public String name() {
    return "apropos";
  }

  @Override
  public List<String> forms() {
    return List.of("apropos WORD …");
  }

  @Override
  public String summary() {
    return "lists commands and events that have to do with words";
  }

  @Override
  public String details() {
    return """
    It looks at names, at those of arguments and data, and at QEMU's reference where that is
    installed; what it lists has to do with all of the words.
    """;
  }

  @Override
  public int run(Session session, OwnLine line)
      throws LineException, QmpException, InterruptedException {
    if (line.words().isEmpty()) {
      throw new LineException("it needs a word");
    }
    List<String> words = line.words().stream().map(each -> each.toLowerCase(Locale.ROOT)).toList();
    Schema schema = session.schema();
    if (schema == null) {
      throw new LineException("this monitor does not describe itself");
    }
    Reference reference = Reference.installed();
    TreeMap<String, String> found = new TreeMap<>();
    for (String name : schema.commands()) {
      Schema.Command command = schema.command(name).orElseThrow();
      String signature = Members.signature(schema, command);
      if (fits(words, name + " " + signature, reference.entry(name))) {
        found.put(name, summary(reference.entry(name), signature));
      }
    }
    for (String name : schema.events()) {
      Schema.ObjectType data = schema.data(schema.event(name).orElseThrow());
      String members = String.join(" ", data.members().stream().map(Schema.Member::name).toList());
      if (fits(words, name + " " + members, reference.entry(name))) {
        found.put(name, summary(reference.entry(name), "event: " + members));
      }
    }
    for (ShellCommand each : ShellCommands.ALL) {
      if (fits(words, each.name() + " " + each.summary() + " " + each.details(), null)) {
        found.put(each.name(), each.summary());
      }
    }
    if (found.isEmpty()) {
      session.screen().say("nothing has to do with " + String.join(" ", line.words()));
      return ExitStatus.FAILED;
    }
    int width = found.keySet().stream().mapToInt(String::length).max().orElse(0);
    List<String> rows = new ArrayList<>();
    found.forEach((name, summary) ->
        rows.add((name + " ".repeat(width - name.length() + 2) + summary).stripTrailing()));
    session.screen().result(Printable.text(String.join("\n", rows)));
    return ExitStatus.DONE;
  }

  private static boolean fits(List<String> words, String text, Reference.@Nullable Entry entry) {
    String all = entry == null ? text : text + " " + String.join(" ", entry.beginning());
    String lower = all.toLowerCase(Locale.ROOT);
    return words.stream().allMatch(lower::contains);
  }

  /** The first sentence of the reference, else what the schema tells; cut where it is long. */
  private static String summary(Reference.@Nullable Entry entry, String otherwise) {
    String text = entry == null ? "" : String.join(" ", entry.beginning()).strip();
    int end = text.indexOf(". ");
    String first = text.isEmpty() ? otherwise : end > 0 ? text.substring(0, end) : text;
    return first.length() <= SUMMARY ? first : first.substring(0, SUMMARY - 1) + "…";
  }
}
