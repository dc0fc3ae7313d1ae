package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import org.jline.reader.CompletingParsedLine;

/**
 * A line as completion sees it: words between white space.
 *
 * @param wordCursor where the cursor is in its word
 */
record Words(String line, int cursor, List<String> words, int wordIndex, int wordCursor)
    implements CompletingParsedLine {
  static Words of(String line, int cursor) {
    List<String> words = new ArrayList<>();
    int start = 0;
    int index = 0;
    int inWord = 0;
    for (int i = 0; i <= line.length(); i++) {
      if (i < line.length() && !Character.isWhitespace(line.charAt(i))) {
        continue;
      }
      boolean atCursor = cursor >= start && cursor <= i;
      if (i > start || atCursor) {
        if (atCursor) {
          index = words.size();
          inWord = cursor - start;
        }
        words.add(line.substring(start, i));
      }
      start = i + 1;
    }
    return new Words(line, cursor, List.copyOf(words), index, inWord);
  }

  @Override
  public String word() {
    return words.isEmpty() ? "" : words.get(wordIndex);
  }

  @Override
  public CharSequence escape(CharSequence candidate, boolean complete) {
    return candidate;
  }

  @Override
  public int rawWordCursor() {
    return wordCursor;
  }

  @Override
  public int rawWordLength() {
    return word().length();
  }
}
