package org.qmpkit.protocol;

/** Which JSON a {@link Scanner} accepts, and how it spells what it accepted. */
public enum Dialect {
  /**
   * What QEMU's own parser takes: RFC 8259 plus single-quoted strings, the escape {@code \'} and
   * modified UTF-8 ({@code C0 80} for NUL), minus Unicode noncharacters; duplicate keys are an
   * error at every depth. Canonical text has no white space at all, because QEMU reads about 100
   * KB/s.
   */
  QEMU_INPUT(true, false),

  /**
   * RFC 8259 and nothing else, as QEMU emits it; duplicate keys are an error at the top level, and
   * so are more than 1,024 of them. Canonical text is spaced as QEMU spaces it, so what QEMU sends
   * on one ASCII line passes unchanged.
   */
  QEMU_OUTPUT(false, true);

  final boolean lenient;
  final boolean spaced;

  Dialect(boolean lenient, boolean spaced) {
    this.lenient = lenient;
    this.spaced = spaced;
  }
}
