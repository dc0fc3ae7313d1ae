package org.qmpkit.protocol;

import java.time.Duration;

/**
 * How much one monitor and its clients may hold, and for how long.
 *
 * @param clientMessage the most canonical bytes of one message of a client, and of all of its
 *     commands that wait; 1 MiB
 * @param qemuMessage the most canonical bytes of one message of QEMU; 10 MiB, as libvirt and
 *     qemu.qmp
 * @param queued the most commands of one client that wait, after which its input is not read; 64
 * @param highWater the bytes in one outbox past which that client is neither read nor served; 1 MiB
 * @param hardLimit the bytes in one outbox that no event may pass; the client is cut; 4 MiB
 * @param stall how long a client past its high water may make no progress; 10 s
 * @param unnegotiated how many greeted clients may not have negotiated; past it the oldest is cut
 *     that had a second to; 32
 * @param silence how long QEMU may neither greet nor answer the fence, and how long commands nobody
 *     waits for may keep others waiting, before the monitor counts as busy; 5 s
 * @param reply the bytes of the longest answer or event that clients are passed, for those that
 *     take no more; an answer that is longer becomes an error; 0, as by default, for no such limit
 * @param deadlines how long a command may take; by default for ever
 * @param history the most events that are kept for subscribers that come back; 4,096
 * @param historyBytes the most bytes that these may take, no more than one outbox may; 1 MiB
 */
public record Limits(
    int clientMessage,
    int qemuMessage,
    int queued,
    int highWater,
    int hardLimit,
    Duration stall,
    int unnegotiated,
    Duration silence,
    int reply,
    Deadlines deadlines,
    int history,
    int historyBytes) {
  /**
   * How long a client may take to negotiate however many there are, so that a burst of them can.
   */
  static final Duration TO_NEGOTIATE = Duration.ofSeconds(1);

  /** The values named above. */
  public static final Limits DEFAULT =
      new Limits(
          1 << 20,
          10 << 20,
          64,
          1 << 20,
          4 << 20,
          Duration.ofSeconds(10),
          32,
          Duration.ofSeconds(5),
          0,
          Deadlines.NONE,
          4096,
          1 << 20);

  /**
   * Limits that are possible.
   *
   * @throws IllegalArgumentException if one is not: it says which, and what it may be
   */
  public Limits {
    positive("clientMessage", clientMessage, "bytes");
    positive("qemuMessage", qemuMessage, "bytes");
    positive("queued", queued, "commands");
    positive("highWater", highWater, "bytes");
    positive("unnegotiated", unnegotiated, "clients");
    positive("stall", stall.toNanos(), "nanoseconds");
    positive("silence", silence.toNanos(), "nanoseconds");
    positive("history", history, "events");
    positive("historyBytes", historyBytes, "bytes");
    if (reply < 0) {
      throw new IllegalArgumentException("reply (" + reply + ") must not be negative, in bytes");
    }
    if (hardLimit < highWater) {
      throw new IllegalArgumentException(
          "hardLimit (" + hardLimit + ") must be at least highWater (" + highWater + "), in bytes");
    }
    if (historyBytes > hardLimit) {
      throw new IllegalArgumentException(
          "historyBytes (" + historyBytes + ") must be at most hardLimit (" + hardLimit + ")");
    }
  }

  /** Whether clients may be sent a line of QEMU's. */
  boolean passes(Line line) {
    return reply == 0 || line.size() <= reply;
  }

  private static void positive(String name, long value, String unit) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " (" + value + ") must be positive, in " + unit);
    }
  }

  /** These limits with others for the size of one message of a client and of QEMU, in bytes. */
  public Limits withMessages(int client, int qemu) {
    return new Limits(
        client,
        qemu,
        queued,
        highWater,
        hardLimit,
        stall,
        unnegotiated,
        silence,
        reply,
        deadlines,
        history,
        historyBytes);
  }

  /** These limits with another for the length of an answer or event, in bytes. */
  public Limits withReply(int most) {
    return new Limits(
        clientMessage,
        qemuMessage,
        queued,
        highWater,
        hardLimit,
        stall,
        unnegotiated,
        silence,
        most,
        deadlines,
        history,
        historyBytes);
  }

  /** These limits with others for the time that commands take. */
  public Limits withDeadlines(Deadlines others) {
    return new Limits(
        clientMessage,
        qemuMessage,
        queued,
        highWater,
        hardLimit,
        stall,
        unnegotiated,
        silence,
        reply,
        others,
        history,
        historyBytes);
  }

  /** These limits with others for the events that are kept, in number and bytes. */
  public Limits withHistory(int events, int bytes) {
    return new Limits(
        clientMessage,
        qemuMessage,
        queued,
        highWater,
        hardLimit,
        stall,
        unnegotiated,
        silence,
        reply,
        deadlines,
        events,
        bytes);
  }
}
