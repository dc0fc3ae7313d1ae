package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Expressions mean what they mean to jq. */
final class SelectionTest {
  static List<String> rows() throws IOException {
    InputStream in = SelectionTest.class.getResourceAsStream("selection.txt");
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.UTF_8))) {
      return reader.lines().filter(each -> !each.startsWith("#")).toList();
    }
  }

  @ParameterizedTest
  @MethodSource("rows")
  void meansWhatItMeansToJq(String row) throws LineException {
    String[] parts = row.split(" ;( |$)", -1);
    JsonNode value = JsonText.read(parts[0]);
    Selection selection = Selection.of(parts[1]);
    if (parts[2].equals("!")) {
      assertThrows(LineException.class, () -> selection.of(value));
      return;
    }
    String values =
        selection.of(value).stream().map(each -> each.toString()).collect(Collectors.joining(" "));
    assertEquals(parts[2], values);
  }

  /** Where jq 1.6 gives null. */
  @Test
  void anIndexWithAFractionIsRoundedDown() throws LineException {
    JsonNode value = JsonText.read("[1, 2, 3]");
    assertEquals("2", Selection.of(".[1.5]").of(value).getFirst().toString());
    assertEquals("2", Selection.of(".[length/2]").of(value).getFirst().toString());
  }

  /** Where jq gives the largest that a double holds, which is no more right. */
  @Test
  void aNumberThatIsTooLargeIsAnError() throws LineException {
    JsonNode value = JsonText.read("5");
    for (String each : List.of("1e308*10", "1e308*10+1", "(1e308*10) | length")) {
      Selection selection = Selection.of(each);
      assertThrows(LineException.class, () -> selection.of(value), each);
    }
    assertEquals("0", Selection.of("(1e308*10)? // 0").of(value).getFirst().toString());
  }

  @Test
  void namesOfQemuNeedNoQuotes() throws LineException {
    JsonNode value = JsonText.read("{\"node-name\": \"q\", \"a\": 5, \"b\": 2}");
    assertEquals("\"q\"", Selection.of(".node-name").of(value).getFirst().toString());
    assertEquals("3", Selection.of(".a - .b").of(value).getFirst().toString());
    assertEquals("4", Selection.of(".a-1").of(value).getFirst().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "a b",
        ".a.",
        ".[",
        ".[0",
        "(",
        ")",
        "{",
        "{a:",
        "{1}",
        "[",
        ".a |",
        "| .a",
        "\"x",
        "select",
        "select(",
        "select(.a; .b)",
        "nobody",
        "length(.)",
        ".a == ",
        "..a",
        "-",
        "1.2.3",
        ". as $x | $x",
        "\"\\q\"",
        "§",
        ".a ; .b"
      })
  void whatIsNoExpressionIsSaidSo(String text) {
    LineException refused = assertThrows(LineException.class, () -> Selection.of(text), text);
    assertFalse(String.valueOf(refused.getMessage()).isBlank());
  }

  @Test
  void whatIsTooMuchIsRefused() throws LineException {
    for (String each : List.of("(", "[", "{a:", "map(", ".[", "-", ". | ", "1+")) {
      assertThrows(LineException.class, () -> Selection.of(each.repeat(100_000)), each);
      assertThrows(LineException.class, () -> Selection.of(each.repeat(1000)), each);
    }
    String list = "[" + "0,".repeat(999) + "0]";
    JsonNode thousand = JsonText.read(list);
    assertThrows(LineException.class, () -> Selection.of(".[] as").of(thousand));
    Selection square = Selection.of(".[] + (.[] * 0)");
    JsonNode pairs = JsonText.read("[" + list + "," + list + "]");
    assertThrows(LineException.class, () -> square.of(pairs));
    assertThrows(
        LineException.class,
        () -> Selection.of("[.[]] | .[] , .[] | [.] | .[0] | tostring | test(\"(\")").of(thousand));
  }

  @Test
  void aFormatMayStandAtItsEnd() throws LineException {
    JsonNode value = JsonText.read("[{\"id\": \"j0\", \"n\": 1}, {\"id\": \"j1\", \"n\": 2}]");
    assertEquals("id  n\nj0  1\nj1  2", text("table", value));
    assertEquals("id\nj0\nj1", text(".[] | {id} | table", value));
    assertEquals("\"j0\"\n\"j1\"", text(".[].id", value));
    assertEquals("---\n- 1\n- 2", text("map(.n) | yaml", value));
    assertEquals(Format.PRETTY, Selection.of("pretty").format());
  }

  private static String text(String selection, JsonNode value) throws LineException {
    return Selection.of(selection).text(value, Format.JSON, Palette.PLAIN);
  }

  @Test
  void holdsWhereItsLastValueIsTrue() throws LineException {
    JsonNode value = JsonText.read("{\"status\": \"completed\", \"n\": 0}");
    assertTrue(Selection.of(".status == \"completed\"").holds(value));
    assertTrue(Selection.of(".n").holds(value));
    assertFalse(Selection.of(".nobody").holds(value));
    assertFalse(Selection.of("empty").holds(value));
    assertFalse(Selection.of("true, false").holds(value));
  }

  @Test
  void onlyABarThatStandsAloneBeginsOne() throws LineException {
    Piped piped = Piped.of("query-jobs a=1 | .[0]");
    assertEquals("query-jobs a=1 ", piped.command());
    assertNotNull(piped.selection());
    assertNotNull(Piped.of("{\"execute\": \"a | b\"} | .c").selection());
    for (String each :
        List.of(
            "a b=x|y",
            "a b=\"x | y\"",
            "a b:={\"c\": \"x | y\"}",
            "| a",
            "# a | b",
            "a || b",
            "")) {
      assertEquals(each, Piped.of(each).command());
      assertNull(Piped.of(each).selection(), each);
    }
    assertThrows(LineException.class, () -> Piped.of("a |"));
  }
}
