package org.qmpkit.protocol;

/**
 * An event as subscribers get it.
 *
 * @param number its place among the events of its route
 * @param name what filters go by
 * @param line the event with its cursor
 * @param gap whether it stands for events that nobody here knows of; every subscriber is told
 */
record Kept(long number, String name, Line line, boolean gap) {
  /** About what it takes besides its characters, in bytes: five objects and a place in a queue. */
  private static final int BESIDES = 160;

  /** The local event that tells of a gap, by QAPI's rule for downstream names. */
  private static final String LOST = "__ORG.QMPKIT_LOST";

  /**
   * Word of a gap, at the time that QMP has for one that is not known.
   *
   * @param at where the events behind it begin
   * @param reason why, in words
   * @param events how many are missing; 0 if that is not known
   */
  static Kept gap(Cursor at, String reason, long events) {
    String count = events == 0 ? "" : "\"events\": " + events + ", ";
    Line line =
        Line.of(
            "{\"timestamp\": {\"seconds\": -1, \"microseconds\": -1}, \"event\": \""
                + LOST
                + "\", \"data\": {"
                + count
                + "\"reason\": "
                + JsonString.quote(reason)
                + "}, \""
                + Cursor.MEMBER
                + "\": \""
                + at
                + "\"}\r\n");
    return new Kept(at.number(), LOST, line, true);
  }

  /** About what it takes in memory, in bytes; no less than it has on the wire. */
  int weight() {
    return line.held() + 2 * name.length() + BESIDES;
  }
}
