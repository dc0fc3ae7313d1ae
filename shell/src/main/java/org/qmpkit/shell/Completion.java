package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Schema.AlternateType;
import org.qmpkit.client.Schema.ArrayType;
import org.qmpkit.client.Schema.BuiltinType;
import org.qmpkit.client.Schema.Command;
import org.qmpkit.client.Schema.EnumType;
import org.qmpkit.client.Schema.Member;
import org.qmpkit.client.Schema.ObjectType;
import org.qmpkit.client.Schema.Variant;

/**
 * What Tab offers: commands with what they take, then arguments and their values, by the schema of
 * the very QEMU; in HMP mode what QEMU's {@code help} lists.
 *
 * <p>Waits for what has not been learned yet, 300 ms at most, and offers what is known then.
 */
final class Completion implements Completer {
  private static final long PATIENCE = 300;
  private static final int DESCRIPTION = 60;
  private static final Pattern PLAIN = Pattern.compile("[\\x20-\\x7e]+");
  private static final Pattern UNPLAIN = Pattern.compile("[^\\x20-\\x7e]");

  /** How deep types are described: a schema may go round in circles. */
  private static final int DEPTH = 4;

  /** What is known of a monitor's commands. */
  sealed interface Known {
    /** A monitor that describes itself. */
    record Described(Schema schema) implements Known {}

    /** Whole lines, as of the human monitor or a guest agent. */
    record Lines(Set<String> lines) implements Known {}
  }

  private volatile CompletableFuture<Known> known = new CompletableFuture<>();

  /** From here on offers what is known when this is complete. */
  void learn(CompletableFuture<Known> source) {
    known = source;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    switch (known()) {
      case null -> {}
      case Known.Lines lines -> lines(line, lines.lines(), candidates);
      case Known.Described described -> described(line, described.schema(), candidates);
    }
    // A QEMU that is not trusted chose the names: none may command the terminal, or end the line.
    candidates.removeIf(each -> !PLAIN.matcher(each.value()).matches());
  }

