package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How far one step gets in a string, by tables: through all that is plain, and to no character that
 * is not whole or not what it seems. What it leaves is taken byte by byte, so that a mistake here
 * would show as a slow scanner.
 */
final class StringTextTest {
  private final Composer composer = new Composer(Dialect.QEMU_OUTPUT, 1 << 20, false);
  private final StringText string = new StringText(composer, false);

  private void inValue(int quote) {
    composer.open(false);
    composer.beginString();
    string.begin(quote);
  }

  /**
   * What is taken in one step and what is left, parted by a bar; after "^" is what the caller did
   * not offer. Bytes are given as Latin-1.
   */
  private void assertRuns(String marked, String text) {
    int before = composer.document().length();
    String offered = "xyz" + marked.replace("|", "");
    int to = offered.indexOf('^');
    byte[] bytes = Ascii.bytes(offered.replace("^", ""));
    int stops = string.run(bytes, 3, to < 0 ? bytes.length : to);
    assertEquals(marked, offered.substring(3, stops) + "|" + offered.substring(stops));
    assertEquals(text, composer.document().toString().substring(before));
  }

  private static Arguments row(String bytes, String text) {
    return Arguments.of(bytes, text);
  }

  static Stream<Arguments> values() {
    return Stream.of(
        row("|", ""),
        row("|\"", ""),
        row("abc|\"", "abc"),
        row("abc|^\"", "abc"),
        row("a\\n\\\"b\\u00e9|\"", "a\\n\\\"b\\u00e9"),
        row("a'b|\"", "a'b"),
        // The least and the most of each length, alone and in a row.
        row("\u00c2\u0080|\"", "\\u0080"),
        row("\u00df\u00bf|^", "\\u07FF"),
        row("\u00e0\u00a0\u0080|\"", "\\u0800"),
        row("\u00ed\u009f\u00bf|\"", "\\uD7FF"),
        row("\u00ee\u0080\u0080|\"", "\\uE000"),
        row("\u00ef\u00bf\u00bd|^", "\\uFFFD"),
        row("\u00f0\u0090\u0080\u0080|\"", "\\uD800\\uDC00"),
        row("\u00f4\u008f\u00bf\u00bd|^", "\\uDBFF\\uDFFD"),
        row("\u00c3\u00a9\u00e2\u0082\u00ac\u00c3\u00a8|\"", "\\u00E9\\u20AC\\u00E8"),
        row("\u00f0\u009f\u0098\u0080\u00e2\u0082\u00ac|\"", "\\uD83D\\uDE00\\u20AC"),
        row("a\u00c3\u00a9b\\n\u00e2\u0082\u00acc\\t|\"", "a\\u00E9b\\n\\u20ACc\\t"),
        // Not whole.
        row("|\u00c3^\u00a9", ""),
        row("|\u00e2\u0082^\u00ac", ""),
        row("|\u00f0\u009f\u0098^\u0080", ""),
        row("a\u00c3\u00a9|\u00c3^\u00a9", "a\\u00E9"),
        row("a|\\^n", "a"),
        row("a|\\u00e^9", "a"),
        // No character, or none that both dialects have.
        row("a|\u0080", "a"),
        row("a|\u00bf\u00bf", "a"),
        row("|\u00c1\u00bf", ""),
        row("|\u00c3x", ""),
        row("|\u00c3\u00c3\u00a9", ""),
        row("|\u00e2x\u00ac", ""),
        row("|\u00e2\u0082x", ""),
        row("|\u00e2\u00c3\u00a9", ""),
        row("|\u00e0\u009f\u00bf", ""),
        row("|\u00ed\u00a0\u0080", ""),
        row("|\u00ef\u00bf\u00bf", ""),
        row("|\u00ef\u00b7\u0090", ""),
        row("|\u00f0\u008f\u00bf\u00bf", ""),
        row("|\u00f0\u009f\u0098x", ""),
        row("|\u00f4\u0090\u0080\u0080", ""),
        row("|\u00f8\u0088\u0080\u0080\u0080", ""),
        row("|\u00ff", ""),
        row("\u00c3\u00a9a\u00c3\u00a8|\u00c3x", "\\u00E9a\\u00E8"),
        // What has no place in a string as it is, or is spelled otherwise there.
        row("a|\u0000", "a"),
        row("a|\tb", "a"),
        row("a|\u007fb", "a"),
        row("a|\\xb", "a"),
        row("a|\\ud800x", "a"));
  }

  @ParameterizedTest
  @MethodSource("values")
  void takesWhatIsPlainInAValue(String bytes, String text) {
    inValue('"');
    assertRuns(bytes, text);
  }

  @Test
  void takesPlainAsciiInAKeyThatIsToBeKnown() {
    composer.open(true);
    composer.beginString();
    string.begin('"');
    assertRuns("abc|\\n", "abc");
    assertRuns("abc|\u00c3\u00a9", "abc");
    assertRuns("de|\"", "de");
    composer.endString();
    assertEquals("{\"abcabcde\"", composer.document().toString());
  }

  @Test
  void takesNothingBetweenSingleQuotes() {
    inValue('\'');
    assertRuns("|abc'", "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\", "\\u", "\\u004", "\\ud800", "\u00c3", "\u00e2\u0082"})
  void takesNothingInTheMiddleOfACharacter(String begun) {
    inValue('"');
    for (byte each : Ascii.bytes(begun)) {
      assertFalse(string.take(each & 0xff));
    }
    assertRuns("|abc", "");
  }

  @Test
  void aStringIsInTheMiddleOfNothingAfterTheOneBefore() {
    for (String half : new String[] {"\\", "\\u00", "\\ud800", "\u00c3"}) {
      string.begin('"');
      for (byte each : Ascii.bytes(half)) {
        string.take(each & 0xff);
      }
    }
    inValue('"');
    assertRuns("abc|\"", "abc");
  }
}
