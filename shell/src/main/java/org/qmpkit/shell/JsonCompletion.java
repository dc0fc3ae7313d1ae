package org.qmpkit.shell;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jline.reader.Candidate;
import org.qmpkit.client.Schema;
import org.qmpkit.protocol.JsonString;

/**
 * What Tab offers within JSON.
 *
 * @param word what has been typed of what stands here, its quote included
 */
record JsonCompletion(Schema schema, LiveNames live, String word, List<Candidate> candidates) {
  private static final String ARGUMENTS = "arguments";

  /** In a request, or in an action of a transaction. */
  void request(JsonPlace place, boolean action) {
    String outer = action ? "data" : ARGUMENTS;
    String execute =
        action ? "type" : place.given().containsKey("exec-oob") ? "exec-oob" : "execute";
    String path = place.path();
    if (path.equals(outer) || path.startsWith(outer + ".")) {
      String name = place.given().getOrDefault(execute, "");
      Arguments arguments =
          action
              ? Arguments.ofAction(schema, name)
              : schema.command(name).map(each -> Arguments.of(schema, each)).orElse(null);
      if (arguments != null && !(path.equals(outer) && place.kind() == JsonPlace.Kind.VALUE)) {
        Map<String, String> inside = new HashMap<>();
        place
            .given()
            .forEach((key, value) -> {
              if (key.startsWith(outer + ".")) {
                inside.put(key.substring(outer.length() + 1), value);
              }
            });
        arguments.give("", inside);
        within(
            arguments, place.kind(), path.equals(outer) ? "" : path.substring(outer.length() + 1));
      }
      return;
    }
    switch (place.kind()) {
      case KEY -> {
        if (path.isEmpty()) {
          List<String> keys =
              action ? List.of("type", "data") : List.of("execute", "exec-oob", ARGUMENTS, "id");
          keys.stream()
              .filter(each -> !place.given().containsKey(each))
              .forEach(each -> key(each, each.equals(outer) ? "{" : "", ""));
        }
      }
      case VALUE -> {
        if (action && path.equals("type")) {
          Arguments.actions(schema)
              .forEach(each ->
                  candidates.add(
                      Completion.candidate(JsonString.quote(each), "an action", false, 0)));
        } else if (!action && (path.equals("execute") || path.equals("exec-oob"))) {
          names(path.equals("exec-oob"));
        }
      }
      case NOTHING -> {}
    }
  }

  private void names(boolean oobOnly) {
    for (String name : schema.commands()) {
      Schema.Command command = schema.command(name).orElseThrow();
      if (!oobOnly || command.oob()) {
        String text = Members.marks(command) + Members.signature(schema, command);
        candidates.add(Completion.candidate(JsonString.quote(name), text, false, 0));
      }
    }
  }

  /** In the value of an argument of a line. */
  void argument(Arguments arguments, JsonPlace place, String key) {
    arguments.give(key + ".", place.given());
    String path = place.path().isEmpty() ? key : key + "." + place.path();
    within(arguments, place.kind(), path);
  }

  private void within(Arguments arguments, JsonPlace.Kind kind, String path) {
    switch (kind) {
      case KEY ->
          arguments
              .keys(live, path.isEmpty() ? "" : path + ".")
              .forEach((name, key) -> {
                if (key.nested()) {
                  key(name, "{", key.description());
                }
                if (key.plain()) {
                  key(name, key.list() ? "[" : "", key.description());
                }
              });
      case VALUE -> {
        boolean quoted = arguments.isQuoted(path);
        boolean folder = arguments.kind(path) == LiveKind.QOM_PATH;
        String typed = word.replaceFirst("^[\"']", "");
        for (String each : arguments.values(live, path, typed)) {
          String text = JsonString.quote(each);
          if (!quoted || each.equals("true") || each.equals("false")) {
            text = each;
          } else if (folder) {
            // It may go on below.
            text = text.substring(0, text.length() - 1);
          }
          candidates.add(Completion.candidate(text, "", false, 0));
        }
      }
      case NOTHING -> {}
    }
  }

  private void key(String name, String opens, String description) {
    candidates.add(
        Completion.candidate(JsonString.quote(name) + ": " + opens, description, false, 0));
  }
}
