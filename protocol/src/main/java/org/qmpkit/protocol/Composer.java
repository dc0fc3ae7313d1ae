package org.qmpkit.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;
import org.qmpkit.protocol.Document.Member;

/**
 * The grammar half of a {@link Scanner}: checks the order of one message's tokens and writes its
 * canonical text as they come. After the first fault it stops writing and only waits to be reset.
 */
final class Composer {
  /** No QMP message has more than four; the rest of a senseless one need not be remembered. */
  private static final int MOST_MEMBERS = 1024;

  private static final int KEPT_BETWEEN_MESSAGES = 4 * 1024;
  private static final int SMALLEST = 256;
  private static final byte[] DIGITS = Ascii.bytes("0123456789ABCDEF");

  /** What a key costs besides its characters that is noted, on a 64-bit JVM. */
  private static final int BYTES_OF_A_NOTED_KEY = 96;

  private final Dialect dialect;
  private final int limit;
  private final boolean trusted;
  private byte[] text = new byte[SMALLEST];
  private int length;
  private int expected;

  /** How long the last long message was: who asks for one asks again. */
  private int usual;

  private @Nullable String fault;
  private boolean tooLong;

  private final Grammar grammar = new Grammar();
  private Kind kind = Kind.NULL;
  private List<Member> members = new ArrayList<>();
  private final ArrayList<@Nullable Set<String>> keys = new ArrayList<>();

  /** What the keys that are noted to find duplicates take at most, in bytes. */
  private int noted;

  private StringBuilder key = new StringBuilder();
  private String memberKey = "";
  private Kind memberKind = Kind.NULL;
  private boolean inKey;

  /** Whether the key that is being written is to be known: at the top, or to find duplicates. */
  private boolean noting;

  private int memberStart;
  private int valueStart;

  /**
   * A composer at the start of a message.
   *
   * @param limit the most bytes of its text
   * @param trusted whether its text was composed before, so that keys need no comparing any more
   */
  Composer(Dialect dialect, int limit, boolean trusted) {
    this.dialect = dialect;
    this.limit = limit;
    this.trusted = trusted;
  }

  /** Forgets the message. */
  void reset() {
    length = 0;
    if (expected == 0) {
      shrink();
    }
    fault = null;
    tooLong = false;
    grammar.reset();
    members = new ArrayList<>();
    keys.clear();
    noted = 0;
    inKey = false;
    memberKey = "";
    if (key.capacity() > KEPT_BETWEEN_MESSAGES) {
      key = new StringBuilder();
    }
    noting = false;
  }

  /**
   * Says how many bytes of input are known to follow. Room for a long message is made for as many
   * at once, and kept for the next one until none follow.
   */
  void expect(int bytes) {
    expected = dialect.spaced && bytes > 0 ? length + bytes : 0;
    if (expected == 0 && length == 0) {
      shrink();
    }
  }

  private void shrink() {
    if (text.length > KEPT_BETWEEN_MESSAGES) {
      text = new byte[SMALLEST];
    }
  }

  Grammar grammar() {
    return grammar;
  }

  /** How many bytes the text has so far, and what is remembered of its keys. */
  int begun() {
    return length + noted + 2 * key.length();
  }

  /** How many more bytes the text may have. */
  int left() {
    return limit - length;
  }

  @Nullable String fault() {
    return fault;
  }

  /** Whether the canonical text has passed the limit; it is no longer kept then. */
  boolean tooLong() {
    return tooLong;
  }

  /** How many bytes it holds past what it keeps anyway. */
  int held() {
    int forKeys = noted + 2 * key.capacity();
    return (text.length > KEPT_BETWEEN_MESSAGES ? text.length : 0)
        + (forKeys > KEPT_BETWEEN_MESSAGES ? forKeys : 0);
  }

  /** The message that is complete. Its text is not copied when that would waste a lot. */
  Document document() {
    boolean handOver = length > KEPT_BETWEEN_MESSAGES && length >= text.length / 4 * 3;
    byte[] its = handOver ? text : Arrays.copyOf(text, length);
    if (length > KEPT_BETWEEN_MESSAGES) {
      usual = length;
    }
    if (handOver) {
      text = new byte[SMALLEST];
    }
    return new Document(its, length, kind, List.copyOf(members), dialect);
  }

  /** Whether something is wrong already; nothing that follows matters then. */
  boolean failed() {
    return fault != null;
  }

  /** Notes what is wrong, if nothing was before, and lets go of the text. */
  void fail(String reason) {
    if (fault == null) {
      fault = "JSON parse error, " + reason;
      length = 0;
    }
  }

  void open(boolean object) {
    if (!beginValue(object ? Kind.OBJECT : Kind.ARRAY)) {
      return;
    }
    grammar.open(object);
    write(object ? '{' : '[');
  }

  void close(boolean object) {
    if (fault != null) {
      return;
    }
    if (!grammar.wants(Grammar.CLOSE) || grammar.depth == 0 || grammar.inObject() != object) {
      fail(grammar.fault());
      return;
    }
    write(object ? '}' : ']');
    if (keys.size() == grammar.depth) {
      Set<String> done = keys.removeLast();
      for (String each : done == null ? Set.<String>of() : done) {
        noted -= cost(each);
      }
    }
    grammar.depth--;
    endValue();
  }

  void comma() {
    if (fault != null) {
      return;
    }
    if (!grammar.wants(Grammar.COMMA)) {
      fail(grammar.fault());
      return;
    }
    separate(',');
    grammar.want = grammar.inObject() ? Grammar.KEY : Grammar.VALUE;
  }

