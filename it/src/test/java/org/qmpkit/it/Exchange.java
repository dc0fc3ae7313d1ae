package org.qmpkit.it;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One command of a document, with what is typed into it and what it prints.
 *
 * @param line where it begins
 * @param command for bash
 * @param input what is typed, a line each; empty for a command that reads nothing
 * @param output what is shown of its output; empty where nothing is
 */
record Exchange(int line, String command, List<String> input, List<String> output) {
  private static final String PROMPT = "$ ";
  private static final String SHELL_PROMPT = "(QEMU)";
  private static final Pattern MORE = Pattern.compile("^(?: *\\.\\.\\.> ?|TRANS> ?)");
  private static final Pattern TALKS = Pattern.compile("^(?:sudo )?(?:socat -|nc) .*");
  private static final Pattern HERE = Pattern.compile("<<-? *'?(\\w+)'?");

  /** Commands that are not shown, at once. */
  static Exchange hidden(Guide.Hidden hidden) {
    return new Exchange(hidden.line(), hidden.commands(), List.of(), List.of());
  }

  /** Those of a block: with prompts and output, or commands alone. */
  static List<Exchange> of(int line, List<String> text) {
    boolean prompts =
        text.stream().anyMatch(each -> each.startsWith(PROMPT) || each.startsWith(SHELL_PROMPT));
    return prompts ? conversation(line, text) : commands(line, text);
  }

  private static List<Exchange> commands(int line, List<String> text) {
    List<Exchange> found = new ArrayList<>();
    for (int i = 0; i < text.size(); i++) {
      if (text.get(i).isBlank() || text.get(i).startsWith("#")) {
        continue;
      }
      int first = i;
      i = last(text, i);
      found.add(
          new Exchange(
              line + first, String.join("\n", text.subList(first, i + 1)), List.of(), List.of()));
    }
    return found;
  }

  /** The last line of the command that begins in a line. */
  private static int last(List<String> text, int first) {
    int last = first;
    var here = HERE.matcher(text.get(first));
    if (here.find()) {
      int end = text.subList(first, text.size()).indexOf(here.group(1));
      return end < 0 ? text.size() - 1 : first + end;
    }
    while (last + 1 < text.size() && isOpen(text.subList(first, last + 1))) {
      last++;
    }
    return last;
  }

  private static boolean isOpen(List<String> lines) {
    String all = String.join("\n", lines);
    return all.endsWith("\\") || all.chars().filter(each -> each == '\'').count() % 2 == 1;
  }

  private static List<Exchange> conversation(int line, List<String> text) {
    List<Exchange> found = new ArrayList<>();
    for (int i = 0; i < text.size(); i++) {
      String each = text.get(i);
      if (each.startsWith(PROMPT)) {
        int first = i;
        i = last(text, i);
        String command = String.join("\n", text.subList(first, i + 1)).substring(PROMPT.length());
        found.add(new Exchange(line + first, command, new ArrayList<>(), new ArrayList<>()));
        continue;
      }
      boolean typed = each.startsWith(SHELL_PROMPT);
      if (found.isEmpty() || (typed && !found.getLast().command().contains("qmp shell"))) {
        found.add(new Exchange(line + i, "qmp shell -e", new ArrayList<>(), new ArrayList<>()));
      }
      Exchange current = found.getLast();
      if (typed) {
        current.input().add(each.substring(SHELL_PROMPT.length()).stripLeading());
      } else if (MORE.matcher(each).find()) {
        current.input().add(MORE.matcher(each).replaceFirst(""));
      } else if (TALKS.matcher(current.command()).matches() && each.startsWith("{\"execute\"")) {
        current.input().add(each);
      } else {
        current.output().add(each);
      }
    }
    return found;
  }
}
