package org.qmpkit.protocol;

/**
 * One number: takes its bytes and gives them to a {@link Composer} as they are. Where it ends is
 * seen at the byte after it.
 *
 * <p>QEMU's lexer knows no exponent right behind a lone zero (json-lexer.c). What is for QEMU is
 * held to that; what QEMU writes is not.
 */
final class NumberText {
  /** What a byte was to the number. */
  enum Took {
    /** Part of it. */
    IT,
    /** What stands behind it, and is not taken. */
    NOTHING,
    /** What no number can go on with. */
    STRAY
  }

  private enum State {
    SIGN,
    ZERO,
    DIGITS,
    MANTISSA,
    MANTISSA_DIGITS,
    EXP_E,
    EXP_SIGN,
    EXP_DIGITS
  }

  private final Composer out;
  private final boolean lenient;
  private State state = State.SIGN;

  NumberText(Composer out, boolean lenient) {
    this.out = out;
    this.lenient = lenient;
  }

  /** Begins one with its first byte, a digit or a minus. */
  void begin(int b) {
    take(b, b == '-' ? State.SIGN : b == '0' ? State.ZERO : State.DIGITS);
  }

  /**
   * Takes the digits that come next, where any number of them may.
   *
   * @return where they end
   */
  int run(byte[] bytes, int from, int to) {
    if (state != State.DIGITS && state != State.MANTISSA_DIGITS && state != State.EXP_DIGITS) {
      return from;
    }
    int at = Ascii.digits(bytes, from, to);
    out.write(bytes, from, at - from);
    return at;
  }

  /** Takes one byte. */
  Took take(int b) {
    boolean exponent = Ascii.isExponent(b);
    return switch (state) {
      case SIGN -> digit(b, State.ZERO, State.DIGITS);
      case ZERO -> {
        if (Ascii.isDigit(b)) {
          yield Took.STRAY;
        }
        yield fractionOr(b, exponent && !lenient);
      }
      case DIGITS -> Ascii.isDigit(b) ? take(b, State.DIGITS) : fractionOr(b, exponent);
      case MANTISSA -> digit(b, State.MANTISSA_DIGITS, State.MANTISSA_DIGITS);
      case MANTISSA_DIGITS ->
          Ascii.isDigit(b)
              ? take(b, State.MANTISSA_DIGITS)
              : exponent ? take(b, State.EXP_E) : Took.NOTHING;
      case EXP_E ->
          b == '-' || b == '+'
              ? take(b, State.EXP_SIGN)
              : digit(b, State.EXP_DIGITS, State.EXP_DIGITS);
      case EXP_SIGN -> digit(b, State.EXP_DIGITS, State.EXP_DIGITS);
      case EXP_DIGITS -> Ascii.isDigit(b) ? take(b, State.EXP_DIGITS) : Took.NOTHING;
    };
  }

  /** Takes what may stand behind the digits before the point. */
  private Took fractionOr(int b, boolean exponent) {
    if (b == '.') {
      return take(b, State.MANTISSA);
    }
    return exponent ? take(b, State.EXP_E) : Took.NOTHING;
  }

  private Took digit(int b, State zero, State other) {
    return Ascii.isDigit(b) ? take(b, b == '0' ? zero : other) : Took.STRAY;
  }

  private Took take(int b, State next) {
    out.write(b);
    state = next;
    return Took.IT;
  }
}
