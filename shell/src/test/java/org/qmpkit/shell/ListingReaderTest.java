package org.qmpkit.shell;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.jline.reader.Candidate;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a terminal gets where there are more possibilities than it has rows. */
@Timeout(60)
final class ListingReaderTest {
  private record Typed(String line, String shown) {
    int times(String text) {
      return (shown.length() - shown.replace(text, "").length()) / text.length();
    }
  }

  private static Typed type(String keys, String description) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayInputStream in = new ByteArrayInputStream(keys.getBytes(UTF_8));
    try (Terminal terminal = new ExternalTerminal("test", "xterm", in, out, UTF_8)) {
      terminal.setSize(Size.of(80, 10));
      ListingReader reader = new ListingReader(terminal, "qmp");
      List<Candidate> names =
          IntStream.range(0, 60)
              .mapToObj(i -> Completion.candidate("name-%02d".formatted(i), description, true, 0))
              .toList();
      reader.setCompleter((_, _, candidates) -> candidates.addAll(names));
      String line = reader.readLine("> ");
      return new Typed(line, out.toString(UTF_8));
    }
  }

  private static void assertAllOf(Typed typed) {
    for (int i = 0; i < 60; i++) {
      String name = "name-%02d".formatted(i);
      assertEquals(1, typed.times(name), name + " in " + typed.shown());
    }
  }

  @Test
  void allArePrintedAndTheLineGoesOn() throws IOException {
    Typed typed = type("name-\tyx\r", "what it is");
    assertTrue(typed.shown().contains("see all 60 possibilities (20 lines)?"), typed.shown());
    assertAllOf(typed);
    assertEquals("name-x", typed.line());
  }

  @Test
  void anotherTabChoosesAmongThem() throws IOException {
    assertEquals("name-01 ", type("name-\ty\t\t\r\r", "what it is").line());
  }

  @Test
  void whatIsWiderThanTheScreenIsCut() throws IOException {
    Typed typed = type("name-\ty\r", "long ".repeat(20));
    assertAllOf(typed);
    assertTrue(
        typed.shown().lines().noneMatch(each -> each.contains("name-07") && each.length() > 79));
  }

  @Test
  void noneArePrintedForWhoDoesNotWishTo() throws IOException {
    Typed typed = type("name-\tn\r", "what it is");
    assertEquals(0, typed.times("name-07"), typed.shown());
    assertEquals("name-", typed.line());
  }

  @Test
  void whatFitsIsListedInPlace() throws IOException {
    Typed typed = type("name-\t1\r", "");
    assertEquals(0, typed.times("possibilities"), typed.shown());
    assertEquals(1, typed.times("07 "), typed.shown());
    assertEquals("name-1", typed.line());
  }
}
