package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How far the fast half of the scanner gets, by tables: through all that is plain, and to no token
 * that is not whole or not what it seems. What it leaves the scanner's own steps take, so that a
 * mistake here would show as a slow scanner.
 */
final class SkimmerTest {
  private static final int LIMIT = 1 << 20;
  private static final String PLAIN =
      "{\"name\": \"a string of more than 32 bytes, with \\\"\\u00e9\\n\", \"x\":[1,-2.5e+3, 0],"
          + "\r\n \"t\": true, \"f\" : false,\"n\":null, \"o\": {}, \"a\":[] , \"deep\":"
          + " [[{\"k\": [{}, []]}]]}, {\"b\": 1E5}, [\"12345678\"], ";

  private static final String AS_QEMU_SPACES_IT =
      "{\"name\": \"a string of more than 32 bytes, with \\\"\\u00e9\\n\", \"x\": [1, -2.5e+3, 0],"
          + " \"t\": true, \"f\": false, \"n\": null, \"o\": {}, \"a\": [], \"deep\":"
          + " [[{\"k\": [{}, []]}]]}, {\"b\": 1E5}, [\"12345678\"], ";

  private final Composer composer = new Composer(Dialect.QEMU_OUTPUT, LIMIT, false);
  private final Skimmer skimmer = new Skimmer(composer.grammar(), composer);

  /** In a list, in a message of any kind. */
  private void inList() {
    composer.open(true);
    composer.beginString();
    composer.endString();
    composer.colon();
    composer.open(false);
  }

  private void inObject() {
    composer.open(false);
    composer.open(true);
  }

  /**
   * What is plain and what is left, parted by a bar; after "^" is what the caller did not offer.
   * Then what is handed on, and of how many tokens.
   */
  private static Arguments row(String bytes, String text, int tokens) {
    return Arguments.of(bytes, text, tokens);
  }

  private void assertSkims(String marked, String text, int tokens) {
    int before = LIMIT - composer.left();
    String offered = marked.replace("|", "");
    int to = offered.indexOf('^');
    int stops = skimmer.skim(Ascii.bytes(offered), 0, to < 0 ? offered.length() : to);
    assertEquals(marked, offered.substring(0, stops) + "|" + offered.substring(stops));
    assertEquals(text, composer.document().toString().substring(before));
    assertEquals(tokens, skimmer.tokens(), "tokens");
    assertEquals(count(text, '{') - count(text, '}'), skimmer.braces(), "braces");
    assertEquals(count(text, '[') - count(text, ']'), skimmer.brackets(), "brackets");
  }

  private static int count(String text, char what) {
    return (int) text.chars().filter(each -> each == what).count();
  }