  void colon() {
    if (fault != null) {
      return;
    }
    if (!grammar.wants(Grammar.COLON)) {
      fail(grammar.fault());
      return;
    }
    separate(':');
    grammar.want = Grammar.VALUE;
  }

  void beginString() {
    if (fault == null && grammar.wants(Grammar.KEY)) {
      inKey = true;
      noting = grammar.depth == 1 || (dialect.lenient && !trusted);
      key.setLength(0);
      if (grammar.depth == 1) {
        memberStart = length;
      }
    } else if (!beginValue(Kind.STRING)) {
      return;
    }
    write('"');
  }

  /** A character of the string that is being written, for the sake of keys. */
  void character(int codePoint) {
    // A key at fault or too long streams on: it must not be kept.
    if (noting && fault == null && !tooLong) {
      key.appendCodePoint(codePoint);
    }
  }

  void endString() {
    boolean known = noting;
    noting = false;
    if (fault != null) {
      inKey = false;
      return;
    }
    write('"');
    if (!inKey) {
      endValue();
      return;
    }
    inKey = false;
    grammar.want = Grammar.COLON;
    String name = known ? key.toString() : "";
    if (grammar.depth == 1) {
      memberKey = name;
    }
    if (known && !trusted) {
      noteKey(name);
    }
  }

  private void noteKey(String name) {
    while (keys.size() < grammar.depth) {
      keys.add(null);
    }
    Set<String> seen = keys.get(grammar.depth - 1);
    if (seen == null) {
      seen = new HashSet<>(4);
      keys.set(grammar.depth - 1, seen);
    }
    if (!seen.add(name)) {
      fail("duplicate key");
      return;
    }
    noted += cost(name);
    if (!dialect.lenient && seen.size() > MOST_MEMBERS) {
      fail("more members than any message has");
    }
  }

  private static int cost(String name) {
    return BYTES_OF_A_NOTED_KEY + 2 * name.length();
  }

  /** A number or literal is about to be written; false if none may stand here. */
  boolean beginValue(Kind begun) {
    if (fault != null) {
      return false;
    }
    if (!grammar.wants(Grammar.VALUE)) {
      fail(grammar.fault());
      return false;
    }
    if (grammar.depth == 0) {
      kind = begun;
    } else if (grammar.depth == 1) {
      memberKind = begun;
      valueStart = length;
      if (!grammar.objects[0]) {
        memberKey = "";
        memberStart = length;
      }
    }
    return true;
  }

  /** The number, literal, string, object or array that was begun is complete. */
  void endValue() {
    if (fault != null) {
      return;
    }
    grammar.want = Grammar.COMMA | Grammar.CLOSE;
    if (grammar.depth == 1 && (members.size() < MOST_MEMBERS || memberKey.equals("id"))) {
      members.add(new Member(memberKey, memberKind, memberStart, valueStart, length));
    }
  }

  void write(int b) {
    if (room(1)) {
      text[length++] = (byte) b;
    }
  }

  private void separate(char separator) {
    write(separator);
    if (dialect.spaced) {
      write(' ');
    }
  }

  void write(String ascii) {
    for (int i = 0; i < ascii.length(); i++) {
      write(ascii.charAt(i));
    }
  }

  /** Copies a run, mostly a short one, and writes a blank behind it. */
  void writeSpaced(byte[] bytes, int from, int count) {
    if (room(count + 1)) {
      for (int i = 0; i < count; i++) {
        text[length + i] = bytes[from + i];
      }
      length += count;
      text[length++] = ' ';
    }
  }

  /** Writes {@code \\uXXXX} for a UTF-16 code unit. */
  void writeEscape(int unit) {
    if (room(6)) {
      text[length] = '\\';
      text[length + 1] = 'u';
      text[length + 2] = DIGITS[unit >> 12 & 0xf];
      text[length + 3] = DIGITS[unit >> 8 & 0xf];
      text[length + 4] = DIGITS[unit >> 4 & 0xf];
      text[length + 5] = DIGITS[unit & 0xf];
      length += 6;
    }
  }

  /** Whether the string that is being written is a key that must be known. */
  boolean noting() {
    return noting;
  }

  /** Copies a run of plain ASCII of the string that is being written. */
  void write(byte[] bytes, int from, int count) {
    if (!room(count)) {
      return;
    }
    System.arraycopy(bytes, from, text, length, count);
    length += count;
    if (noting) {
      key.append(Ascii.text(bytes, from, from + count));
    }
  }

  private boolean room(int more) {
    if (fault != null || tooLong) {
      return false;
    }
    if (length + more > limit) {
      tooLong = true;
      return false;
    }
    if (length + more > text.length) {
      text = Arrays.copyOf(text, capacity(length + more));
    }
    return true;
  }

  private int capacity(int wanted) {
    boolean known = expected >= wanted && expected > KEPT_BETWEEN_MESSAGES;
    boolean worthIt = expected - text.length >= text.length / 4;
    int more = known && worthIt ? expected : Math.max(wanted, 2 * text.length);
    // Four times at most: a hostile QEMU pays for what it makes us take.
    int likely =
        dialect.spaced && wanted > KEPT_BETWEEN_MESSAGES ? (int) Math.min(usual, 4L * wanted) : 0;
    return Math.min(limit, Math.max(more, likely));
  }
}
