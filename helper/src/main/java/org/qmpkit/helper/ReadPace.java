package org.qmpkit.helper;

/**
 * How fast a QEMU is read that says what nobody asked for: so much a second, and a longest message
 * more at once. Answers to clients count for nothing, since who waits for them asks for no more
 * than its share. A hostile QEMU could else keep the loop, and a processor of the host, busy with
 * events.
 *
 * <p>Times are nanoseconds of the loop.
 */
final class ReadPace {
  /**
   * What is read at once of who has said a lot already, so that the turns of others come sooner.
   */
  static final int PORTION = 64 * 1024;

  private static final int LOT = 1 << 20;
  private static final long SECOND = 1_000_000_000;

  private final long perSecond;
  private final long most;
  private long counted;
  private long level;
  private long at;

  /**
   * A pace for a QEMU of which nothing was heard yet.
   *
   * @param perSecond bytes a second, positive
   * @param longest the longest message of QEMU, in bytes: what is not complete may be an answer
   */
  ReadPace(int perSecond, int longest, long now) {
    this.perSecond = perSecond;
    this.most = (long) longest + perSecond;
    this.at = now;
  }

  /** How many bytes to read at once, of so many that there is room for. */
  int portion(int room) {
    return level > LOT ? Math.min(room, PORTION) : room;
  }

  /**
   * Takes note of what was heard.
   *
   * @param unasked how many bytes nobody asked for, since the beginning
   * @return for how long QEMU is not to be read, 0 if it may be
   */
  long heard(long unasked, long now) {
    long worn = Math.min(level, (long) ((double) (now - at) / SECOND * perSecond));
    level = Math.max(0, level - worn + unasked - counted);
    counted = unasked;
    at = now;
    return level <= most ? 0 : (long) ((double) (level - most + PORTION) / perSecond * SECOND);
  }
}
