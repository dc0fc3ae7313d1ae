package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.qmpkit.client.Schema;
import org.qmpkit.client.Schema.Command;
import org.qmpkit.shell.Knowledge.Known;

/**
 * What Tab offers: commands with what they take, then arguments and their values, by the schema of
 * the very QEMU and by what it has at this moment; in HMP mode what QEMU's {@code help} lists.
 *
 * <p>Waits for what is not known yet, 300 ms at most, and offers what is known then.
 */
final class Completion implements Completer {
  private static final int DESCRIPTION = 60;
  private static final Pattern PLAIN = Pattern.compile("[\\x20-\\x7e]+");
  private static final Pattern UNPLAIN = Pattern.compile("[^\\x20-\\x7e]");

  private final Knowledge knowledge;
  private final LiveNames live;

  /** What of a request in JSON was typed on the lines before. */
  private volatile String unfinished = "";

  private volatile boolean inTransaction;

  Completion(Knowledge knowledge, LiveNames live) {
    this.knowledge = knowledge;
    this.live = live;
  }

  /** What the line that is typed next goes on with. */
  void before(String json, boolean transaction) {
    unfinished = json;
    inTransaction = transaction;
  }

  /** A line as this sees it. */
  Words words(String line, int cursor) {
    return Words.of(line, cursor, unfinished);
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    live.begin();
    switch (knowledge.within(Knowledge.PATIENCE)) {
      case null -> {}
      case Known.Lines lines -> lines(line, lines.lines(), candidates);
      case Known.Described described -> described(line, described.schema(), candidates);
    }
    // A QEMU that is not trusted chose the names: none may command the terminal, or end the line.
    candidates.removeIf(each -> !PLAIN.matcher(each.value()).matches());
  }

