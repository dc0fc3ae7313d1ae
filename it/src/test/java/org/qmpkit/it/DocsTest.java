package org.qmpkit.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.qmpkit.it.Guide.Hidden;
import org.qmpkit.it.Guide.Left;
import org.qmpkit.it.Guide.Phrase;
import org.qmpkit.it.Guide.Run;
import org.qmpkit.it.Guide.Snippet;
import org.qmpkit.it.Guide.Step;
import org.qmpkit.it.Guide.Written;
import org.qmpkit.testkit.RealQemu;

/**
 * README.md and docs/*.md: each command in them is run, in the document's order and with what it is
 * shown to print; or it is marked with the reason why it can't be run here (CONTRIBUTING.md says
 * how), and then its options are looked at. Java in them is what tests run.
 */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class DocsTest {
  /** The QEMU whose answers the documents show; others say some things otherwise. */
  private static final String SHOWN_QEMU = "7.2.";

  /** A setting of the helper with its default, in its help. */
  private static final Pattern LIMIT = Pattern.compile("(?m)^  --([a-z-]+) .*\\[(\\w+)\\]$");

  private static final Pattern CAT = Pattern.compile("cat ([^\\s|<>]+)");
  private static final Pattern REGION =
      Pattern.compile("// @start region=\"(\\w+)\"\\n(.*?)\\n *// @end", Pattern.DOTALL);

  private static final List<String> RUN_BY_TESTS =
      List.of(
          "client/src/test/java/org/qmpkit/client/ExampleTest.java",
          "client/src/test/java/org/qmpkit/client/GuestAgentTest.java",
          "client/src/test/java/org/qmpkit/client/JobsTest.java",
          "client/src/test/java/org/qmpkit/client/ViewsTest.java",
          "testkit/src/test/java/org/qmpkit/testkit/WithQemuTest.java",
          "it/src/test/resources/consumer/Snippets.java");

  private static final Map<String, Map<String, Integer>> COUNTS = new ConcurrentSkipListMap<>();

  private static final class Known {
    private static final ToolOptions OPTIONS = new ToolOptions();
    private static final boolean COMPARES = RealQemu.version().startsWith(SHOWN_QEMU);

    private Known() {}
  }

  /** The documents whose commands are run. */
  private static List<String> documents() throws IOException {
    try (Stream<Path> files = Files.list(Program.root().resolve("docs"))) {
      return Stream.concat(
              Stream.of("README.md"),
              files.map(each -> "docs/" + each.getFileName()).filter(each -> each.endsWith(".md")))
          .sorted()
          .toList();
    }
  }

  @TestFactory
  Stream<DynamicTest> everyCommandRunsOrSaysWhyNot() throws IOException {
    return documents().stream().map(name -> dynamicTest(name, () -> walk(name)));
  }

  private static void walk(String name) throws IOException {
    Map<String, Integer> counts = new TreeMap<>();
    Consumer<String> counted = what -> counts.merge(what, 1, Integer::sum);
    List<String> mistakes = new ArrayList<>();
    try (Walk walk = Walk.begin()) {
      for (Step step : Guide.read(Program.root(), name).steps()) {
        switch (step) {
          case Hidden hidden -> run(name, walk, List.of(Exchange.hidden(hidden)), mistakes);
          case Written written -> {
            walk.write(written.path(), written.text());
            counted.accept("files");
          }
          case Run run -> {
            if (run.program() == null || walk.installed(run.program())) {
              List<Exchange> exchanges = Exchange.of(run.line(), run.text());
              run(name, walk, exchanges, mistakes);
              exchanges.forEach(each -> counted.accept("commands run"));
            } else {
              counted.accept("blocks not run: no " + run.program() + " here");
            }
          }
          case Left left ->
              counted.accept(left.commands() ? "blocks not run: " + left.reason() : "texts");
          case Snippet snippet -> counted.accept("pieces of Java");
        }
      }
    }
    COUNTS.put(name, counts);
    assertEquals("", String.join("\n\n", mistakes));
  }

  private static void run(String name, Walk walk, List<Exchange> exchanges, List<String> mistakes)
      throws IOException {
    for (Exchange each : exchanges) {
      List<String> programs = Walk.unknown(each.command());
      if (!programs.isEmpty()) {
        // Nothing of a block that is perhaps none of commands.
        mistakes.add(
            name
                + ":"
                + each.line()
                + ": "
                + each.command()
                + "\nwas not run: "
                + String.join(", ", programs)
                + ": not among the programs that documents may run. Put '<!-- not run: REASON -->'"
                + " before a block of commands that can't be run here, '<!-- text: WHAT -->' before"
                + " one of something else; a program that does no harm is added to Walk.PROGRAMS");
        return;
      }
    }
    for (Exchange each : exchanges) {
      String why;
      try {
        why = mistake(walk, each);
      } catch (AssertionError e) {
        why = String.valueOf(e.getMessage());
      }
      if (!why.isEmpty()) {
        mistakes.add(name + ":" + each.line() + ": " + each.command() + "\n" + why);
      }
    }
  }

  /** Runs a command, and tells what is wrong with it; empty if nothing is. */
  private static String mistake(Walk walk, Exchange exchange) throws IOException {
    Matcher cat = CAT.matcher(exchange.command());
    if (cat.matches() && !walk.has(cat.group(1))) {
      // Shown so that the reader makes it.
      walk.write(cat.group(1), exchange.output());
      return "";
    }
    Walk.Outcome outcome =
        walk.execute(exchange.command(), exchange.input(), exchange.output().size());
    if (exchange.output().isEmpty() && outcome.status() != 0) {
      return "ended with status "
          + outcome.status()
          + ", and said: "
          + outcome.output().strip()
          + "\nMend it, or what is before it; '<!-- run: COMMANDS -->' prepares what readers have.";
    }
    if (!exchange.output().isEmpty()
        && Known.COMPARES
        && !Shown.agrees(exchange.output(), outcome.output())) {
      return "printed:\n"
          + outcome.output().strip()
          + "\nand is shown to print (an ellipsis stands for anything):\n"
          + String.join("\n", exchange.output());
    }
    return "";
  }

  @AfterAll
  static void tellCounts() {
    Map<String, Integer> sums = new TreeMap<>();
    COUNTS.values().forEach(each -> each.forEach((what, n) -> sums.merge(what, n, Integer::sum)));
    System.out.println(
        COUNTS.size()
            + " documents: "
            + sums.entrySet().stream()
                .map(each -> each.getValue() + " " + each.getKey())
                .collect(Collectors.joining("; "))
            + (Known.COMPARES ? "" : "; outputs not compared, QEMU is not " + SHOWN_QEMU + "x"));
  }

  @TestFactory
  Stream<DynamicTest> everyOptionIsThere() throws IOException {
    return documents().stream().map(name -> dynamicTest(name, () -> options(name)));
  }

  /** The contract leaves out no option, and tells the defaults that the program tells. */
  @Test
  void theContractHasEveryOption() throws IOException {
    String contract = Files.readString(Program.root().resolve("docs/cli.md"));
    List<String> missing = new ArrayList<>();
    for (String tool : Known.OPTIONS.tools()) {
      String said = saidOf(tool, contract);
      for (String option : Known.OPTIONS.of(tool)) {
        if (!option.equals("--help")
            && !Pattern.compile("(?<![\\w-])" + option + "(?![\\w-])").matcher(said).find()) {
          missing.add("docs/cli.md has no option " + option + " of 'qmp " + tool + "'");
        }
      }
    }
    Matcher limits = LIMIT.matcher(Program.run("helper", "--help").out());
    while (limits.find()) {
      String row = "(?m)^\\| `" + limits.group(1) + "` \\|.*\\| `" + limits.group(2) + "` \\|$";
      if (!Pattern.compile(row).matcher(contract).find()) {
        missing.add(
            "docs/cli.md has no row of a table for " + limits.group(1) + ", " + limits.group(2));
      }
    }
    assertEquals("", String.join("\n", missing));
  }

  /** What the contract says of a tool: its forms, its section, and of the helper the settings. */
  private static String saidOf(String tool, String contract) {
    String said =
        contract
                .lines()
                .filter(line -> line.matches(" {4}(qmp )?" + tool + " .*"))
                .collect(Collectors.joining("\n"))
            + section("### " + tool, contract);
    return switch (tool) {
      case "helper" ->
          said + section("## Settings", contract).replaceAll("(?m)^\\| `([a-z-]+)`", "--$1");
      case "wrap" -> said + section("### shell", contract);
      default -> said;
    };
  }

  private static String section(String heading, String text) {
    int level = heading.indexOf(' ');
    Matcher section =
        Pattern.compile("(?ms)^" + heading + "$(.*?)(?=^#{1," + level + "} |\\z)").matcher(text);
    return section.find() ? section.group(1) : "";
  }

  private static void options(String name) throws IOException {
    Guide guide = Guide.read(Program.root(), name);
    List<String> mistakes = new ArrayList<>();
    for (Step step : guide.steps()) {
      if (step instanceof Left left) {
        mistakes(name, left.line(), String.join("\n", left.text()), mistakes);
      }
    }
    for (Phrase phrase : guide.phrases()) {
      mistakes(name, phrase.line(), phrase.text(), mistakes);
    }
    assertEquals("", String.join("\n", mistakes));
  }

  private static void mistakes(String name, int line, String text, List<String> to) {
    Known.OPTIONS.mistakes(text).forEach(each -> to.add(name + ":" + line + ": " + each));
  }

  @TestFactory
  Stream<DynamicTest> javaIsWhatTestsRun() throws IOException {
    Map<String, String> regions = regions();
    return documents().stream()
        .map(name ->
            dynamicTest(
                name,
                () -> {
                  for (Step step : Guide.read(Program.root(), name).steps()) {
                    if (step instanceof Snippet snippet) {
                      compare(name, snippet, regions);
                    }
                  }
                }));
  }

  private static void compare(String name, Snippet snippet, Map<String, String> regions) {
    String text = String.join("\n", snippet.text()).stripIndent().strip();
    if (!regions.containsValue(text)) {
      throw new AssertionError(
          name
              + ":"
              + snippet.line()
              + ": this Java is not to the letter what is between '// @start region=…' and '// @end'"
              + " in "
              + String.join(" or ", RUN_BY_TESTS)
              + ", where it is compiled and run; put it there. The regions are "
              + String.join(", ", regions.keySet()));
    }
  }

  /** The texts of the regions of the library's tests, by name. */
  private static Map<String, String> regions() throws IOException {
    Map<String, String> regions = new TreeMap<>();
    for (String file : RUN_BY_TESTS) {
      REGION
          .matcher(Files.readString(Program.root().resolve(file)))
          .results()
          .forEach(found ->
              regions.put(
                  file.replaceFirst(".*/", "") + "#" + found.group(1),
                  found.group(2).stripTrailing().stripIndent().strip()));
    }
    return regions;
  }
}
