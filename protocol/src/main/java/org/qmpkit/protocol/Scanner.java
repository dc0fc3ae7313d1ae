package org.qmpkit.protocol;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Document.Kind;

/**
 * Cuts a stream of bytes into JSON messages as QEMU does, and writes each in canonical bytes.
 *
 * <p>Framing is by structure alone (qmp-spec.rst, section "General Definitions"; QEMU's
 * json-lexer.c and json-streamer.c): a message ends when its braces and brackets balance, newline
 * or not, well-formed or not; a scalar ends at the byte after it. A byte that no token can hold
 * ends the message at once, and what follows is skipped up to the next structural character or
 * control character but tab. Any chunking of the same bytes gives the same messages.
 *
 * <p>What passes the limit of bytes, tokens (2 Mi) or nesting (1,024) is answered once, at that
 * point, and the rest of that message is discarded as it streams. Memory is bounded by the limit of
 * bytes. One thread at a time; never blocks.
 */
public final class Scanner {
  /** Tokens in one message, as QEMU's MAX_TOKEN_COUNT. */
  static final int MAX_TOKENS = 2 << 20;

  /** Open braces and brackets in one message, as QEMU's MAX_NESTING. */
  static final int MAX_NESTING = 1024;

  private enum State {
    START,
    RECOVERY,
    STRING,
    KEYWORD,
    NUMBER
  }

  private static final int LONGEST_KEYWORD = 5;

  /**
   * What is copied out of a direct buffer at once, since arrays are scanned several times faster:
   * little enough to stay in the processor's nearest cache. Most messages are shorter than the
   * first.
   */
  private static final int COPY = 8 * 1024;

  private static final int COPY_FIRST = 1024;
  private static final byte[] NOTHING = {};

  private final Dialect dialect;
  private final Composer composer;
  private final StringText string;
  private final NumberText number;
  private final @Nullable Skimmer skimmer;
  private final StringBuilder keyword = new StringBuilder();
  private byte[] copied = NOTHING;
  private byte[] chunk = NOTHING;
  private int at;
  private int end;
  private State state = State.START;
  private int braces;
  private int brackets;
  private int tokens;
  private boolean discarding;
  private boolean faultsAtOnce;

  /**
   * A scanner at the start of a stream.
   *
   * @param limit the most canonical bytes of one message, positive
   */
  public Scanner(Dialect dialect, int limit) {
    this(dialect, limit, false);
  }

  private Scanner(Dialect dialect, int limit, boolean trusted) {
    if (limit <= 0) {
      throw new IllegalArgumentException("limit (" + limit + ") must be positive, in bytes");
    }
    this.dialect = dialect;
    this.composer = new Composer(dialect, limit, trusted);
    this.string = new StringText(composer, dialect.lenient);
    this.number = new NumberText(composer, dialect.lenient);
    this.skimmer = dialect.spaced ? new Skimmer(composer.grammar(), composer) : null;
  }

  /**
   * From here on a fault is told at the token that has it, and not at the end of its message: for a
   * stream of which nothing matters after a fault. The rest of that message is not framed any more.
   */
  void tellFaultsAtOnce() {
    faultsAtOnce = true;
  }

  /**
   * Takes bytes up to the end of one message.
   *
   * @param in the bytes that came next, direct or not; its position moves past what was taken
   * @return the message, or null if the bytes ended first
   */
  public @Nullable Scanned next(ByteBuffer in) {
    Scanned scanned = null;
    int most = COPY_FIRST;
    while (scanned == null && in.hasRemaining()) {
      composer.expect(in.remaining());
      if (in.hasArray()) {
        int base = in.arrayOffset();
        scanned = scan(in.array(), base + in.position(), base + in.limit());
        in.position(at - base);
      } else {
        int from = in.position();
        int count = Math.min(in.remaining(), most);
        if (copied.length < count) {
          copied = new byte[count];
        }
        in.get(from, copied, 0, count);
        scanned = scan(copied, 0, count);
        in.position(from + at);
        most = COPY;
      }
    }
    if (!in.hasRemaining()) {
      composer.expect(0);
      copied = NOTHING;
    }
    return scanned;
  }

  private @Nullable Scanned scan(byte[] bytes, int from, int to) {
    chunk = bytes;
    at = from;
    end = to;
    Scanned scanned = null;
    while (scanned == null && at < end) {
      scanned = step();
      if (scanned == null && overLimit()) {
        scanned = discard("JSON token size limit exceeded");
      }
    }
    chunk = NOTHING; // not to keep the caller's
    return scanned;
  }

  /** About how many bytes it holds of a message that is not complete. */
  int held() {
    return composer.held();
  }

  /** How many bytes came of a message that is not complete, keys counted with what they take. */
  int begun() {
    return composer.begun();
  }

  /** Scans one whole object or array that is part of a document of the same dialect. */
  static Document document(String text, Dialect dialect) {
    Scanner scanner = new Scanner(dialect, Math.max(1, text.length()), true);
    if (scanner.next(ByteBuffer.wrap(Ascii.bytes(text))) instanceof Document document) {
      return document;
    }
    throw new IllegalArgumentException("text must be canonical and an object or array: " + text);
  }

  private boolean overLimit() {
    return composer.tooLong() && !discarding;
  }

