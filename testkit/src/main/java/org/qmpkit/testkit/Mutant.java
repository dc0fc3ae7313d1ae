package org.qmpkit.testkit;

import java.util.Arrays;
import java.util.Random;

/**
 * A text with one thing changed, by {@link JsonGenerator#mutant}.
 *
 * @param how what was changed, and where
 * @param broken whether the text is certainly no complete JSON text of any dialect any more; if
 *     not, it may be anything
 */
// Nobody compares mutants; their bytes need not be text.
@SuppressWarnings("ArrayRecordComponent")
public record Mutant(byte[] bytes, String how, boolean broken) {
  // Bytes that no JSON text has anywhere, inside strings or out.
  private static final byte[] IMPOSSIBLE = {1, 2, 7, 11, 12, 27, 31, (byte) 0xfe, (byte) 0xff};

  static Mutant of(byte[] text, Random random) {
    int at = random.nextInt(text.length);
    return switch (random.nextInt(8)) {
      case 0 -> {
        int count = 1 + random.nextInt(Math.min(8, text.length - at));
        yield new Mutant(spliced(text, at, count), count + " bytes deleted at " + at, false);
      }
      case 1 -> {
        byte[] more = new byte[1 + random.nextInt(4)];
        random.nextBytes(more);
        yield inserted(text, at, "random bytes", false, more);
      }
      case 2 -> {
        byte[] flipped = text.clone();
        int bit = random.nextInt(8);
        flipped[at] ^= (byte) (1 << bit);
        yield new Mutant(flipped, "bit " + bit + " flipped at " + at, false);
      }
      case 3 -> {
        // Within brackets, a text without its last one is incomplete.
        boolean broken = bracketed(text);
        yield new Mutant(Arrays.copyOf(text, at), "cut off at " + at, broken);
      }
      case 4 -> inserted(text, at, "bracket", false, bracket(random));
      case 5 ->
          inserted(text, 0, "closing bracket", true, (byte) (random.nextBoolean() ? '}' : ']'));
      case 6 -> inserted(text, at, "impossible byte", true, impossible(random));
      default ->
          inserted(text, at, "continuation byte", true, (byte) (0x80 + random.nextInt(0x40)));
    };
  }

  /** The change alone: the bytes can be made again from the generator's seed. */
  @Override
  public String toString() {
    return how + ": " + Excerpt.head(bytes);
  }

  private static boolean bracketed(byte[] text) {
    byte first = text[0];
    byte last = text[text.length - 1];
    return (first == '{' && last == '}') || (first == '[' && last == ']');
  }

  private static byte bracket(Random random) {
    return (byte) "{}[]".charAt(random.nextInt(4));
  }

  private static byte impossible(Random random) {
    return IMPOSSIBLE[random.nextInt(IMPOSSIBLE.length)];
  }

  private static Mutant inserted(byte[] text, int at, String what, boolean broken, byte... more) {
    return new Mutant(spliced(text, at, 0, more), what + " inserted at " + at, broken);
  }

  private static byte[] spliced(byte[] text, int at, int removed, byte... more) {
    byte[] result = new byte[text.length - removed + more.length];
    System.arraycopy(text, 0, result, 0, at);
    System.arraycopy(more, 0, result, at, more.length);
    System.arraycopy(text, at + removed, result, at + more.length, text.length - at - removed);
    return result;
  }
}
