package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import org.jline.reader.CompletingParsedLine;
import org.jspecify.annotations.Nullable;

/**
 * A line as completion sees it: words between white space; where the cursor is in JSON, that word
 * of the JSON is the last.
 *
 * @param wordCursor where the cursor is in its word
 * @param json the place of the cursor in JSON; null if it is in none
 * @param key what stands before the JSON in the same word, as {@code file} in {@code file=}, in
 *     front of it; empty if the line is JSON
 */
record Words(
    String line,
    int cursor,
    List<String> words,
    int wordIndex,
    int wordCursor,
    @Nullable JsonPlace json,
    String key)
    implements CompletingParsedLine {
  static Words of(String line, int cursor) {
    return of(line, cursor, "");
  }

  /**
   * A line, and what of a request in JSON was typed on the lines before.
   *
   * @param before empty, or the beginning of JSON
   */
  static Words of(String line, int cursor, String before) {
    String typed = line.substring(0, Math.min(cursor, line.length()));
    if (!before.isEmpty() || typed.stripLeading().startsWith("{")) {
      String text = before.isEmpty() ? typed : before + "\n" + typed;
      JsonPlace place = JsonPlace.atEndOf(text);
      return inJson(line, cursor, List.of(), place, text.length() - typed.length(), "");
    }
    Words plain = plain(line, cursor);
    int opened = bracket(typed);
    if (opened >= 0) {
      JsonPlace place = JsonPlace.atEndOf(typed.substring(opened));
      int start = Math.max(typed.lastIndexOf(' ', opened), typed.lastIndexOf('\t', opened)) + 1;
      String key = typed.substring(start, opened).replaceFirst(":?=$", "");
      if (place.open()) {
        List<String> others = plain(line.substring(0, start), start).words();
        return inJson(line, cursor, others, place, -opened, key);
      }
    }
    return plain;
  }

  /** Where the last word's value begins to be JSON; -1 if none does. */
  private static int bracket(String typed) {
    int found = -1;
    for (int i = 1; i < typed.length(); i++) {
      char c = typed.charAt(i);
      if ((c == '{' || c == '[') && typed.charAt(i - 1) == '=' && found < 0) {
        found = i;
        if (!JsonPlace.atEndOf(typed.substring(i)).open()) {
          found = -1;
        }
      }
    }
    return found;
  }

  /** The word of the JSON, in front of which its line has {@code offset} characters of it. */
  private static Words inJson(
      String line, int cursor, List<String> others, JsonPlace place, int offset, String key) {
    int start = Math.clamp(place.start() - (long) offset, 0, cursor);
    List<String> words = new ArrayList<>(others);
    words.removeIf(String::isEmpty);
    words.add(line.substring(start, cursor));
    int index = words.size() - 1;
    return new Words(line, cursor, List.copyOf(words), index, cursor - start, place, key);
  }

  private static Words plain(String line, int cursor) {
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
    return new Words(line, cursor, List.copyOf(words), index, inWord, null, "");
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
