package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** A line in two parts reads as one, from wherever and into however little room it is copied. */
final class LineTest {
  private static final String TEXT = "{\"a\": 1}\r\n";

  @Test
  void isCopiedFromAnyPlaceIntoAnyRoom() {
    byte[] bytes = Ascii.bytes(TEXT + "beyond the head");
    for (int head = 0; head <= TEXT.length(); head++) {
      Line line = new Line(bytes, head, Ascii.bytes(TEXT.substring(head)));
      assertEquals(TEXT.length(), line.size());
      assertEquals(TEXT, Ascii.text(line.bytes(), 0, line.size()));
      for (int from = 0; from <= TEXT.length(); from++) {
        for (int room = 0; room <= TEXT.length() + 1; room++) {
          ByteBuffer into = ByteBuffer.allocate(room);
          line.copy(from, into);
          int to = Math.min(TEXT.length(), from + room);
          assertEquals(TEXT.substring(from, to), Ascii.text(into.array(), 0, into.position()));
        }
      }
    }
  }
}
