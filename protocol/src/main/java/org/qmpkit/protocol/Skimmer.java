package org.qmpkit.protocol;

import static org.qmpkit.protocol.Grammar.CLOSE;
import static org.qmpkit.protocol.Grammar.COLON;
import static org.qmpkit.protocol.Grammar.COMMA;
import static org.qmpkit.protocol.Grammar.KEY;
import static org.qmpkit.protocol.Grammar.VALUE;

/**
 * The fast half of a {@link Scanner} of {@link Dialect#QEMU_OUTPUT}: takes whole tokens of what is
 * nested in a message, as long as they are plain, and hands their text on in runs.
 *
 * <p>It does nothing that the scanner's own steps don't do to the same bytes: at the first token
 * that is cut off by the end of the bytes, or is in any way unusual, it leaves the rest to them.
 * Members of the message itself are left to them too.
 */
final class Skimmer {
  private static final int END_OF_VALUE = COMMA | CLOSE;

  private final Grammar grammar;
  private final Composer out;
  private int tokens;
  private int braces;
  private int brackets;

  Skimmer(Grammar grammar, Composer out) {
    this.grammar = grammar;
    this.out = out;
  }

  /** How many tokens the last call took. */
  int tokens() {
    return tokens;
  }

  /** How many more braces than before the last call are open after it. */
  int braces() {
    return braces;
  }

  /** How many more brackets than before the last call are open after it. */
  int brackets() {
    return brackets;
  }

  /**
   * Takes what it can, between two tokens of a message without a fault so far.
   *
   * @return where it stopped, also between two tokens
   */
  int skim(byte[] in, int from, int to) {
    tokens = 0;
    braces = 0;
    brackets = 0;
    int at = from;
    int run = from; // where the text begins that is canonical as it came and not handed on yet
    int want = grammar.want;
    boolean inObject = grammar.inObject();
    scan:
    while (at < to) {
      int b = in[at];
      switch (b) {
        case '"' -> {
          int end = (want & (KEY | VALUE)) == 0 ? -1 : endOfString(in, at + 1, to);
          if (end < 0) {
            break scan;
          }
          at = end;
          want = (want & KEY) != 0 ? COLON : END_OF_VALUE;
        }
        case ':', ',' -> {
          if ((want & (b == ':' ? COLON : COMMA)) == 0 || at + 1 == to) {
            break scan;
          }
          at++;
          if (in[at] == ' ') {
            at++;
          } else {
            out.writeSpaced(in, run, at - run);
            run = at;
          }
          want = b == ':' || !inObject ? VALUE : KEY;
        }
        case '{', '[' -> {
          if ((want & VALUE) == 0 || grammar.depth == Scanner.MAX_NESTING) {
            break scan;
          }
          at++;
          if (at < to && in[at] == b + ('}' - '{')) { // an empty one; ']' - '[' is the same
            at++;
            tokens++;
            want = END_OF_VALUE;
          } else {
            inObject = b == '{';
            grammar.open(inObject);
            count(inObject, 1);
            want = grammar.want;
          }
        }
        case '}', ']' -> {
          if ((want & CLOSE) == 0 || grammar.depth == 2 || inObject != (b == '}')) {
            break scan;
          }
          count(inObject, -1);
          grammar.depth--;
          inObject = grammar.inObject();
          want = END_OF_VALUE;
          at++;
        }
        case ' ', '\t', '\r', '\n' -> {
          out.write(in, run, at - run);
          at = endOfSpace(in, at + 1, to);
          run = at;
          continue scan;
        }
        default -> {
          int end = (want & VALUE) == 0 ? -1 : endOfScalar(in, at, to);
          if (end < 0) {
            break scan;
          }
          at = end;
          want = END_OF_VALUE;
        }
      }
      tokens++;
      // What follows most tokens, without a turn of its own.
      if (to - at > 2 && in[at + 1] == ' ' && in[at] == (want == COLON ? ':' : ',')) {
        if (want == COLON || want == END_OF_VALUE) {
          want = want == COLON || !inObject ? VALUE : KEY;
          at += 2;
          tokens++;
        }
      }
    }
    grammar.want = want;
    out.write(in, run, at - run);
    return at;
  }

  private void count(boolean brace, int more) {
    if (brace) {
      braces += more;
    } else {
      brackets += more;
    }
  }

  /** Where a string of ASCII and valid escapes ends, past its quote; negative if it is none. */
  private static int endOfString(byte[] in, int from, int to) {
    int at = Ascii.shortPlain(in, from, to);
    if (at >= 0 && in[at] == '"') {
      return at + 1;
    }
    at = Ascii.plain(in, from, to);
    while (at < to && in[at] == '\\') {
      int end = Ascii.endOfEscapes(in, at, to);
      at = end == at ? to : Ascii.plain(in, end, to);
    }
    return at < to && in[at] == '"' ? at + 1 : -1;
  }

  private static int endOfSpace(byte[] in, int from, int to) {
    int at = from;
    while (at < to && (in[at] == ' ' || in[at] == '\t' || in[at] == '\r' || in[at] == '\n')) {
      at++;
    }
    return at;
  }

  /** Where a number or literal ends that more bytes follow; negative if it is none. */
  private static int endOfScalar(byte[] in, int from, int to) {
    return switch (in[from]) {
      case 't' -> endOfLiteral(in, from, to, "true");
      case 'f' -> endOfLiteral(in, from, to, "false");
      case 'n' -> endOfLiteral(in, from, to, "null");
      default -> endOfNumber(in, from, to);
    };
  }

  private static int endOfLiteral(byte[] in, int from, int to, String literal) {
    int end = from + literal.length();
    if (end >= to || (in[end] >= 'a' && in[end] <= 'z')) {
      return -1;
    }
    for (int i = 1; i < literal.length(); i++) {
      if (in[from + i] != literal.charAt(i)) {
        return -1;
      }
    }
    return end;
  }

  private static int endOfNumber(byte[] in, int from, int to) {
    int at = in[from] == '-' ? from + 1 : from;
    int end = Ascii.digits(in, at, to);
    if (end == at || (in[at] == '0' && end > at + 1)) {
      return -1;
    }
    if (end < to && in[end] == '.') {
      at = end + 1;
      end = Ascii.digits(in, at, to);
      if (end == at) {
        return -1;
      }
    }
    if (end < to && Ascii.isExponent(in[end])) {
      at = end + 1;
      at += at < to && (in[at] == '+' || in[at] == '-') ? 1 : 0;
      end = Ascii.digits(in, at, to);
      if (end == at) {
        return -1;
      }
    }
    return end < to ? end : -1;
  }
}
