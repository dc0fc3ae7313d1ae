package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.qmpkit.client.Event;
import org.qmpkit.client.Schema;
import tools.jackson.databind.JsonNode;

/**
 * Which events are meant: those of a name, where {@code *} stands for any characters, with these
 * data.
 *
 * @param names patterns of which one must fit; empty for any name
 * @param data what must be there, as {@code key=value} with a dotted key; all of them
 */
record EventMatch(List<String> names, List<String> data) implements Predicate<Event> {
  /** The words {@code NAME… key=value…}. */
  static EventMatch of(List<String> words) {
    List<String> names = new ArrayList<>();
    List<String> data = new ArrayList<>();
    words.forEach(each -> (each.indexOf('=') > 0 ? data : names).add(each));
    return new EventMatch(List.copyOf(names), List.copyOf(data));
  }

  /**
   * A name, or some, as a pattern. What stands between two stars is looked for once, where it comes
   * first, so that a long text takes no longer than it is: QEMU writes it.
   */
  static Pattern pattern(String name) {
    String[] parts = name.split("\\*+", -1);
    StringBuilder regex = new StringBuilder(Pattern.quote(parts[0]));
    for (int i = 1; i < parts.length; i++) {
      String part = Pattern.quote(parts[i]);
      regex.append(i < parts.length - 1 ? "(?>.*?" + part + ")" : ".*" + part);
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  @Override
  public boolean test(Event event) {
    return (names.isEmpty() || names.stream().anyMatch(each -> fits(each, event.name())))
        && data.stream().allMatch(each -> has(event.data(), each));
  }

  private static boolean fits(String pattern, String name) {
    return pattern(pattern).matcher(name).matches();
  }

  private static boolean has(JsonNode data, String wanted) {
    int equals = wanted.indexOf('=');
    JsonNode value = data;
    for (String step : wanted.substring(0, equals).split("\\.", -1)) {
      value = value.path(step);
    }
    String text = wanted.substring(equals + 1);
    String bare = OwnLine.unquoted(text);
    if (value.isString()) {
      return fits(bare, value.asString());
    }
    return !value.isMissingNode()
        && JsonText.compact(value, Palette.PLAIN)
            .equals(JsonText.compact(Value.of(text), Palette.PLAIN));
  }

  /**
   * Makes sure that there are such events, and that they have such data.
   *
   * @throws LineException if QEMU has none, with what was meant maybe
   */
  void check(Schema schema) throws LineException {
    for (String each : names) {
      List<String> events = schema.events().stream().filter(name -> fits(each, name)).toList();
      if (events.isEmpty()) {
        throw new LineException(
            "QEMU has no event '" + each + "'" + Similar.hint(each, schema.events()));
      }
      for (String pair : data) {
        String key = pair.substring(0, pair.indexOf('='));
        List<String> members =
            events.stream().flatMap(name -> members(schema, name).stream()).distinct().toList();
        if (key.indexOf('.') < 0 && !members.contains(key)) {
          throw new LineException(
              "'" + each + "' has no '" + key + "'" + Similar.hint(key, members));
        }
      }
    }
  }

  private static List<String> members(Schema schema, String event) {
    Schema.ObjectType type = schema.data(schema.event(event).orElseThrow());
    List<String> names = new ArrayList<>(type.members().stream().map(Schema.Member::name).toList());
    type.variants()
        .forEach(each ->
            schema.object(each.type()).members().forEach(member -> names.add(member.name())));
    return names;
  }
}
