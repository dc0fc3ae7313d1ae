package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How fast a job is, by how far it was at some moments of the last five seconds. It tells what is
 * left and never a share of the whole, which would go backwards where the guest writes.
 */
final class Pace {
  private static final long WINDOW = Duration.ofSeconds(5).toNanos();

  /** So long it takes until anything can be said of where it leads. */
  private static final long SOON = Duration.ofSeconds(2).toNanos();

  /** Of what is sent; the rates are not of the very same seconds. */
  private static final double NEARLY = 0.9;

  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");

  private record Moment(long nanos, JobState state) {}

  private final ArrayDeque<Moment> moments = new ArrayDeque<>();

  /**
   * One more look at it.
   *
   * @param nanos when, by any clock that does not go backwards
   */
  void add(long nanos, JobState state) {
    moments.add(new Moment(nanos, state));
    while (moments.size() > 2 && nanos - moments.getFirst().nanos() > WINDOW) {
      moments.remove();
    }
  }

  /** How much is done in a second; 0 if that can't be said yet. */
  double rate() {
    return perSecond(moments.getLast().state().done() - moments.getFirst().state().done());
  }

  /** How much less is left after a second; negative if more is. */
  double progress() {
    return perSecond(
        moments.getFirst().state().remaining() - moments.getLast().state().remaining());
  }

  /** Between the first look and the last; nothing can be said of speed where that is 0. */
  private long nanos() {
    return moments.getLast().nanos() - moments.getFirst().nanos();
  }

  private double perSecond(long difference) {
    long nanos = nanos();
    return nanos <= 0 ? 0 : (double) difference * 1e9 / nanos;
  }

  /**
   * Whether it does not come nearer to its end. A migration does not where from the second pass on
   * the guest dirties as much as is sent, or nearly; another job where after two seconds no less is
   * left, though something was done.
   */
  boolean diverges() {
    JobState now = moments.getLast().state();
    if (now.rests() || now.remaining() == 0 || rate() <= 0) {
      return false;
    }
    if (now.pass() > 0) {
      return now.pass() > 1 && now.dirtied() >= NEARLY * rate();
    }
    boolean known = nanos() >= SOON;
    return known && progress() <= 0;
  }

  /** How long it will still take, as it goes now; zero if that can't be said. */
  Duration left() {
    JobState now = moments.getLast().state();
    double speed =
        now.dirtied() > 0 && now.pass() > 1 ? rate() - now.dirtied() : Math.min(rate(), progress());
    if (speed <= 0 || diverges()) {
      return Duration.ZERO;
    }
    double seconds = Math.min(now.remaining() / speed, 1e9);
    return Duration.ofMillis(Math.round(seconds * 1000));
  }

  /** A row for people. */
  String row() {
    JobState now = moments.getLast().state();
    List<String> parts = new ArrayList<>();
    parts.add(Printable.text(now.id()) + " (" + Printable.text(now.kind()) + ")");
    parts.add(Printable.text(now.status()));
    // In front: a narrow terminal cuts the row.
    Duration left = left();
    if (diverges()) {
      parts.add("diverging");
    } else if (!left.isZero() && !now.rests()) {
      parts.add("ETA " + TimeText.people(left));
    }
    parts.add(amount(now.remaining(), now.bytes()) + " remaining");
    parts.add(amount(now.done(), now.bytes()) + " done");
    if (!now.rests() && nanos() > 0) {
      parts.add(amount(Math.round(rate()), now.bytes()) + "/s");
    }
    if (now.dirtied() >= 0 && !now.rests()) {
      parts.add("dirty " + amount(now.dirtied(), now.bytes()) + "/s");
    }
    if (now.pass() > 0) {
      parts.add("pass " + now.pass());
    }
    return String.join("  ", parts);
  }

  /** {@code 1.5 GiB}; without a unit where something else than bytes is counted. */
  static String amount(long count, boolean bytes) {
    if (!bytes) {
      return Long.toString(count);
    }
    double value = (double) count;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.size() - 1) {
      value /= 1024;
      unit++;
    }
    return (unit == 0 || value >= 100
            ? String.format(Locale.ROOT, "%.0f", value)
            : String.format(Locale.ROOT, "%.1f", value))
        + " "
        + UNITS.get(unit);
  }
}
