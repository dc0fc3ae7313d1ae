package org.qmpkit.net.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions are written with ^ for the marker. */
final class SessionsTest {
  private final Sessions sessions = new Sessions();

  private boolean comes(String bytes) {
    sessions.room().put(bytes.replace('^', '\1').getBytes(ISO_8859_1));
    return sessions.look();
  }

  private String read(int most) {
    ByteBuffer into = ByteBuffer.allocate(most);
    int count = sessions.read(into);
    assertEquals(count, into.position());
    return new String(into.array(), 0, count, ISO_8859_1);
  }

  /** What is read of each session where the bytes come in pieces, each read before the next. */
  private static List<String> split(String... pieces) {
    SessionsTest test = new SessionsTest();
    List<String> found = new ArrayList<>(List.of(""));
    for (String piece : pieces) {
      if (test.comes(piece)) {
        found.add("");
      }
      found.add(found.removeLast() + test.read(Sessions.ROOM));
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"abc", "^abc", "^", "^abc^de", "abc^de", "^abc^", "^^", "^^^ab^c^^de", "^a^"})
  void theNewestSessionIsWholeAndTheOthersGetNothingOfItWhereverTheBytesAreCut(String bytes) {
    List<String> sent = List.of(bytes.replaceFirst("^\\^", "").split("\\^", -1));
    for (int first = 0; first <= bytes.length(); first++) {
      for (int second = first; second <= bytes.length(); second++) {
        String[] cut = {
          bytes.substring(0, first), bytes.substring(first, second), bytes.substring(second)
        };
        List<String> found = split(cut);
        String where = String.join("|", cut);
        assertEquals(sent.getLast(), found.getLast(), where);
        assertEquals(sent.size() > 1, found.size() > 1, where);
        assertTrue(found.size() <= sent.size(), where);
        int next = 0;
        for (String each : found) {
          while (!sent.get(next).startsWith(each)) {
            next++;
          }
        }
      }
    }
  }

  @Test
  void eachIsThereWhereEachIsRead() {
    assertEquals(List.of("ab", "", "c", "d"), split("^ab", "^", "^c", "^", "d"));
    assertEquals(List.of("", "", ""), split("^", "^", "^"));
  }

  @Test
  void whatWasNotReadIsDroppedWithItsSession() {
    assertFalse(comes("^abcd"));
    assertEquals("ab", read(2));
    assertFalse(sessions.isEmpty());
    assertTrue(comes("ef^gh"));
    assertEquals("gh", read(9));
    assertTrue(sessions.isEmpty());
    assertEquals("", read(9));
  }

  @Test
  void aSessionIsIdleIfNothingButMarkersCame() {
    assertFalse(comes("^"));
    assertTrue(comes("^^"));
    assertTrue(sessions.idle());
    assertFalse(comes("a"));
    assertEquals("a", read(9));
    assertTrue(comes("^"));
    assertFalse(sessions.idle(), "it said a");
    assertTrue(comes("b^"));
    assertFalse(sessions.idle(), "it said b");
    assertTrue(comes("^".repeat(Sessions.ROOM)));
    assertTrue(sessions.idle());
    assertTrue(sessions.isEmpty());
  }

  @Test
  void noMoreIsHeldThanThereIsRoomFor() {
    assertFalse(comes("^" + "x".repeat(Sessions.ROOM - 1)));
    assertFalse(comes("y"));
    assertFalse(sessions.room().hasRemaining());
    assertEquals("xx", read(2));
    assertTrue(comes("^z"), "there is room again");
    assertEquals("z", read(9));
  }
}
