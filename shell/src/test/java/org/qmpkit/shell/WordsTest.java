package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class WordsTest {
  /** A line with the cursor at {@code |}: its words, which the cursor is in, and where. */
  private static void assertWords(String shown, List<String> words, int index, int cursor) {
    int at = shown.indexOf('|');
    Words parsed = Words.of(shown.replace("|", ""), at);
    assertEquals(words, parsed.words(), shown);
    assertEquals(index, parsed.wordIndex(), shown);
    assertEquals(cursor, parsed.wordCursor(), shown);
    assertEquals(words.get(index), parsed.word(), shown);
  }

  @Test
  void areWhatIsBetweenBlanks() {
    assertWords("|", List.of(""), 0, 0);
    assertWords("qu|", List.of("qu"), 0, 2);
    assertWords("q|u", List.of("qu"), 0, 1);
    assertWords("a |", List.of("a", ""), 1, 0);
    assertWords("a b|", List.of("a", "b"), 1, 1);
    assertWords("a |b", List.of("a", "b"), 1, 0);
    assertWords("a| b", List.of("a", "b"), 0, 1);
    assertWords("a | b", List.of("a", "", "b"), 1, 0);
    assertWords("  a|", List.of("a"), 0, 1);
    assertWords("| a", List.of("", "a"), 0, 0);
    assertWords("a\tb=\"c|", List.of("a", "b=\"c"), 1, 4);
  }

  @Test
  void theCursorIsAlwaysInOne() {
    String line = " a  b=c ";
    for (int cursor = 0; cursor <= line.length(); cursor++) {
      Words words = Words.of(line, cursor);
      String word = words.word();
      assertEquals(
          word,
          line.substring(cursor - words.wordCursor(), cursor - words.wordCursor() + word.length()));
    }
  }
}
