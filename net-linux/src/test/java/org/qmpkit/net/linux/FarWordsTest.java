package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.qmpkit.net.linux.FarWords.Heard.DATA;
import static org.qmpkit.net.linux.FarWords.Heard.DEAD;
import static org.qmpkit.net.linux.FarWords.Heard.LIVE;
import static org.qmpkit.net.linux.FarWords.Heard.NOTHING;
import static org.qmpkit.net.linux.FarWords.Heard.STRAY;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class FarWordsTest {

  @Test
  void theThirdGenerationIsClosedUntilLive() {
    FarWords words = new FarWords(3);
    assertFalse(words.open());
    assertEquals(
        List.of(STRAY, LIVE, DATA, DEAD, STRAY, NOTHING, LIVE),
        hear(words, "{}", "live", "{}", "dead", "{}", "dead", "live"));
  }

  @Test
  void theSecondGenerationIsOpenUntilDead() {
    FarWords words = new FarWords(2);
    assertTrue(words.open());
    assertEquals(
        List.of(DATA, DEAD, STRAY, LIVE, DATA), hear(words, "{}", "dead", "{}", "live", "{}"));
    words.close();
    assertTrue(words.open());
  }

  @Test
  void theFirstGenerationHasNoWords() {
    FarWords words = new FarWords(1);
    assertEquals(List.of(DATA, DATA, DATA), hear(words, "live", "dead", "{}"));
    assertTrue(words.open());
  }

  @Test
  void onlyTheExactLengthIsAWord() {
    FarWords words = new FarWords(3);
    assertEquals(
        List.of(STRAY, LIVE, DATA, DATA, DATA, DATA),
        hear(words, "live!", "live", "deadbeef", "liver", "dea", "Dead"));
    assertTrue(words.open());
  }

  @Test
  void aHelperThatResyncsIsHeardAndKnownFromBothStates() {
    FarWords words = new FarWords(3);
    assertEquals(List.of(LIVE, DEAD), hear(words, "live", "dead"));
    assertFalse(words.resynced(), "OpenXT's helper says it without an end of line");
    assertEquals(List.of(NOTHING, LIVE), hear(words, "dead\n", "live"));
    assertTrue(words.resynced());
    assertEquals(List.of(DEAD, LIVE), hear(words, "dead\n", "live"));
  }

  @Test
  void aSecondLiveIsANewClient() {
    assertEquals(List.of(LIVE, DATA, LIVE), hear(new FarWords(3), "live", "x", "live"));
  }

  private static List<FarWords.Heard> hear(FarWords words, String... datagrams) {
    return Stream.of(datagrams)
        .map(each -> words.hear(each.getBytes(StandardCharsets.US_ASCII)))
        .toList();
  }
}
