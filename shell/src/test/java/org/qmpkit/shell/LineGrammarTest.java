package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The grammar by a table: {@code grammar.txt}, which says what its rows mean. */
final class LineGrammarTest {
  private static final String NEXT_LINE = " ⏎ ";
  private static final Pattern CODE = Pattern.compile("‹([0-9A-F]+)›");

  private static Stream<Arguments> rows() throws IOException {
    String table;
    try (InputStream in = LineGrammarTest.class.getResourceAsStream("grammar.txt")) {
      assertNotNull(in);
      table = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    return table
        .lines()
        .filter(each -> each.contains("  →  "))
        .map(each -> each.split(" {2}[→≠] {2}", -1))
        .map(each -> Arguments.of(each[0], each[1], each.length > 2 ? each[2] : ""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void makesRequests(String typed, String expected, String ofQmpShell) {
    assertEquals(expected, outcome(typed));
    assertNotEquals(expected, ofQmpShell, "a row that says it differs does");
  }

  @Test
  void theTableIsAllThere() throws IOException {
    assertTrue(rows().count() > 500);
  }

  /** What becomes of lines, each in its turn. */
  private static String outcome(String typed) {
    LineGrammar grammar = new LineGrammar();
    List<String> outcomes = new ArrayList<>();
    String unfinished = "";
    for (String each : typed.split(NEXT_LINE, -1)) {
      String text = unfinished + plain(each);
      unfinished = "";
      try {
        outcomes.add(json(grammar.read(text)));
      } catch (LineException.Incomplete e) {
        unfinished = text + "\n";
        outcomes.add("…");
      } catch (LineException e) {
        outcomes.add("! " + e.getMessage());
      }
    }
    return String.join(NEXT_LINE, outcomes);
  }

  private static String json(@org.jspecify.annotations.Nullable Request request) {
    return request == null ? "-" : JsonText.compact(request.message(), Palette.PLAIN);
  }

  private static String plain(String shown) {
    return CODE.matcher(shown)
        .replaceAll(each ->
            Matcher.quoteReplacement(Character.toString(Integer.parseInt(each.group(1), 16))))
        .replace('␠', ' ')
        .replace('␉', '\t');
  }

  @Test
  void aFileHoldsAnyJson(@TempDir Path folder) throws IOException, LineException {
    Path file = folder.resolve("a,b=c.json");
    Files.writeString(file, "\n{'x': [1, \"é\"],\n \"y\": null}\n");
    assertEquals(
        "{\"execute\": \"a\", \"arguments\": {\"b\": {\"c\": {\"x\": [1, \"\\u00E9\"], \"y\": null}}}}",
        json(new LineGrammar().read("a b.c:=@" + file)));
    assertEquals(
        "{\"execute\": \"a\", \"arguments\": {\"b\": \"@" + file + "\"}}",
        json(new LineGrammar().read("a b=@" + file)),
        "without the colon it is text, as ever");
  }

  @Test
  void aFileThatHoldsNoneIsNamed(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("f");
    String[][] rows = {
      {"", "the JSON has no end: what it holds"},
      {"{\"x\":", "the JSON has no end: what it holds"},
      {"{}{}", "more follows behind the end of the JSON: what it holds"},
      {"{x}", "JSON parse error, invalid keyword 'x'"},
    };
    for (String[] row : rows) {
      Files.writeString(file, row[0]);
      LineException refused =
          assertThrows(LineException.class, () -> new LineGrammar().read("a b:=@" + file));
      assertEquals("'b': in '" + file + "': " + row[1], refused.getMessage());
    }
    Files.write(file, new byte[] {'"', (byte) 0xff, '"'});
    LineException refused =
        assertThrows(LineException.class, () -> new LineGrammar().read("a b:=@" + file));
    assertEquals("'b': in '" + file + "': JSON parse error, stray '\\xff'", refused.getMessage());
  }

  @Test
  void aFileWithoutEndIsRefused() {
    LineException refused =
        assertThrows(LineException.class, () -> new LineGrammar().read("a b:=@/dev/zero"));
    assertEquals("'b': in '/dev/zero': more than 10485760 bytes", refused.getMessage());
  }
}
