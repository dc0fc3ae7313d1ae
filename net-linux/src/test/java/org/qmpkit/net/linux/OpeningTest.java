package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class OpeningTest {
  private static final long MILLI = 1_000_000;

  @Test
  void closesRestsAndOpens() {
    long now = Long.MAX_VALUE - 5; // a clock may be anywhere, and wrap
    Opening opening = new Opening(true);
    assertEquals("dead\n", opening.due(now));
    assertEquals(0, opening.pause(now));
    opening.said(now);
    assertNull(opening.due(now + 99 * MILLI));
    assertEquals(MILLI, opening.pause(now + 99 * MILLI));
    assertFalse(opening.done());
    assertEquals("live", opening.due(now + 100 * MILLI));
    opening.said(now + 100 * MILLI);
    assertTrue(opening.done());
    assertNull(opening.due(now + 200 * MILLI));
  }

  @Test
  void whatIsRefusedIsDueAgain() {
    Opening opening = new Opening(true);
    assertEquals("dead\n", opening.due(0));
    assertEquals("dead\n", opening.due(50 * MILLI));
    opening.said(50 * MILLI);
    assertNull(opening.due(149 * MILLI));
    assertEquals("live", opening.due(150 * MILLI));
    assertEquals("live", opening.due(190 * MILLI));
  }

  @Test
  void withoutWordsItIsOpen() {
    Opening opening = new Opening(false);
    assertTrue(opening.done());
    assertNull(opening.due(0));
  }
}
