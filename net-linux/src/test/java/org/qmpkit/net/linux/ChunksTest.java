package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ChunksTest {

  @Test
  void cutsAtTheLongestAndNowhereElse() {
    assertEquals(List.of("abcd", "efgh", "i"), cut("abcdefghi", 4));
    assertEquals(List.of("abc"), cut("abc", 4096));
  }

  @Test
  void aCutThatWouldMakeAWordIsMoved() {
    assertEquals(List.of("abc", "ddea", "d!"), cut("abcddead!", 4));
    assertEquals(List.of("abc", "xliv", "e"), cut("abcxlive", 4));
  }

  @Test
  void aWordAtTheStartIsTakenApart() {
    assertEquals(List.of("l", "ive"), cut("live", 4096));
    assertEquals(List.of("d", "eaddead"), cut("deaddead", 4096));
    assertEquals(List.of("deal", "ive"), cut("dealive", 4));
  }

  @Test
  void noDatagramBeginsWithAWordWhateverTheBytesAre() {
    Random random = new Random(4);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(20); i >= 0; i--) {
        text.append(new String[] {"dead", "live", "d", "de", "li", "v", "x"}[random.nextInt(7)]);
      }
      int most = 1 + random.nextInt(12);
      List<String> pieces = cut(text.toString(), most);
      assertEquals(text.toString(), String.join("", pieces));
      for (String piece : pieces) {
        assertTrue(piece.length() <= most && !piece.isEmpty(), piece);
        assertFalse(piece.startsWith("live") || piece.startsWith("dead"), piece);
      }
    }
  }

  @Test
  void bytesAboveSevenBitsAreNoWord() {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {'l', 'i', 'v', (byte) 0xE5, 1});
    assertEquals(5, Chunks.first(bytes, 4096));
  }

  private static List<String> cut(String text, int most) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    List<String> pieces = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] piece = new byte[Chunks.first(bytes, most)];
      bytes.get(piece);
      pieces.add(new String(piece, StandardCharsets.ISO_8859_1));
    }
    return pieces;
  }
}
