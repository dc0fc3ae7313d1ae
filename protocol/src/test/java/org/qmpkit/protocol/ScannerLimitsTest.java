package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What one message may cost: bytes, tokens and nesting, each at its limit and one past it; what is
 * past one is discarded to its end, wherever the bytes are cut, and is held no more.
 */
final class ScannerLimitsTest {
  private static final String TOO_LONG = "! JSON token size limit exceeded";
  private static final String TOO_DEEP = "! JSON nesting depth limit exceeded";
  private static final String TOO_MANY = "! JSON token count limit exceeded";

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(Ascii.bytes(text));
  }

  /** What comes of a text, whole and cut in two at any place. */
  private static List<String> scan(Dialect dialect, int limit, String text) {
    List<String> whole = ScannerTest.scan(new Scanner(dialect, limit), bytes(text));
    for (int cut = 1; cut < text.length(); cut++) {
      Scanner scanner = new Scanner(dialect, limit);
      List<String> pieces =
          new ArrayList<>(ScannerTest.scan(scanner, bytes(text.substring(0, cut))));
      pieces.addAll(ScannerTest.scan(scanner, bytes(text.substring(cut))));
      assertEquals(whole, pieces, "cut at " + cut);
    }
    return whole;
  }

  // ---- bytes

  @ParameterizedTest
  @ValueSource(
      strings = {
        "123456789",
        "-1.25e+10",
        "true",
        "\"a string\"",
        "\"\\u00e9\\n\"",
        "[[[\"x\"]]]",
        "{\"a\": {\"b\": [1, 2, {\"c\": \"}\"}]}}",
        "[{\"a\": true}, [false, null]]"
      })
  void aMessageMayHaveAsManyBytesAsTheLimitAndNotOneMore(String text) {
    // A blank ends what is a number or literal.
    String bytes = text + " {}";
    assertEquals(List.of(text, "{}"), scan(Dialect.QEMU_OUTPUT, text.length(), bytes));
    assertEquals(List.of(TOO_LONG, "{}"), scan(Dialect.QEMU_OUTPUT, text.length() - 1, bytes));
    String tight = text.replace(": ", ":").replace(", ", ",");
    assertEquals(List.of(tight, "{}"), scan(Dialect.QEMU_INPUT, tight.length(), bytes));
    assertEquals(List.of(TOO_LONG, "{}"), scan(Dialect.QEMU_INPUT, tight.length() - 1, bytes));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsTooLongIsDiscardedToItsEndAndToldOnce(Dialect dialect) {
    for (String each :
        List.of(
            "1".repeat(50),
            "\"" + "x".repeat(50) + "\"",
            "[" + "[1,{}],".repeat(10) + "{\"a\":[]}]",
            "{\"" + "x".repeat(50) + "\":{\"}\":[]},\"b\":1}")) {
      assertEquals(List.of(TOO_LONG, "[1]"), scan(dialect, 10, each + " [1]"), each);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStrayByteInWhatIsDiscardedEndsThat(Dialect dialect) {
    assertEquals(
        List.of(TOO_LONG, "! stray '\\x01'", "{}"),
        scan(dialect, 10, "[\"" + "x".repeat(50) + "\u0001\n{}"));
  }

  @Test
  void aTokenOfAnyLengthFindsRoom() {
    for (int length = 0; length < 600; length++) {
      String token = "\"" + "x".repeat(length) + "\"";
      assertEquals(
          List.of("[[" + token + ", 1]]"),
          ScannerTest.scan(new Scanner(Dialect.QEMU_OUTPUT, 10_000), bytes("[[" + token + ",1]]")));
    }
  }

  // ---- nesting

  @ParameterizedTest
  @EnumSource
  void aThousandAndTwentyFourMayBeOpenAndNotOneMore(Dialect dialect) {
    for (String open : List.of("[", "{\"\":")) {
      String close = open.equals("[") ? "]" : "}";
      String most = open.repeat(1023) + "[]" + close.repeat(1023);
      Scanner scanner = new Scanner(dialect, 1 << 20);
      assertInstanceOf(Document.class, scanner.next(bytes(most)));
      String more = open.repeat(1024) + "[]" + close.repeat(1024) + "{}";
      assertEquals(List.of(TOO_DEEP, "{}"), ScannerTest.scan(scanner, bytes(more)));
    }
  }

  // ---- tokens

  @ParameterizedTest
  @EnumSource
  void twoMebiTokensPassAndOneMoreDoesNotThoughItBeTheLast(Dialect dialect) {
    int most = 2 << 20;
    Scanner scanner = new Scanner(dialect, 8 << 20);
    String just = "[[{}" + ",1".repeat((most - 6) / 2) + "]]";
    assertInstanceOf(Document.class, scanner.next(bytes(just)));
    String more = "[[1" + ",1".repeat((most - 4) / 2) + "]]{}";
    assertEquals(List.of(TOO_MANY, "{}"), ScannerTest.scan(scanner, bytes(more)));
  }

  // ---- what is held

  @Test
  void whatIsDiscardedIsNotHeld() {
    for (String each :
        List.of(
            "[\"" + "x".repeat(200_000), "[\"" + "x".repeat(50_000) + "\"," + "[".repeat(1024))) {
      for (Dialect dialect : Dialect.values()) {
        Scanner scanner = new Scanner(dialect, 100_000);
        assertEquals(1, ScannerTest.scan(scanner, bytes(each)).size());
        assertEquals(0, scanner.held());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"%s\"]", "{\"%s\":1}", "{\"a\":{\"%s\":1}}"})
  void whatIsCompleteIsNotHeldThoughMoreFollows(String message) {
    Scanner scanner = new Scanner(Dialect.QEMU_INPUT, 100_000);
    ByteBuffer in = bytes(message.formatted("x".repeat(5000)) + "{}");
    assertInstanceOf(Document.class, scanner.next(in));
    assertTrue(in.hasRemaining());
    assertEquals(0, scanner.held());
  }

  @Test
  void aMessageStaysWhatItIsWhenTheNextOneComes() {
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 100_000);
    for (int length : new int[] {10, 4094, 4095, 5000, 7000, 50_000}) {
      String text = "[\"" + "x".repeat(length) + "\"]";
      Scanned first = scanner.next(bytes(text));
      scanner.next(bytes(text.replace('x', 'y')));
      assertEquals(text, String.valueOf(first));
    }
  }

  @Test
  void roomIsMadeForTheBytesThatAreThere() {
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 1 << 20);
    assertNull(scanner.next(bytes("[\"" + "x".repeat(50_000))));
    assertTrue(scanner.held() < 51_000, "" + scanner.held());
    assertNull(scanner.next(bytes("x".repeat(30_000))));
    assertTrue(scanner.held() < 81_000, "" + scanner.held());
  }

  @Test
  void aLongMessageThatIsThereAsAWholeIsStoredOnce() {
    ByteBuffer in = bytes("[\"" + "x".repeat(100_000) + "\"]");
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 1 << 20);
    long allocated = MemoryTest.allocated(() -> scanner.next(in));
    assertTrue(allocated < 150_000, "took " + allocated + " bytes of memory");
  }

  @Test
  void aLongMessageInManyPiecesIsNotCopiedForEach() {
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, 1 << 20);
    scanner.next(bytes("[\""));
    ByteBuffer piece = bytes("x".repeat(1000));
    long allocated =
        MemoryTest.allocated(() -> {
          for (int i = 0; i < 1000; i++) {
            scanner.next(piece.rewind());
          }
        });
    assertTrue(allocated < 10_000_000, "took " + allocated + " bytes of memory");
  }
}
