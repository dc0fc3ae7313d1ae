package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Schema.Command;
import org.qmpkit.client.Schema.Event;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;

/**
 * A command, an event or a member in words for people, by a QEMU's schema, and its reference where
 * there is one.
 */
record Description(Schema schema, Reference reference) {
  /** Columns. */
  private static final int WIDTH = 96;

  /** Where what a member is begins. */
  private static final int COLUMN = 26;

  private static final int DEEPEST = 3;

  /**
   * What a name is.
   *
   * @param words values that are given, as {@code key=value}, and a member to explain instead
   * @return null if QEMU has none of this name
   * @throws LineException if there is no such member
   */
  @Nullable String of(String name, List<String> words) throws LineException {
    Command command = schema.command(name).orElse(null);
    if (command != null) {
      return of(command, words);
    }
    return schema.event(name).map(this::of).orElse(null);
  }

  private String of(Command command, List<String> words) throws LineException {
    Map<String, String> given = new HashMap<>();
    String wanted = null;
    for (String each : words) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        given.put(each.substring(0, equals), each.substring(equals + 1));
      } else {
        wanted = each.endsWith(".") ? each.substring(0, each.length() - 1) : each;
      }
    }
    ObjectType type = schema.arguments(command);
    Members members = new Members(schema, given);
    StringBuilder text = new StringBuilder();
    if (wanted != null) {
      Member member = members.member(type, wanted);
      if (member == null) {
        throw new LineException(
            "'"
                + command.name()
                + "' has no '"
                + wanted
                + "'"
                + Similar.hint(wanted, names(members.at(type, parent(wanted)))));
      }
      member(text, members, member, "", wanted + ".", -1);
      return text.toString().stripTrailing();
    }
    text.append(command.name()).append(' ').append(Members.signature(schema, command));
    text.append("\n").append(notes(command, command.oob() ? "can run out of band" : ""));
    manual(text, command.name());
    text.append(type.members().isEmpty() ? "\nTakes nothing.\n" : "\nTakes:\n");
    members(text, members, members.in(type, ""), "  ", "", 0);
    Schema.Type result = schema.type(command.returns());
    if (result instanceof ObjectType object && object.members().isEmpty()) {
      text.append("\nReturns nothing: {}\n");
    } else {
      text.append("\nReturns ").append(members.describe(result)).append(":\n");
      result(text, result);
    }
    return text.toString().stripTrailing();
  }

  private static String parent(String path) {
    return path.substring(0, path.lastIndexOf('.') + 1);
  }

  private static Set<String> names(@Nullable Map<String, Member> members) {
    return members == null ? Set.of() : new TreeSet<>(members.keySet());
  }

  private void result(StringBuilder text, Schema.Type result) {
    Members members = new Members(schema, Map.of());
    Schema.Type element = result;
    if (result instanceof Schema.ArrayType array) {
      element = schema.type(array.element());
    }
    if (element instanceof ObjectType object) {
      members(text, members, members.in(object, ""), "  ", "", 1);
    }
  }

  private String of(Event event) {
    StringBuilder text = new StringBuilder(event.name()).append(": an event\n");
    text.append(notes(event, ""));
    manual(text, event.name());
    Members members = new Members(schema, Map.of());
    ObjectType data = schema.data(event);
    text.append(data.members().isEmpty() ? "\nTells nothing more.\n" : "\nTells:\n");
    members(text, members, members.in(data, ""), "  ", "", 1);
    return text.toString().stripTrailing();
  }

  /** Marks of QEMU's own, and another. */
  private static String notes(Schema.Entity entity, String other) {
    List<String> notes = new ArrayList<>(new TreeSet<>(entity.features()));
    if (!other.isEmpty()) {
      notes.add(other);
    }
    return notes.isEmpty() ? "" : "(" + Printable.text(String.join("; ", notes)) + ")\n";
  }

  private void manual(StringBuilder text, String name) {
    Reference.Entry entry = reference.entry(name);
    if (entry != null && !entry.beginning().isEmpty()) {
      text.append('\n').append(String.join("\n", entry.beginning())).append('\n');
    }
  }

  private void members(
      StringBuilder text,
      Members members,
      Map<String, Member> of,
      String indent,
      String prefix,
      int depth) {
    of.values().stream()
        .sorted(Comparator.comparing(Member::optional))
        .forEach(each -> member(text, members, each, indent, prefix + each.name() + ".", depth));
  }

  /**
   * One member, and those it has itself.
   *
   * @param path its own, with a dot behind it
   */
  private void member(
      StringBuilder text, Members members, Member member, String indent, String path, int depth) {
    String name = indent + member.name();
    String what =
        (member.optional() ? "" : "required; ")
            + Members.marks(member)
            + members.describe(schema.type(member.type()));
    text.append(name).repeat(' ', Math.max(COLUMN - name.length(), 1));
    wrap(text, what, Math.max(COLUMN, name.length() + 1));
    ObjectType inner = members.object(members.element(member));
    String tag = inner == null ? null : inner.tag();
    boolean open = tag != null && depth >= 0 && !members.given().containsKey(path + tag);
    if (inner == null || depth >= DEEPEST || open) {
      return;
    }
    // Of the elements of a list nothing is given.
    boolean listed = schema.type(member.type()) instanceof Schema.ArrayType;
    Members place = listed ? new Members(schema, Map.of()) : members;
    String prefix = listed ? "" : path;
    members(text, place, place.in(inner, prefix), indent + "  ", prefix, depth + 1);
  }

  /** Alternatives over several lines where they are many. */
  private static void wrap(StringBuilder text, String what, int indent) {
    int column = indent;
    for (String each : what.split("(?<=[| ])", -1)) {
      if (column + each.length() > WIDTH && column > indent) {
        text.append('\n').repeat(' ', indent);
        column = indent;
      }
      text.append(each);
      column += each.length();
    }
    text.append('\n');
  }
}