  static Stream<Arguments> lists() {
    return Stream.of(
        // Numbers, which end at the byte after.
        row("0, 1, 23, -4, -0, |5", "0, 1, 23, -4, -0, ", 10),
        row("1.5, 0.25, 10.0, |5", "1.5, 0.25, 10.0, ", 6),
        row("1e5, 1E5, 1e+5, 1E-5, 0e1, 1.5e10, |5", "1e5, 1E5, 1e+5, 1E-5, 0e1, 1.5e10, ", 12),
        row("|12^3, ", "", 0),
        row("|1.5^3, ", "", 0),
        row("|1.^5, ", "", 0),
        row("|1e5^3, ", "", 0),
        row("|1e^5, ", "", 0),
        row("|1e+^5, ", "", 0),
        row("|-^5, ", "", 0),
        row("|01, ", "", 0),
        row("|-01, ", "", 0),
        row("|-, ", "", 0),
        row("|1., ", "", 0),
        row("|1.e5, ", "", 0),
        row("|1e, ", "", 0),
        row("|1e", "", 0),
        row("|1e+, ", "", 0),
        row("|+1, ", "", 0),
        row("|.5, ", "", 0),
        // Literals, too.
        row("true, false, null, |x", "true, false, null, ", 6),
        row("|true^, ", "", 0),
        row("|tru^e, ", "", 0),
        row("|truea, ", "", 0),
        row("|truez, ", "", 0),
        row("true|A, ", "true", 1),
        row("|trua, ", "", 0),
        row("|nULL, ", "", 0),
        // Strings, which end at their quote.
        row("\"\", \"x\", \"1234567\", |x", "\"\", \"x\", \"1234567\", ", 6),
        row("\"12345678\", \"123456789\", |x", "\"12345678\", \"123456789\", ", 4),
        row("\"x\"|^", "\"x\"", 1),
        row(
            "\"a string of 32 bytes and some more\"|^",
            "\"a string of 32 bytes and some more\"",
            1),
        row("|\"x^\", ", "", 0),
        row("|\"a string of 32 bytes and some more^\", ", "", 0),
        row("\"\\\"\", \"\\\\\", \"a\\nb\", |x", "\"\\\"\", \"\\\\\", \"a\\nb\", ", 6),
        row("\"\\u00e9\\/\", |x", "\"\\u00e9\\/\", ", 2),
        row("|\"\\\"^\"", "", 0),
        row("|\"\\u00e^9\"", "", 0),
        row("|\"\\u00eg\"", "", 0),
        row("|\"\\ud800\"", "", 0),
        row("|\"\\uffff\"", "", 0),
        row("|\"\\x\"", "", 0),
        row("|\"\u00c3\u00a9\"", "", 0),
        row("|\"a\tb\"", "", 0),
        row("|\"a\u007fb\"", "", 0),
        row("|'a'", "", 0),
        // A blank after each comma and colon, and none elsewhere.
        row("1,2,3 , 4|,^", "1, 2, 3, 4", 7),
        row("1,  2,\t3\r\n,4|,^5", "1, 2, 3, 4", 7),
        row("1, |^ 2", "1, ", 2),
        row(" [ ] |^", "[]", 2),
        // Lists and objects, and what they hold.
        row("[], {}, [[]], [{}], |x", "[], {}, [[]], [{}], ", 16),
        row("[|^]", "[", 1),
        row("{|^}", "{", 1),
        row("{\"a\":1,\"b\":[2]}, |x", "{\"a\": 1, \"b\": [2]}, ", 12),
        row("{\"a\": {\"b\": {}}}, {\"c\": \"d\"}|^", "{\"a\": {\"b\": {}}}, {\"c\": \"d\"}", 16),
        // What closes the list that it is in is a member's end, and left.
        row("1, [2]|]", "1, [2]", 5),
        row("|]", "", 0),
        // What may not stand there.
        row("|, 1", "", 0),
        row("|: 1", "", 0),
        row("1, |, 2", "1, ", 2),
        row("1|: 2", "1", 1),
        row("1 |2", "1", 1),
        row("1 |\"x\"", "1", 1),
        row("1 |[2]", "1", 1),
        row("1 |{}", "1", 1),
        row("\"x\"|: 2", "\"x\"", 1),
        row("1, |]", "1, ", 2),
        row("[1, |]", "[1, ", 3),
        row("[1|}", "[1", 2),
        row("[|}", "[", 1),
        row("{|]", "{", 1),
        row("{|1", "{", 1),
        row("{|y", "{", 1),
        row("[|Y", "[", 1),
        row("{|[", "{", 1),
        row("{|, ", "{", 1),
        row("{|: ", "{", 1),
        row("{\"a\"|, ", "{\"a\"", 2),
        row("{\"a\"|}", "{\"a\"", 2),
        row("{\"a\" |1}", "{\"a\"", 2),
        row("{\"a\": |}", "{\"a\": ", 3),
        row("{\"a\": 1|]", "{\"a\": 1", 4),
        row("{\"a\": 1|: 2", "{\"a\": 1", 4),
        row("{\"a\": 1, |2", "{\"a\": 1, ", 5),
        row("{\"a\": 1, |}", "{\"a\": 1, ", 5),
        row("{\"a\": 1 |\"b\"", "{\"a\": 1", 4),
        row("|@", "", 0));
  }

  @ParameterizedTest
  @MethodSource("lists")
  void takesWhatIsPlainInAList(String bytes, String text, int tokens) {
    inList();
    assertSkims(bytes, text, tokens);
  }

  static Stream<Arguments> objects() {
    return Stream.of(
        row(
            "\"a\": 1, \"b\":[], \"c\": {\"d\": 2}|}",
            "\"a\": 1, \"b\": [], \"c\": {\"d\": 2}",
            16),
        row("\"a\": [1], |2", "\"a\": [1], ", 6),
        row("|1, ", "", 0),
        row("|}", "", 0));
  }

  @ParameterizedTest
  @MethodSource("objects")
  void takesWhatIsPlainInAnObject(String bytes, String text, int tokens) {
    inObject();
    assertSkims(bytes, text, tokens);
  }

  @Test
  void opensNoMoreThanMayBeOpen() {
    inList();
    int more = Scanner.MAX_NESTING - 2;
    assertSkims("[".repeat(more) + "|[", "[".repeat(more), more);
  }

  @Test
  void goesOnWhereItStoppedHoweverTheBytesCome() {
    byte[] in = Ascii.bytes(PLAIN);
    for (int cut = 0; cut < in.length; cut++) {
      Composer out = new Composer(Dialect.QEMU_OUTPUT, LIMIT, false);
      out.open(false);
      out.open(false);
      Skimmer pieces = new Skimmer(out.grammar(), out);
      int at = pieces.skim(in, 0, cut);
      int tokens = pieces.tokens();
      int braces = pieces.braces();
      assertEquals(in.length, pieces.skim(in, at, in.length), "cut at " + cut);
      assertEquals(66, tokens + pieces.tokens(), "cut at " + cut);
      assertEquals(0, braces + pieces.braces(), "cut at " + cut);
      assertEquals("[[" + AS_QEMU_SPACES_IT, out.document().toString());
    }
  }
}
