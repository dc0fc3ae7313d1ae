package org.qmpkit.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Any bytes into the scanner, with Jackson as the judge. */
final class ScannerFuzz {
  private static final int LIMIT = 1 << 16;

  @FuzzTest
  void scan(byte[] bytes) {
    for (Dialect dialect : Dialect.values()) {
      List<Scanned> messages = messages(dialect, LIMIT, bytes, bytes.length);
      for (Scanned each : messages) {
        if (each instanceof Document document) {
          assertCanonical(dialect, document);
        }
      }
      for (int piece : List.of(1, 3, 7)) {
        assertEquals(text(messages), text(messages(dialect, LIMIT, bytes, piece)));
        assertEquals(
            text(messages(dialect, 20, bytes, bytes.length)),
            text(messages(dialect, 20, bytes, piece)));
      }
    }
    judge(bytes);
  }

  private static List<Scanned> messages(Dialect dialect, int limit, byte[] bytes, int piece) {
    return messages(new Scanner(dialect, limit), bytes, piece);
  }

  private static List<Scanned> messages(Scanner scanner, byte[] bytes, int piece) {
    List<Scanned> messages = new ArrayList<>();
    for (int from = 0; from < bytes.length; from += piece) {
      ByteBuffer in = ByteBuffer.wrap(bytes, from, Math.min(piece, bytes.length - from));
      for (Scanned each = scanner.next(in); each != null; each = scanner.next(in)) {
        messages.add(each);
      }
      assertEquals(0, in.remaining());
    }
    return messages;
  }

  private static List<String> text(List<Scanned> messages) {
    return messages.stream().map(Scanned::toString).toList();
  }

  /** Canonical text is ASCII, JSON for everybody, and scans to itself. */
  private static void assertCanonical(Dialect dialect, Document document) {
    String text = document.toString();
    assertTrue(text.chars().allMatch(c -> c >= 0x20 && c < 0x7f), text);
    assertTrue(Json.accepts(text), text);
    byte[] again = Arrays.copyOf(Ascii.bytes(text), text.length() + 1);
    again[text.length()] = '\n';
    assertEquals(List.of(text), text(messages(dialect, LIMIT, again, again.length)));
    for (Document.Member each : document.members()) {
      assertTrue(Json.accepts(document.text(each)), text);
    }
  }

  /** Of one whole text the strict dialect and Jackson think the same, but for what we refuse. */
  private static void judge(byte[] bytes) {
    String text = utf8(bytes);
    if (text == null) {
      return;
    }
    Scanner scanner = new Scanner(Dialect.QEMU_OUTPUT, LIMIT);
    List<Scanned> messages = messages(scanner, bytes, Math.max(1, bytes.length));
    messages.addAll(messages(scanner, new byte[] {'\n'}, 1));
    // Whether the text was complete shows by what follows it.
    List<Scanned> next = messages(scanner, Ascii.bytes("[]"), 2);
    boolean one =
        messages.size() == 1
            && messages.getFirst() instanceof Document
            && next.size() == 1
            && next.getFirst() instanceof Document;
    if (one) {
      assertTrue(Json.accepts(text), text);
    } else if (Json.accepts(text)) {
      assertTrue(refusedByUs(messages), () -> text + " was scanned as " + text(messages));
    }
  }

  /** Jackson takes lone surrogates, duplicate keys and any nesting; it knows no limit of bytes. */
  private static boolean refusedByUs(List<Scanned> messages) {
    return !messages.isEmpty()
        && messages.getFirst() instanceof Malformed(String reason)
        && (reason.contains("Unicode")
            || reason.contains("duplicate key")
            || reason.contains("more members")
            || reason.contains("limit"));
  }

  private static @Nullable String utf8(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException notText) {
      return null;
    }
  }
}
