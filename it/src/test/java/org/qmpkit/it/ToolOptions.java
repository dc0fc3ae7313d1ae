package org.qmpkit.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The tools and options that there are, by what the program says of itself. */
final class ToolOptions {
  /** {@code qmp TOOL}, up to what ends a command. */
  private static final Pattern COMMAND =
      Pattern.compile(
          "(?:^|[\\s(;`])(?:\\./|/[\\w./-]*/bin/)?qmp ((?:--)?[a-z][a-z-]*)((?: +(?:'[^']*'|\"[^\"]*\"|[^|;&#`'\" \\n]+))*)");

  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--?[a-zA-Z][a-zA-Z-]*");

  /** Begins a line of a help that lists options, and does not only speak of them. */
  private static final Pattern LISTS = Pattern.compile("^(?:Usage:| *-| {7}qmp )");

  /** What the launchers take besides. */
  private static final Set<String> LAUNCHERS =
      Set.of("help", "image", "--train", "--help", "--version");

  /** Begins a message of libxl. */
  private static final String NOT_OURS = "proxy";

  private final Map<String, Set<String>> options = new ConcurrentHashMap<>();
  private final Set<String> tools;

  ToolOptions() {
    tools =
        Pattern.compile("(?m)^  ([a-z][a-z-]+) +\\S")
            .matcher(Program.run("help").out())
            .results()
            .map(found -> found.group(1))
            .filter(each -> !each.equals("qmp"))
            .collect(Collectors.toCollection(TreeSet::new));
    if (tools.size() < 5) {
      throw new AssertionError("qmp help lists no tools: " + tools);
    }
  }

  /** The names of the tools. */
  Set<String> tools() {
    return tools;
  }

  /** The options of a tool, with their dashes. */
  Set<String> of(String tool) {
    return options.computeIfAbsent(
        tool,
        each ->
            Program.run(each, "--help")
                .out()
                .lines()
                .filter(line -> LISTS.matcher(line).find())
                .flatMap(line -> OPTION.matcher(line).results())
                .map(MatchResult::group)
                .collect(Collectors.toSet()));
  }

  /**
   * What is wrong with the command lines of ours in a text: tools and options that are not there.
   */
  List<String> mistakes(String text) {
    List<String> mistakes = new ArrayList<>();
    Matcher command = COMMAND.matcher(text.replace("\\\n", " ").replaceAll("[\\[\\]]", " "));
    while (command.find()) {
      String tool = command.group(1);
      if (LAUNCHERS.contains(tool) || tool.equals(NOT_OURS)) {
        continue;
      }
      if (!tools.contains(tool)) {
        mistakes.add("there is no tool 'qmp " + tool + "'; 'qmp help' lists them");
        continue;
      }
      for (String word : command.group(2).strip().split(" +", -1)) {
        if (word.equals("--")) {
          break;
        }
        if (!word.startsWith("-")) {
          continue;
        }
        String option = word.replaceFirst("[=|,…].*", "");
        if (!of(tool).contains(option) && !isBundle(tool, option)) {
          mistakes.add(
              "'qmp "
                  + tool
                  + "' has no option "
                  + option
                  + "; 'qmp "
                  + tool
                  + " --help' lists them");
        }
      }
    }
    return mistakes;
  }

  /** Whether it is several letters behind one dash. */
  private boolean isBundle(String tool, String option) {
    return option.matches("-[a-zA-Z]{2,}")
        && option.substring(1).chars().allMatch(each -> of(tool).contains("-" + (char) each));
  }
}
