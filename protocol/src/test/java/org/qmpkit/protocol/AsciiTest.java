package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where runs of bytes end, for every byte, at every place, whether one, eight, thirty-two or a
 * block of them are looked at at a time.
 */
final class AsciiTest {
  private static final int LONGEST = 128 + 2 * 512 + 75;

  private static boolean standsForItself(int b) {
    return b >= 0x20 && b < 0x7f && b != '"' && b != '\\';
  }

  @Test
  void aPlainRunEndsAtTheFirstByteThatDoesNotStandForItself() {
    for (int b = 0; b < 256; b++) {
      for (int place = 0; place < LONGEST; place++) {
        byte[] bytes = filled(LONGEST, 'x');
        bytes[place] = (byte) b;
        int end = standsForItself(b) ? LONGEST : place;
        assertEquals(end, Ascii.plain(bytes, 0, LONGEST), b + " at " + place);
        bytes[LONGEST - 1] = '"';
        assertEquals(Math.min(end, LONGEST - 1), Ascii.plain(bytes, 0, LONGEST));
      }
    }
  }

  @Test
  void aPlainRunIsLookedForBetweenItsBoundsAlone() {
    byte[] bytes = filled(LONGEST, '"');
    Arrays.fill(bytes, 3, LONGEST - 3, (byte) 'x');
    for (int from = 3; from < LONGEST - 3; from++) {
      for (int to = from; to < LONGEST - 3; to++) {
        assertEquals(to, Ascii.plain(bytes, from, to));
      }
    }
  }

  @Test
  void aShortRunEndsWithinEightBytesOrIsNone() {
    for (int b = 0; b < 256; b++) {
      for (int place = 3; place < 20; place++) {
        byte[] bytes = filled(20, 'x');
        bytes[place] = (byte) b;
        boolean found = !standsForItself(b) && place < 11;
        assertEquals(found ? place : -1, Ascii.shortPlain(bytes, 3, 20), b + " at " + place);
      }
    }
    assertEquals(1, Ascii.shortPlain(Ascii.bytes("x\"xxxxxx"), 0, 8));
    assertTrue(Ascii.shortPlain(Ascii.bytes("x\"xxxxxx"), 0, 7) < 0, "too few to look at eight");
    assertTrue(Ascii.shortPlain(Ascii.bytes("xxx\"xxxxxx"), 3, 10) < 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "|",
        "|x",
        "|\\",
        "\\n|",
        "\\n|x\\n",
        "\\\"\\\\\\/\\b\\f\\n\\r\\t|x",
        "|\\x",
        "|\\'",
        "\\n|\\x",
        "\\u0041|",
        "\\n\\u0041|x",
        "\\u1234\\uABCD\\uefAB|",
        "|\\u004",
        "|\\u",
        "|\\u0g41",
        "|\\ug041",
        "|\\u00g1",
        "|\\u004g",
        "\\ud7ff|",
        "\\ue000|",
        "\\ufdcf\\ufdf0\\ufffd|",
        "|\\ufdd0",
        "|\\ufdef",
        "|\\ufffe",
        "|\\uffff",
        "|\\ud800",
        "|\\udbff",
        "|\\udc00\\udc00",
        "|\\udfff",
        "\\ud800\\udc00|",
        "\\n\\uD83D\\uDE00\\n|",
        "\\udbff\\udffd|",
        "\\ud800\\udfff|",
        "|\\ud800\\udc0",
        "|\\ud800\\udbff",
        "|\\ud800\\ue000",
        "|\\ud800\\u0041",
        "|\\ud800xudc00",
        "|\\ud800\\ndc00",
        "|\\ud83f\\udffe",
        "|\\udbff\\udfff"
      })
  void escapesInARowEndWhereTheNextIsNoWholeCharacter(String marked) {
    int bar = marked.indexOf('|');
    byte[] bytes = Ascii.bytes("xyz" + marked.replace("|", ""));
    assertEquals(3 + bar, Ascii.endOfEscapes(bytes, 3, bytes.length));
    // What is beyond the bounds does not count.
    byte[] more = Arrays.copyOf(bytes, bytes.length + 12);
    Arrays.fill(more, bytes.length, more.length, (byte) '0');
    assertEquals(3 + bar, Ascii.endOfEscapes(more, 3, bytes.length));
  }

  @ParameterizedTest
  @CsvSource({
    "-1, false",
    "0, true",
    "d7ff, true",
    "d800, false",
    "dfff, false",
    "e000, true",
    "fdcf, true",
    "fdd0, false",
    "fdef, false",
    "fdf0, true",
    "fffd, true",
    "fffe, false",
    "ffff, false",
    "10000, true",
    "1fffd, true",
    "1fffe, false",
    "10fffd, true",
    "10fffe, false",
    "110000, false"
  })
  void surrogatesAndNoncharactersAreNoCharacters(String codePoint, boolean is) {
    assertEquals(is, Ascii.isCharacter(Integer.parseInt(codePoint, 16)));
  }

  @Test
  void digitsInARowEndAtAnythingElse() {
    assertEquals(5, Ascii.digits(Ascii.bytes("xx019"), 2, 5));
    assertEquals(4, Ascii.digits(Ascii.bytes("xx019"), 2, 4));
    assertEquals(4, Ascii.digits(Ascii.bytes("xx01/"), 2, 5));
    assertEquals(4, Ascii.digits(Ascii.bytes("xx01:"), 2, 5));
    assertFalse(Ascii.isDigit('/') || Ascii.isDigit(':'));
  }

  @Test
  void aHexadecimalDigitIsWorthItsValueInEitherCase() {
    for (int b = 0; b < 256; b++) {
      assertEquals(b < 128 ? Character.digit(b, 16) : -1, Ascii.hex(b), "" + b);
    }
  }

  private static byte[] filled(int length, int with) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }
}
