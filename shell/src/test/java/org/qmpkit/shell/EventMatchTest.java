package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.client.Event;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

final class EventMatchTest {
  private static boolean fits(String pattern, String value) {
    ObjectNode data = JsonNodeFactory.instance.objectNode().put("key", value);
    return EventMatch.of(List.of("key=" + pattern)).test(new Event("E", data, null, 0));
  }

  @ParameterizedTest
  @CsvSource({
    "disk, disk, true",
    "disk, disks, false",
    "*, '', true",
    "*, any, true",
    "d*, disk, true",
    "d*, a disk, false",
    "*k, disk, true",
    "*k, disks, false",
    "*is*, disk, true",
    "d*k, dk, true",
    "aba*ba, aba, false",
    "aba*ba, ababa, true",
    "a*b*c, a b b c, true",
    "a*b*c, a c b, false",
    "*ab*ab, ab, false",
    "*ab*ab*, abab, true",
    "a**b, a.b, true",
    "d.sk, disk, false",
    "*\\E*, a\\Eb, true",
  })
  void aStarIsAnyCharacters(String pattern, String value, boolean expected) {
    assertEquals(expected, fits(pattern, value), pattern + " " + value);
  }

  @Test
  void endsOfLinesAreCharacters() {
    assertEquals(true, fits("a*b*d", "a\r\nb\u2028c\nd"));
  }

  /** Within a lock and looked at by no deadline: quadratic would be minutes. */
  @Test
  @Timeout(60)
  void aLongTextTakesNoLongerThanItIs() {
    String text = "foo".repeat(1_000_000);
    assertFalse(fits("*foo*bar*", text));
    assertFalse(fits("*foo*foo*bar*baz", text));
    assertFalse(fits("foo*oof*bar", text));
  }
}
