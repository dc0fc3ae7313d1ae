package org.qmpkit.protocol;

import java.util.function.LongSupplier;

/**
 * How a shared monitor and its clients are at the moment, for who asks: status, metrics, and the
 * pace at which QEMU is read. On the broker's thread; times are of its clock.
 */
public final class Gauges {
  private final Limits limits;
  private final UpstreamState state;
  private final Traffic traffic;
  private final Audience audience;
  private final LongSupplier droppedNow;
  private long dropped;
  private long unasked;

  /**
   * Of a broker's parts.
   *
   * @param droppedNow how many messages the present session has dropped
   */
  Gauges(
      Limits limits,
      UpstreamState state,
      Traffic traffic,
      Audience audience,
      LongSupplier droppedNow) {
    this.limits = limits;
    this.state = state;
    this.traffic = traffic;
    this.audience = audience;
    this.droppedNow = droppedNow;
  }

  /** A session is over that has dropped so many messages. */
  void ended(long dropped) {
    this.dropped += dropped;
  }

  /** QEMU has said so many bytes. */
  void said(int bytes) {
    unasked += bytes;
  }

  /** So many of them somebody has waited for. */
  void asked(int bytes) {
    unasked -= bytes;
  }

  /**
   * How many bytes QEMU has said so far that no client waited for: events, answers to nobody, and
   * what of a message is not complete.
   */
  public long unasked() {
    return unasked;
  }

  /** How the connection to QEMU stands. */
  public Standing standing(long now) {
    return state.standing(now, limits.silence().toNanos(), traffic.inFlight());
  }

  /** How many clients are connected. */
  public int clients() {
    return audience.size();
  }

  /** How many commands wait for their turn. */
  public int queued() {
    return audience.all().stream().mapToInt(traffic::queued).sum();
  }

  /** How many commands QEMU has not answered. */
  public int inFlight() {
    return traffic.inFlight().size();
  }

  /** Since when the oldest of them is with QEMU, in nanoseconds; 0 if there is none. */
  public long oldest(long now) {
    return traffic.inFlight().stream().mapToLong(each -> now - each.at()).findFirst().orElse(0);
  }

  /** How many messages of QEMU were nobody's. */
  public long dropped() {
    return dropped + droppedNow.getAsLong();
  }

  /** How many clients are behind; stalled ones, or the others. */
  public int behind(boolean stalled) {
    return audience.behind(stalled);
  }

  /** What the upstream does and who waits for what, as a canonical JSON object. */
  public String status(long now) {
    return state.describe(
        now,
        limits.silence().toNanos(),
        traffic.inFlight(),
        queued(),
        clients(),
        audience.behind(now),
        dropped());
  }
}
