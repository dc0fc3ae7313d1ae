package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jline.reader.Candidate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.qmpkit.client.QmpClient;
import org.qmpkit.shell.Knowledge.Known;
import org.qmpkit.testkit.RealQemu;

/** What Tab offers on real machines, row by row: {@code completion.txt}. */
@Timeout(120)
final class CompletionTableTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir static Path folder;

  private static final Map<String, Machine> MACHINES = new HashMap<>();

  /** A QEMU that runs, and what is asked of it. */
  private record Machine(RealQemu qemu, QmpClient client, Completion completion) {
    static Machine start(List<String> arguments, List<String> lines) throws Exception {
      RealQemu qemu = RealQemu.start(arguments.toArray(String[]::new));
      try (ShellRig shell = ShellRig.on(qemu)) {
        for (String each : lines) {
          ShellRig.Shown shown = shell.line(each);
          assertEquals(ExitStatus.DONE, shown.status(), each + ": " + shown);
        }
      } catch (Exception | AssertionError e) {
        qemu.close();
        throw e;
      }
      QmpClient client = Connections.to(qemu);
      Knowledge knowledge = new Knowledge();
      knowledge.learn(CompletableFuture.completedFuture(new Known.Described(client.schema())));
      LiveNames live = new LiveNames(() -> client, PATIENCE);
      return new Machine(qemu, client, new Completion(knowledge, live));
    }
  }

  /** A row of the table. */
  record Row(String machine, String line, String sign, String expected) {
    static Row of(String machine, String text) {
      for (String sign : List.of("->", "=>", "~>")) {
        int at = (text + " ").indexOf(" " + sign + " ");
        if (at >= 0 && text.indexOf('^') >= 0) {
          String expected = (text + " ").substring(at + sign.length() + 2).strip();
          return new Row(machine, text.substring(0, at), sign, expected);
        }
      }
      throw new IllegalArgumentException("no row of the table: " + text);
    }

    @Override
    public String toString() {
      return "[" + machine + "] " + line + " " + sign + " " + expected;
    }
  }

  @AfterAll
  static void end() {
    for (Machine each : MACHINES.values()) {
      each.client().close();
      each.qemu().close();
    }
    MACHINES.clear();
  }

  /** The table's lines by their machines, without comments. */
  private static Map<String, List<String>> sections() throws IOException {
    Map<String, List<String>> sections = new LinkedHashMap<>();
    try (InputStream in = CompletionTableTest.class.getResourceAsStream("completion.txt")) {
      String table = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      List<String> section = new ArrayList<>();
      for (String each : table.lines().toList()) {
        if (each.startsWith("[")) {
          section = new ArrayList<>();
          sections.put(each.substring(1, each.length() - 1), section);
        } else if (!each.isBlank() && !each.startsWith("#")) {
          section.add(each);
        }
      }
    }
    return sections;
  }

  private static boolean isSetup(String line) {
    return line.startsWith("qemu ") || line.startsWith("do ");
  }

  static Stream<Row> rows() throws IOException {
    return sections().entrySet().stream()
        .flatMap(section ->
            section.getValue().stream()
                .filter(each -> !isSetup(each))
                .map(each -> Row.of(section.getKey(), each)));
  }

  @BeforeAll
  static void start() throws Exception {
    Files.write(folder.resolve("disk"), new byte[0]);
    for (Map.Entry<String, List<String>> section : sections().entrySet()) {
      List<String> arguments = new ArrayList<>();
      List<String> lines = new ArrayList<>();
      for (String each : section.getValue()) {
        String text = each.replace("${folder}", folder.toString());
        if (each.startsWith("qemu ")) {
          arguments.addAll(Arrays.asList(text.substring("qemu ".length()).split(" ", -1)));
        } else if (each.startsWith("do ")) {
          lines.add(text.substring("do ".length()));
        }
      }
      MACHINES.put(section.getKey(), Machine.start(arguments, lines));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void offers(Row row) {
    Completion completion = Objects.requireNonNull(MACHINES.get(row.machine())).completion();
    boolean transaction = row.line().startsWith("TRANS> ");
    String text = transaction ? row.line().substring("TRANS> ".length()) : row.line();
    int second = text.indexOf(" ...> ");
    String before = second < 0 ? "" : text.substring(0, second);
    String marked = second < 0 ? text : text.substring(second + " ...> ".length());
    int cursor = marked.indexOf('^');
    String line = marked.substring(0, cursor) + marked.substring(cursor + 1);
    completion.before(before, transaction);
    if (row.sign().equals("~>")) {
      assertEquals(row.expected(), completion.hint(line));
      return;
    }
    List<Candidate> candidates = new ArrayList<>();
    Words words = completion.words(line, cursor);
    completion.complete(CompletionTest.NOBODY, words, candidates);
    check(row, words.word().substring(0, words.wordCursor()), candidates);
  }

  private static void check(Row row, String typed, List<Candidate> candidates) {
    int typedKey = typed.startsWith("\"") ? 0 : typed.indexOf('=') + 1;
    Map<String, Integer> offered = new LinkedHashMap<>();
    for (Candidate each : candidates) {
      offered.put(each.value().substring(typedKey).replace(" ", ""), each.sort());
    }
    assertEquals(candidates.size(), offered.size(), "each once: " + candidates);
    Set<String> wanted = new TreeSet<>();
    Set<String> first = new TreeSet<>();
    for (String each : row.expected().split(" ", -1)) {
      if (each.startsWith("!")) {
        assertFalse(offered.containsKey(each.substring(1)), each + " among " + offered);
      } else if (!each.isEmpty()) {
        String word = each.startsWith("*") ? each.substring(1) : each;
        wanted.add(word);
        if (!word.equals(each)) {
          first.add(word);
        }
      }
    }
    if (row.sign().equals("=>")) {
      assertEquals(wanted, new TreeSet<>(offered.keySet()));
    } else {
      assertFalse(wanted.isEmpty(), "a row that says only what is not there could not fail");
      assertTrue(offered.keySet().containsAll(wanted), () -> wanted + " among " + offered);
    }
    if (!first.isEmpty()) {
      Set<String> required =
          offered.entrySet().stream()
              .filter(each -> each.getValue() == 0)
              .map(Map.Entry::getKey)
              .collect(Collectors.toCollection(TreeSet::new));
      assertEquals(first, required, "what is required, and stands first");
    }
  }
}