  private @Nullable Scanned step() {
    return switch (state) {
      case START -> skim() ? null : start(take());
      case RECOVERY -> {
        int b = take();
        if (resets(b)) {
          state = State.START;
          yield start(b);
        }
        yield null;
      }
      case STRING -> inString();
      case KEYWORD -> {
        int b = take();
        if (b >= 'a' && b <= 'z') {
          if (keyword.length() <= LONGEST_KEYWORD) {
            keyword.append((char) b);
          }
          yield null;
        }
        at--;
        yield endKeyword();
      }
      case NUMBER -> inNumber();
    };
  }

  /** Takes a run of plain tokens, if any comes next that can't be the last of a message. */
  private boolean skim() {
    // What is discarded has a fault, too.
    if (skimmer == null || composer.grammar().depth < 2 || composer.fault() != null) {
      return false;
    }
    // Each byte may be a token, and need a blank after it.
    int count = Math.min(end - at, Math.min(composer.left() / 2, MAX_TOKENS - tokens));
    int from = at;
    at = skimmer.skim(chunk, from, from + count);
    tokens += skimmer.tokens();
    braces += skimmer.braces();
    brackets += skimmer.brackets();
    return at > from;
  }

  private int take() {
    return chunk[at++] & 0xff;
  }

  private @Nullable Scanned start(int b) {
    switch (b) {
      case ' ', '\t', '\r', '\n' -> {
        return null;
      }
      case ',', ':' -> {
        if (b == ',') {
          composer.comma();
        } else {
          composer.colon();
        }
        if (at < end && chunk[at] == ' ') {
          at++; // QEMU's own spacing: not worth a step
        }
        return token();
      }
      case '"' -> {
        return beginString(b);
      }
      case '{', '[' -> {
        boolean object = b == '{';
        braces += object ? 1 : 0;
        brackets += object ? 0 : 1;
        composer.open(object);
        return token();
      }
      case '}', ']' -> {
        boolean object = b == '}';
        braces -= object ? 1 : 0;
        brackets -= object ? 0 : 1;
        composer.close(object);
        return token();
      }
      default -> {
        return startOther(b);
      }
    }
  }

  private @Nullable Scanned startOther(int b) {
    if (Ascii.isDigit(b) || b == '-') {
      composer.beginValue(Kind.NUMBER);
      number.begin(b);
      state = State.NUMBER;
      return null;
    }
    if (b >= 'a' && b <= 'z') {
      keyword.setLength(0);
      keyword.append((char) b);
      state = State.KEYWORD;
      return null;
    }
    return b == '\'' && dialect.lenient ? beginString(b) : stray(b);
  }

  private @Nullable Scanned beginString(int quote) {
    composer.beginString();
    string.begin(quote);
    state = State.STRING;
    return null;
  }

  private @Nullable Scanned inString() {
    at = string.run(chunk, at, end);
    if (at == end || overLimit()) {
      return null;
    }
    int b = take();
    if (b < 0x20 || b >= 0xfe) {
      return stray(b);
    }
    if (!string.take(b)) {
      return null;
    }
    state = State.START;
    composer.endString();
    return token();
  }

  private @Nullable Scanned inNumber() {
    at = number.run(chunk, at, end);
    if (at == end || overLimit()) {
      return null;
    }
    int b = take();
    return switch (number.take(b)) {
      case IT -> null;
      case STRAY -> stray(b);
      case NOTHING -> {
        at--;
        state = State.START;
        composer.endValue();
        yield token();
      }
    };
  }

  private @Nullable Scanned endKeyword() {
    state = State.START;
    if (composer.failed()) {
      return token();
    }
    String word = keyword.toString();
    Kind kind =
        switch (word) {
          case "true", "false" -> Kind.BOOLEAN;
          case "null" -> Kind.NULL;
          default -> null;
        };
    if (kind == null) {
      composer.fail("invalid keyword '" + word + "'");
    } else if (composer.beginValue(kind)) {
      composer.write(word);
      composer.endValue();
    }
    return token();
  }

  /** A token is complete: is its message? */
  private @Nullable Scanned token() {
    if (!discarding) {
      if (++tokens > MAX_TOKENS) {
        return discard("JSON token count limit exceeded");
      }
      if (braces + brackets > MAX_NESTING) {
        return discard("JSON nesting depth limit exceeded");
      }
    }
    String fault = composer.fault();
    boolean open = (braces > 0 || brackets > 0) && braces >= 0 && brackets >= 0;
    if (open && (fault == null || !faultsAtOnce)) {
      return null;
    }
    Scanned whole =
        discarding
            ? null
            : fault != null
                ? new Malformed(fault)
                : composer.tooLong()
                    ? new Malformed("JSON token size limit exceeded")
                    : composer.document();
    forget();
    return whole;
  }

  private Malformed discard(String reason) {
    composer.fail("over a limit");
    discarding = (braces > 0 || brackets > 0) || state != State.START;
    if (!discarding) {
      forget();
    }
    return new Malformed(reason);
  }

  private Malformed stray(int b) {
    forget();
    state = State.RECOVERY;
    return new Malformed(
        b >= 0x20 && b < 0x7f
            ? "JSON parse error, stray '" + (char) b + "'"
            : String.format("JSON parse error, stray '\\x%02x'", b));
  }

  /** Takes what comes next for the start of a message, wherever in one it was. */
  void restart() {
    forget();
    state = State.START;
  }

  /** Forgets the message under way. */
  void forget() {
    composer.reset();
    braces = 0;
    brackets = 0;
    tokens = 0;
    discarding = false;
  }

  /** What ends the skipping after a stray byte: it cannot stand in the middle of UTF-8 text. */
  private static boolean resets(int b) {
    return (b < 0x20 && b != '\t') || b >= 0xfe || "{}[]:,".indexOf(b) >= 0;
  }
}
