package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;

/**
 * The last 1,000 events of a shell, of 16 MiB at most, with when they came and behind which
 * command. Who waits for one finds those, too, that came since the last command was sent. Safe for
 * use by several threads.
 */
final class EventLog {
  static final int KEPT = 1000;

  private static final long HELD = 16 << 20;

  /**
   * An event that came.
   *
   * @param number how many came before it
   * @param nanos when, by {@link System#nanoTime}
   * @param after the command that was sent last before it; null for none
   */
  record Entry(long number, Event event, long nanos, @Nullable String after, int size) {
    /** How long ago it came. */
    Duration age() {
      return Duration.ofNanos(System.nanoTime() - nanos);
    }
  }

  private final ArrayDeque<Entry> entries = new ArrayDeque<>();

  /** Numbers of those, since the last command, that a wait has found already. */
  private final Set<Long> found = new HashSet<>();

  private long held;
  private long count;
  private long mark;
  private @Nullable String command;
  private @Nullable QmpException ending;

  /** How many characters an event holds: its name may be as long as its data. */
  static int size(Event event) {
    return event.name().length() + JsonText.compact(event.data(), Palette.PLAIN).length();
  }

  /** One more came. */
  synchronized void add(Event event) {
    int size = size(event);
    entries.add(new Entry(count++, event, System.nanoTime(), command, size));
    held += size;
    while (entries.size() > KEPT || (held > HELD && entries.size() > 1)) {
      Entry oldest = entries.remove();
      held -= oldest.size();
      found.remove(oldest.number());
    }
    notifyAll();
  }

  /** A command is sent now: what it causes comes behind this. */
  synchronized void sending(String name) {
    command = name;
    mark = count;
    found.clear();
  }

  /** How many have come. */
  synchronized long count() {
    return count;
  }

  /** How many had come when the last command was sent. */
  synchronized long mark() {
    return mark;
  }

  /** Those that are kept, the oldest first. */
  synchronized List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** How many since a number are kept no longer. */
  synchronized long missing(long since) {
    long oldest = entries.isEmpty() ? count : entries.getFirst().number();
    return Math.max(oldest - since, 0);
  }

  /** No more will come, until {@link #resume}. */
  synchronized void end(QmpException why) {
    ending = why;
    notifyAll();
  }

  /** They come again. */
  synchronized void resume() {
    ending = null;
  }

  /**
   * Waits for an event and takes it, so that the next that waits for the like gets another; blocks.
   *
   * @param since how many had come when it could be the first
   * @return null if none came in time
   * @throws QmpException if no more will come
   * @throws InterruptedException if this thread is interrupted
   */
  synchronized @Nullable Entry await(Predicate<Event> wanted, long since, Deadline deadline)
      throws QmpException, InterruptedException {
    long next = since;
    while (true) {
      for (Entry each : entries) {
        if (each.number() >= next && wanted.test(each.event()) && found.add(each.number())) {
          return each;
        }
      }
      next = count;
      if (ending != null) {
        throw ending;
      }
      if (deadline.passed()) {
        return null;
      }
      long millis = deadline.atMost(Duration.ofHours(1)).plusMillis(1).toMillis();
      TimeUnit.MILLISECONDS.timedWait(this, millis);
    }
  }
}
