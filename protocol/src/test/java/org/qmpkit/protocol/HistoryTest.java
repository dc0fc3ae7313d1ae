package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * Nobody ever gets an answer that is not theirs: 64 clients, cuts of clients and of QEMU at random
 * moments, restarts behind our back, and between the true answers all that bleeds through: answers
 * of former sessions, second answers, ids of others. Each command carries a nonce and ends in
 * exactly one of reply, error and close; in order, unless out of band.
 *
 * <p>A million commands; with {@code -Dqmpkit.full=true}, a hundred million.
 */
final class HistoryTest {
  private static final long COMMANDS = Boolean.getBoolean("qmpkit.full") ? 100_000_000 : 1_000_000;
  private static final int PER_SEED = 20_000;

  @Test
  void eachCommandEndsOnceAndNobodyHearsAnothers() {
    long asked = 0;
    History.Tally sum = new History.Tally();
    for (long seed = 1; asked < COMMANDS; seed++) {
      History history = new History(seed);
      try {
        history.run(PER_SEED);
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("with new History(" + seed + "): " + e.getMessage(), e);
      }
      asked += history.tally().asked;
      sum.add(history.tally());
    }
    assertEquals(sum.asked, sum.replies + sum.errors + sum.closed, sum::toString);
    // It would prove nothing if hardly anything had happened.
    assertTrue(sum.replies > COMMANDS / 2, sum::toString);
    assertTrue(sum.errors > COMMANDS / 1000, sum::toString);
    assertTrue(sum.closed > COMMANDS / 1000, sum::toString);
    assertTrue(sum.bled > COMMANDS / 100, sum::toString);
    System.out.println("HistoryTest: " + sum);
  }
}
