package org.qmpkit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {
  private static Arguments parse(String... words) throws UsageException {
    return Arguments.parse(
        List.of(words), Set.of("listen"), Set.of("verbose"), Map.of("v", "verbose"));
  }

  @Test
  void aValueStandsBehindItsFlagOrAfterAnEqualsSign() throws UsageException {
    assertEquals(Optional.of("/run/a"), parse("--listen", "/run/a").flag("listen"));
    assertEquals(Optional.of("/run/a=b"), parse("--listen=/run/a=b").flag("listen"));
    assertEquals(Optional.empty(), parse().flag("listen"));
  }

  @Test
  void switchesTakeNoValueAndHaveLetters() throws UsageException {
    Arguments arguments = parse("-v", "positional");
    assertTrue(arguments.has("verbose"));
    assertEquals(List.of("positional"), arguments.positionals());
    assertFalse(parse("--verbose=false").has("verbose"));
    assertTrue(parse("--verbose=true").has("verbose"));
    for (String each : List.of("--verbose=yes", "--verbose=", "-v=TRUE")) {
      UsageException refusal = assertThrows(UsageException.class, () -> parse(each));
      assertTrue(String.valueOf(refusal.getMessage()).contains("must be true or false"));
    }
  }

  @Test
  void twoDashesEndTheFlags() throws UsageException {
    assertEquals(List.of("--verbose", "-"), parse("--", "--verbose", "-").positionals());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--lissten", "-x", "--listen"})
  void whatIsUnknownOrLacksItsValueIsNamed(String word) {
    UsageException refusal = assertThrows(UsageException.class, () -> parse(word));
    assertTrue(String.valueOf(refusal.getMessage()).contains(word));
  }

  @Test
  void timesHaveUnits() throws UsageException {
    assertEquals(Duration.ofMillis(250), Durations.parse("timeout", "250ms"));
    assertEquals(Duration.ofSeconds(5), Durations.parse("timeout", "5s"));
    assertEquals(Duration.ofMinutes(2), Durations.parse("timeout", "2m"));
    assertEquals(Duration.ofDays(36_500), Durations.parse("timeout", "52560000m"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"5", "0s", "s", "-1s", "1h", "9999999999s", "52600000m", "999999999m"})
  void whatIsNoTimeIsRefused(String text) {
    assertThrows(UsageException.class, () -> Durations.parse("timeout", text));
  }
}
