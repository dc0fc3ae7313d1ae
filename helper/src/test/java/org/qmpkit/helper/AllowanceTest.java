package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AllowanceTest {
  private static final long SECOND = 1_000_000_000;

  private final Allowance allowance = new Allowance();

  private void spendAll(long now) {
    for (int i = 0; i < Allowance.AT_ONCE; i++) {
      assertEquals(0, allowance.take(now));
    }
  }

  @Test
  void afterFiftyAtOnceThereIsOneEverySecond() {
    spendAll(-5);
    assertEquals(-1, allowance.take(-5));
    assertEquals(-1, allowance.take(SECOND - 6));
    assertEquals(2, allowance.take(SECOND - 5));
    assertEquals(-1, allowance.take(SECOND - 5));
    assertEquals(1, allowance.take(2 * SECOND));
    assertEquals(-1, allowance.take(2 * SECOND));
  }

  @Test
  void whoIsQuietForLongMaySayFiftyAgainButNoMore() {
    spendAll(0);
    spendAll(1000 * SECOND);
    assertEquals(-1, allowance.take(1000 * SECOND));
  }
}
