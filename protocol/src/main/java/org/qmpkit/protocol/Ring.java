package org.qmpkit.protocol;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The newest events of one route, numbered as they came, for subscribers that come back. What is
 * too much costs the oldest.
 */
final class Ring {
  private final long epoch;
  private final int most;
  private final int mostBytes;
  private final Backlog backlog;
  private final ArrayDeque<Kept> kept = new ArrayDeque<>();
  private long bytes;

  /** The number of the newest event. */
  private long last;

  /** The number of the newest event that is kept no more, and of the newest gap of these. */
  private long gone;

  private long goneGap;

  Ring(long epoch, int most, int mostBytes, Backlog backlog) {
    this.epoch = epoch;
    this.most = most;
    this.mostBytes = mostBytes;
    this.backlog = backlog;
    backlog.join(this);
  }

  /** Where the newest event stands. */
  Cursor newest() {
    return new Cursor(epoch, last);
  }

  /** About what it takes in memory, in bytes. */
  long bytes() {
    return bytes;
  }

  /** Numbers an event of QEMU's and keeps it. */
  Kept add(Message.Event event) {
    last++;
    Line line = event.document().lineWith(Cursor.MEMBER, JsonString.quote(newest().toString()));
    return keep(new Kept(last, event.shortName(), line, false));
  }

  /**
   * Notes that there may have been events which nobody here knows of. A gap right behind another
   * one takes its place.
   */
  Kept gap(String reason) {
    Kept newest = kept.peekLast();
    if (newest != null && newest.gap()) {
      weigh(-kept.removeLast().weight());
    }
    last++;
    return keep(Kept.gap(newest(), reason, 0));
  }

  private Kept keep(Kept event) {
    kept.add(event);
    weigh(event.weight());
    while (kept.size() > most || bytes > mostBytes) {
      drop();
    }
    backlog.settleRings();
    return event;
  }

  private void drop() {
    Kept oldest = kept.remove();
    weigh(-oldest.weight());
    gone = oldest.number();
    goneGap = oldest.gap() ? gone : goneGap;
  }

  private void weigh(long more) {
    bytes += more;
    backlog.keep(more);
  }

  /** Drops the oldest quarter of what it holds, so that all routes together hold less. */
  void shrink() {
    dropTo(bytes / 4 * 3);
  }

  /** Drops everything, for good. */
  void end() {
    dropTo(0);
    backlog.leave(this);
  }

  private void dropTo(long target) {
    while (bytes > target) {
      drop();
    }
  }

  /** Whether a cursor is of this life of this route, and yet none that it has given. */
  boolean isAhead(Cursor cursor) {
    return cursor.epoch() == epoch && cursor.number() > last;
  }

  /**
   * All that happened behind a cursor, as a subscriber gets it: first of all what is lost, if
   * something is.
   */
  List<Kept> since(Cursor cursor) {
    List<Kept> all = new ArrayList<>();
    boolean ours = cursor.epoch() == epoch;
    long number = ours ? cursor.number() : 0;
    Cursor start = new Cursor(epoch, gone);
    if (!ours) {
      all.add(Kept.gap(start, "the cursor is of another route, or of an earlier helper", 0));
    } else if (number < gone) {
      all.add(
          Kept.gap(start, "more has happened than is kept", goneGap > number ? 0 : gone - number));
    }
    kept.stream().filter(each -> each.number() > number).forEach(all::add);
    return all;
  }
}
