package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Lines of any kind and length have an answer: a request, nothing, or what is wrong; and soon. */
final class GarbageTest {
  /** Far more than any takes that is linear, on any machine; what is quadratic takes hours. */
  private static final Duration SOON = Duration.ofMinutes(1);

  private static final int LONG = 1 << 20;

  /** Fails on any exception but the one that says what is wrong with a line. */
  private static void read(String line) {
    try {
      LineGrammar grammar = new LineGrammar();
      Request request = grammar.read(line);
      if (request != null) {
        JsonText.compact(request.message(), Palette.PLAIN);
        Secrets.masked(request.name(), request.arguments());
        request.command();
      }
      Secrets.in(line);
    } catch (LineException e) {
      assertTrue(e.getMessage() != null && !e.getMessage().isBlank());
    }
  }

  private static Arguments row(String name, String line) {
    return Arguments.of(name, line);
  }

  private static String many(String each) {
    return each.repeat(LONG / each.length());
  }

  private static Stream<Arguments> longLines() {
    return Stream.of(
        row("a word", many("a")),
        row("words", many("a ")),
        row("pairs", "a " + many("b=1 ")),
        row("blanks", many(" ")),
        row("double quotes", many("\"")),
        row("both quotes", many("\"'")),
        row("escaped quotes", "a b=\"" + many("\\\"")),
        row("backslashes", "a b=\"" + many("\\")),
        row("quotes that end at the last", "a b='" + many("\\\"") + "\\'"),
        row("digits", "a b=" + many("7")),
        row("digits and underscores", "a b=" + many("7_")),
        row("digits in a list", "a b=[" + many("7") + "]"),
        row("digits in a Python list", "a b=['x'," + many("7") + "]"),
        row("digits with half an exponent", "a b=['x'," + many("7") + "e+]"),
        row("underscored digits in a list", "a b=[" + many("7_") + "]"),
        row("hexadecimal digits", "a b=[0x" + many("f") + "]"),
        row("numbers", "a b=[" + many("1.5,") + "1]"),
        row("Python numbers", "a b=[" + many("1_0,") + "1]"),
        row("exponents", "a b=[" + many("1e+") + "1]"),
        row("signs", "a b=[" + many("-") + "1]"),
        row("dots", "a b=[" + many(".") + "]"),
        row("brackets", "a b=" + many("[")),
        row("brackets and quotes", "a b=" + many("['x',")),
        row("braces", "a b=" + many("{'x':")),
        row("parentheses", "a b=[" + many("(")),
        row("closed brackets", "a b=" + "[".repeat(LONG / 2) + "]".repeat(LONG / 2)),
        row("blanks in a tuple", "a b=[(1" + many("' '") + ")]"),
        row("a string", "a b=['" + many("x") + "']"),
        row("strings side by side", "a b=[" + many("'x'") + "]"),
        row("triple quotes", "a b=['''" + many("x") + "'''"),
        row("escapes", "a b=['" + many("\\x41") + "']"),
        row("halves of escapes", "a b=['" + many("\\x4") + "']"),
        row("names", "a b=['" + many("\\N{") + "']"),
        row("dots in a key", "a " + many("b.") + "=1"),
        row("dotted keys", "a " + many("b.c.d=1 ")),
        row("many members", "a " + many("b.c1=2 b.c2=[] ")),
        row("open JSON", "a " + many("b:={")),
        row("open JSON in words", "a " + many("b:={ ")),
        row("open JSON and quotes", "a " + many("b:=['x ")),
        row("closed JSON in words", "a " + many("b:={} ")),
        row("raw JSON", "{'a':" + many("[")),
        row("raw JSON, closed", "{'execute':'a','arguments':{'b':[" + many("1,") + "1]}}"),
        row("raw JSON of quotes", "{" + many("'\\''")),
        row("transactions", many("transaction( ")),
        row("ends", "transaction( " + many(") ")),
        row("an action", "transaction( a " + many("b=1 ") + ")"),
        row("a comment", "#" + many("#")),
        row("words of secrets", many("object-add ")),
        row("secrets", many("secret ")),
        row("a secret and blanks", "secret" + many(" ")),
        row("a property and blanks", "property" + many(" ")),
        row("change and blanks", "change" + many(" ")),
        row("separate letters", many("é\u0301 😀")),
        row("halves of characters", "a b=" + many("\ud83d")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("longLines")
  void aMebibyteIsReadSoon(String name, String line) {
    assertTimeout(SOON, () -> read(line), name);
  }

  /** As deep as QEMU reads is read, and what is deeper is no fault. */
  @Test
  void isReadAsDeepAsQemuReads() {
    for (int depth : new int[] {1, 200, 1000, 1024}) {
      String json = "[".repeat(depth) + "]".repeat(depth);
      assertTrue(Value.of(json).isArray(), "JSON, " + depth);
      String python = "[".repeat(depth) + "'x'".repeat(depth == 1024 ? 0 : 1) + "]".repeat(depth);
      assertTrue(Value.of(python).isArray(), "Python, " + depth);
    }
    for (int depth : new int[] {1500, 100_000}) {
      String json = "[".repeat(depth) + "]".repeat(depth);
      assertTrue(Value.of(json).isString(), "JSON, " + depth);
      assertThrows(LineException.class, () -> Value.json(json));
      assertNull(PythonLiteral.read("[".repeat(depth) + "'x'" + "]".repeat(depth)));
    }
    String key = "b.".repeat(2000) + "c=1";
    LineException refused =
        assertThrows(LineException.class, () -> new LineGrammar().read("a " + key));
    assertEquals("a key of more than 1024 names", refused.getMessage());
  }

  @Test
  void whatIsCutOffAnywhereIsNoFault() {
    List<String> whole =
        List.of(
            "{'execute': 'a', \"arguments\": {'b': [1.5e+3, true, null, '\\u00e9\\n', \"\\\\\"]}, 'id': {}}",
            "a b={'x':[(1,),u'\\N{BULLET}\\x41\\101\\U0001F600',r'\\',0x1F,0b1_0,-1e-5,None,true]} c='''",
            "transaction( completion-mode:='grouped' a b.c.d={\"x\":[1,2]} e:={\"f\": [1, 2]} )",
            "exec-oob a b:=@/dev/null");
    for (String each : whole) {
      for (int end = 0; end <= each.length(); end++) {
        read(each.substring(0, end));
        read(each.substring(end));
      }
    }
  }

  @Test
  void pythonLiteralsCutOffAreNone() {
    String whole = "{'x':[(1,),'\\x41\\101',r'\\n',0x1F,-1e-5,None,true]}";
    JsonNode value = PythonLiteral.read(whole);
    assertEquals(
        "{\"x\": [[1], \"AA\", \"\\\\n\", 31, -1.0E-5, null, true]}",
        JsonText.compact(java.util.Objects.requireNonNull(value), Palette.PLAIN));
    for (int end = 0; end < whole.length(); end++) {
      assertNull(PythonLiteral.read(whole.substring(0, end)), whole.substring(0, end));
    }
  }

  /** Lines of the table with pieces taken out, doubled, moved and replaced. */
  @Test
  void mutantsOfLinesAreNoFault() throws IOException {
    List<String> lines;
    try (InputStream in = GarbageTest.class.getResourceAsStream("grammar.txt")) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    long seed = 4;
    for (int i = 0; i < 20_000; i++) {
      Random random = new Random(seed + i);
      String line = lines.get(random.nextInt(lines.size())).split(" {2}→ {2}", -1)[0];
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        line = changed(line, random);
      }
      try {
        read(line);
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("seed " + (seed + i) + ": " + line, e);
      }
    }
  }

  private static final String PIECES = "\"'\\{}[]():=,.#_+-@ \t0179exXuUN\u0000é😀\ud83d\u2028";

  private static String changed(String line, Random random) {
    int from = random.nextInt(line.length() + 1);
    int to = Math.min(line.length(), from + random.nextInt(6));
    String before = line.substring(0, from);
    String piece = line.substring(from, to);
    String after = line.substring(to);
    int at = random.nextInt(PIECES.length());
    return switch (random.nextInt(4)) {
      case 0 -> before + after;
      case 1 -> before + piece + piece + after;
      case 2 -> after + piece + before;
      default -> before + PIECES.charAt(at) + after;
    };
  }
}