  private @Nullable Known known() {
    try {
      return known.get(PATIENCE, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  private static void lines(ParsedLine line, Set<String> lines, List<Candidate> candidates) {
    String before = String.join(" ", line.words().subList(0, line.wordIndex()));
    String prefix = before.isEmpty() ? "" : before + " ";
    Set<String> next = new TreeSet<>();
    for (String each : lines) {
      if (each.startsWith(prefix)) {
        next.add(each.substring(prefix.length()).split(" ", 2)[0]);
      }
    }
    next.forEach(each -> candidates.add(new Candidate(each)));
  }

  private static void described(ParsedLine line, Schema schema, List<Candidate> candidates) {
    List<String> words = new ArrayList<>(line.words());
    int index = line.wordIndex();
    if (!words.isEmpty() && words.getFirst().equals("exec-oob") && index > 0) {
      words.removeFirst();
      index--;
    }
    if (index == 0) {
      commands(schema, index < line.wordIndex(), candidates);
      return;
    }
    int at = index;
    schema
        .command(words.getFirst())
        .ifPresent(command -> {
          String word = words.remove(at);
          arguments(schema, schema.arguments(command), word, words, candidates);
        });
  }

  private static void commands(Schema schema, boolean oobOnly, List<Candidate> candidates) {
    for (String name : schema.commands()) {
      Command command = schema.command(name).orElseThrow();
      if (!oobOnly || command.oob()) {
        String marks =
            (command.deprecated() ? "deprecated; " : "")
                + (command.features().contains("unstable") ? "unstable; " : "");
        candidates.add(candidate(name, marks + signature(schema, command), true, 0));
      }
    }
    if (!oobOnly) {
      candidates.add(candidate("transaction(", "several actions, all or none", false, 1));
      candidates.add(candidate("exec-oob", "a command out of band", true, 1));
      OwnLines.ALL.forEach(each -> candidates.add(candidate(each, "of this shell", true, 1)));
    }
  }

  private static String signature(Schema schema, Command command) {
    ObjectType type = schema.arguments(command);
    Stream<String> required =
        type.members().stream().filter(each -> !each.optional()).map(each -> each.name() + "=");
    Stream<String> optional =
        type.members().stream().filter(Member::optional).map(each -> "[" + each.name() + "=]");
    return String.join(" ", Stream.concat(required, optional).toList());
  }

  /** What may be written in the place of a word, among others. */
  private static void arguments(
      Schema schema,
      ObjectType type,
      String word,
      List<String> others,
      List<Candidate> candidates) {
    Map<String, String> given = new HashMap<>();
    for (String each : others) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        given.put(each.substring(0, equals), each.substring(equals + 1));
      }
    }
    int equals = word.indexOf('=');
    String path = equals < 0 ? word : word.substring(0, equals);
    String prefix = path.substring(0, path.lastIndexOf('.') + 1);
    ObjectType place = type;
    for (String step : prefix.isEmpty() ? new String[0] : prefix.split("\\.", -1)) {
      if (step.isEmpty()) {
        break;
      }
      Member member = members(schema, place, "", given).get(step);
      ObjectType inner = member == null ? null : object(schema, member);
      if (inner == null) {
        return;
      }
      place = inner;
    }
    Map<String, Member> members = members(schema, place, prefix, given);
    if (equals >= 0) {
      Member member = members.get(path.substring(prefix.length()));
      if (member != null) {
        for (String value : values(schema, schema.type(member.type()), DEPTH)) {
          candidates.add(candidate(path + "=" + value, "", true, 0));
        }
      }
      return;
    }
    members.values().stream()
        .filter(each -> !given.containsKey(prefix + each.name()))
        .forEach(each -> {
          boolean nested = object(schema, each) != null;
          candidates.add(
              candidate(
                  prefix + each.name() + (nested ? "." : "="),
                  (each.optional() ? "" : "required; ")
                      + describe(schema, schema.type(each.type()), DEPTH),
                  false,
                  each.optional() ? 1 : 0));
        });
  }

  /** The members an object has, those included that the value of its tag adds. */
  private static Map<String, Member> members(
      Schema schema, ObjectType type, String prefix, Map<String, String> given) {
    Map<String, Member> members = new LinkedHashMap<>();
    Set<String> seen = new HashSet<>();
    ObjectType from = type;
    while (from != null && seen.add(from.name())) {
      from.members().forEach(each -> members.putIfAbsent(each.name(), each));
      String tag = from.tag();
      String chosen = tag == null ? null : given.get(prefix + tag);
      ObjectType next = null;
      for (Variant each : from.variants()) {
        if (each.value().equals(chosen)) {
          next = schema.object(each.type());
        }
      }
      from = next;
    }
    return members;
  }

  /** The object a member takes, by itself or among others; null if it takes none. */
  private static @Nullable ObjectType object(Schema schema, Member member) {
    return switch (schema.type(member.type())) {
      case ObjectType object -> object;
      case AlternateType alternate -> {
        for (String each : alternate.types()) {
          if (schema.type(each) instanceof ObjectType object) {
            yield object;
          }
        }
        yield null;
      }
      case BuiltinType _, EnumType _, ArrayType _ -> null;
    };
  }

  private static List<String> values(Schema schema, Schema.Type type, int depth) {
    if (depth == 0) {
      return List.of();
    }
    return switch (type) {
      case EnumType values -> values.values().stream().map(Schema.EnumValue::name).toList();
      case BuiltinType builtin ->
          builtin.json().equals("boolean") ? List.of("true", "false") : List.of();
      case AlternateType alternate ->
          alternate.types().stream()
              .flatMap(each -> values(schema, schema.type(each), depth - 1).stream())
              .toList();
      case ArrayType _, ObjectType _ -> List.of();
    };
  }

  private static String describe(Schema schema, Schema.Type type, int depth) {
    if (depth == 0) {
      return "…";
    }
    return switch (type) {
      case BuiltinType builtin -> builtin.json();
      case EnumType _ -> String.join("|", values(schema, type, 1));
      case ArrayType array ->
          "list of " + describe(schema, schema.type(array.element()), depth - 1);
      case ObjectType _ -> "object";
      case AlternateType alternate ->
          String.join(
              " or ",
              alternate.types().stream()
                  .map(each -> describe(schema, schema.type(each), depth - 1))
                  .distinct()
                  .toList());
    };
  }

  private static Candidate candidate(String text, String description, boolean ends, int sort) {
    String plain = UNPLAIN.matcher(description).replaceAll("?");
    String cut = plain.length() <= DESCRIPTION ? plain : plain.substring(0, DESCRIPTION - 1) + "…";
    return new Candidate(text, text, null, cut.isEmpty() ? null : cut, null, null, ends, sort);
  }
}