  /**
   * What may still come on a line: arguments, or the values of the last. Empty where a word has
   * been begun, or nothing is known yet; does not block.
   */
  String hint(String line) {
    Schema schema = inTransaction ? null : knowledge.schema(Duration.ZERO);
    Words typed = words(line, line.length());
    if (schema == null || typed.json() != null || line.indexOf('|') >= 0) {
      return "";
    }
    List<String> words = new ArrayList<>(typed.words());
    if (words.size() > 1 && words.getFirst().equals("exec-oob")) {
      words.removeFirst();
    }
    Command command = words.size() < 2 ? null : schema.command(words.getFirst()).orElse(null);
    String last = words.isEmpty() ? "" : words.removeLast();
    if (command == null || !(last.isEmpty() || last.endsWith("="))) {
      return "";
    }
    Arguments arguments = Arguments.of(schema, command);
    arguments.give(words.subList(1, words.size()));
    String hint =
        last.isEmpty()
            ? arguments.toCome()
            : arguments.described(last.substring(0, last.length() - 1));
    String plain = UNPLAIN.matcher(hint).replaceAll("?");
    return plain.length() <= DESCRIPTION ? plain : plain.substring(0, DESCRIPTION - 1) + "…";
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

  private void described(ParsedLine line, Schema schema, List<Candidate> candidates) {
    JsonPlace json = line instanceof Words words ? words.json() : null;
    String key = line instanceof Words words ? words.key() : "";
    List<String> words = new ArrayList<>(line.words());
    Line typed = new Line(schema, words, line.wordIndex(), candidates);
    if (json == null) {
      typed.complete();
    } else if (key.isEmpty()) {
      new JsonCompletion(schema, live, line.word(), candidates).request(json, inTransaction);
    } else {
      typed.json(json, key);
    }
  }

  /** A line of words, of which one is to be completed. */
  private final class Line {
    private final Schema schema;
    private final List<String> words;
    private final List<Candidate> candidates;
    private int index;

    Line(Schema schema, List<String> words, int index, List<Candidate> candidates) {
      this.schema = schema;
      this.words = words;
      this.index = index;
      this.candidates = candidates;
    }

    private String first() {
      return words.isEmpty() ? "" : words.getFirst();
    }

    private void shift() {
      words.removeFirst();
      index--;
    }

    void complete() {
      if (words.subList(0, Math.min(index, words.size())).contains("|")) {
        return;
      }
      if (inTransaction) {
        action();
        return;
      }
      if (index == 0) {
        commands(false);
        return;
      }
      ShellCommand own = ShellCommands.of(first());
      if (own != null) {
        shift();
        own(own.offer(List.copyOf(words.subList(0, index))));
      } else if (first().equals("transaction(")) {
        shift();
        action();
      } else {
        if (first().equals("exec-oob")) {
          shift();
        }
        if (index == 0) {
          commands(true);
        } else {
          schema
              .command(first())
              .ifPresent(command -> {
                Arguments place = Arguments.of(schema, command);
                shift();
                arguments(place);
              });
        }
      }
    }

    void json(JsonPlace json, String key) {
      if (first().equals("exec-oob")) {
        shift();
      }
      Arguments place = null;
      if (inTransaction) {
        place = Arguments.ofAction(schema, first());
      } else if (schema.command(first()).isPresent()) {
        place = Arguments.of(schema, schema.command(first()).orElseThrow());
      }
      if (place != null) {
        place.give(words.subList(1, Math.max(index, 1)));
        new JsonCompletion(schema, live, words.get(index), candidates).argument(place, json, key);
      }
    }

    private void action() {
      while (index > 0 && first().indexOf('=') > 0) {
        shift();
      }
      if (index == 0) {
        add(Arguments.actions(schema), "an action");
        candidates.add(candidate(")", "ends the transaction", true, 1));
        return;
      }
      Arguments place = Arguments.ofAction(schema, first());
      shift();
      arguments(place);
    }

    private void commands(boolean oobOnly) {
      for (String name : schema.commands()) {
        Command command = schema.command(name).orElseThrow();
        if (!oobOnly || command.oob()) {
          String text = Members.marks(command) + Members.signature(schema, command);
          candidates.add(candidate(name, text, true, 0));
        }
      }
      if (!oobOnly) {
        candidates.add(candidate("transaction(", "several actions, all or none", false, 1));
        candidates.add(candidate("exec-oob", "a command out of band", true, 1));
        ShellCommands.ALL.forEach(
            each -> candidates.add(candidate(each.name(), each.summary(), true, 1)));
      }
    }

    private void own(Offer offer) {
      switch (offer) {
        case Offer.Words(List<String> some) -> add(some, "");
        case Offer.EventNames(List<String> some) -> {
          add(some, "");
          add(schema.events(), "event");
        }
        case Offer.EventMembers(String event, List<String> some) -> {
          add(some, "");
          schema
              .event(event)
              .ifPresent(each ->
                  schema
                      .data(each)
                      .members()
                      .forEach(member ->
                          candidates.add(
                              candidate(member.name() + "=", "of the event", false, 0))));
        }
        case Offer.Names() -> {
          commands(false);
          add(schema.events(), "event");
        }
        case Offer.Paths(List<String> some) -> {
          add(some, "");
          live.of(LiveKind.QOM_PATH, Map.of(), words.get(index))
              .forEach(each -> candidates.add(candidate(each, "", false, 0)));
        }
        case Offer.Jobs() -> {
          add(live.of(LiveKind.JOB, Map.of(), ""), "job");
          add(List.of(JobState.MIGRATION), "to another QEMU");
        }
        case Offer.Line(int from) -> {
          for (int i = 0; i < from && index > 0; i++) {
            shift();
          }
          complete();
        }
      }
    }

    private void add(Iterable<String> names, String description) {
      names.forEach(each -> candidates.add(candidate(each, description, true, 0)));
    }

    /** What may be written in the place of a word, among others. */
    private void arguments(Arguments place) {
      String word = words.remove(index);
      place.give(words);
      int equals = word.indexOf('=');
      String path = equals < 0 ? word : word.substring(0, equals);
      if (equals >= 0) {
        for (String value : place.values(live, path, word.substring(equals + 1))) {
          boolean folder = place.kind(path) == LiveKind.QOM_PATH;
          if (!value.isEmpty() && value.chars().noneMatch(Character::isWhitespace)) {
            candidates.add(candidate(path + "=" + value, "", !folder, 0));
          }
        }
        return;
      }
      String prefix = path.substring(0, path.lastIndexOf('.') + 1);
      place
          .keys(live, prefix)
          .forEach((name, key) -> {
            int sort = key.required() ? 0 : 1;
            if (key.plain()) {
              candidates.add(candidate(prefix + name + "=", key.description(), false, sort));
            }
            if (key.nested()) {
              candidates.add(candidate(prefix + name + ".", key.description(), false, sort));
            }
          });
    }
  }

  static Candidate candidate(String text, String description, boolean ends, int sort) {
    String plain = UNPLAIN.matcher(description).replaceAll("?");
    String cut = plain.length() <= DESCRIPTION ? plain : plain.substring(0, DESCRIPTION - 1) + "…";
    return new Candidate(text, text, null, cut.isEmpty() ? null : cut, null, null, ends, sort);
  }
}
