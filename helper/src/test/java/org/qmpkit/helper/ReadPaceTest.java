package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ReadPaceTest {
  private static final int MIB = 1 << 20;
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  /** 8 MiB a second, messages of 10 MiB. */
  private final ReadPace pace = new ReadPace(8 * MIB, 10 * MIB, 0);

  @Test
  void aLongestMessageAndASecondsWorthMayComeAtOnce() {
    assertEquals(0, pace.heard(18 * MIB, 0));
    assertTrue(pace.heard(18 * MIB + 1, 0) > 0);
  }

  @Test
  void aFloodIsReadAtItsPace() {
    long unasked = 0;
    long now = 0;
    while (now < 10 * SECOND) {
      unasked += ReadPace.PORTION;
      now += pace.heard(unasked, now);
    }
    long most = 8 * MIB * 10L + 18 * MIB + ReadPace.PORTION;
    assertTrue(unasked > most - MIB && unasked <= most, unasked + " of " + most + " bytes");
  }

  @Test
  void answersCountForNothing() {
    for (int reply = 0; reply < 1000; reply++) {
      // All of it is not asked for until it is complete.
      assertEquals(0, pace.heard(10 * MIB, 0));
      assertEquals(0, pace.heard(0, 0));
    }
  }

  @Test
  void whatWasSaidWearsOff() {
    assertEquals(0, pace.heard(18 * MIB, 0));
    assertEquals(0, pace.heard(26 * MIB, SECOND));
    assertTrue(pace.heard(27 * MIB, SECOND) > 0);
    assertEquals(0, pace.heard(27 * MIB + 18 * MIB, 60 * SECOND));
    assertTrue(pace.heard(27 * MIB + 18 * MIB + 1, 60 * SECOND) > 0, "a rest is not saved up");
  }

  @Test
  void whoHasSaidALotIsReadInPortions() {
    assertEquals(4 * MIB, pace.portion(4 * MIB));
    pace.heard(2 * MIB, 0);
    assertEquals(ReadPace.PORTION, pace.portion(4 * MIB));
    assertEquals(10, pace.portion(10));
    pace.heard(2 * MIB, SECOND);
    assertEquals(4 * MIB, pace.portion(4 * MIB));
  }
}
