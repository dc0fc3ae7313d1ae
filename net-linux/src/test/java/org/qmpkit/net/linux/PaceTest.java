package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PaceTest {
  private static final long MILLI = 1_000_000;

  @Test
  void doublesFromOneMillisecondToFifty() {
    Pace pace = new Pace();
    long now = 7;
    List<Long> pauses = new ArrayList<>();
    assertTrue(pace.willing(now));
    for (int i = 0; i < 8; i++) {
      pace.refused(now);
      assertFalse(pace.willing(now));
      pauses.add(pace.left(now) / MILLI);
      now += pace.left(now);
      assertTrue(pace.willing(now));
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L, 50L, 50L), pauses);
    pace.taken();
    assertEquals(0, pace.left(now));
    pace.refused(now);
    assertEquals(MILLI, pace.left(now));
  }

  @Test
  void isStuckAfterThirtySecondsWithoutProgress() {
    Pace pace = new Pace();
    pace.refused(0);
    pace.refused(29_999 * MILLI);
    assertFalse(pace.stuck(29_999 * MILLI));
    assertTrue(pace.stuck(30_000 * MILLI));
    pace.taken();
    assertFalse(pace.stuck(90_000 * MILLI));
    pace.refused(90_000 * MILLI);
    assertFalse(pace.stuck(119_999 * MILLI));
  }
}
