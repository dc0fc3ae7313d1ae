package org.qmpkit.shell;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.client.Event;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.Subscription;

/**
 * Brings events to the screen while a person types, or keeps them while they are muted. Safe for
 * use by several threads.
 */
final class EventPump {
  /** As many are kept; the oldest goes first. */
  static final int KEPT = 1024;

  /** And no more of them than have so many characters together. */
  private static final long HELD = 16 << 20;

  /**
   * An event that waits to be asked for.
   *
   * @param size how many characters it holds
   */
  private record Kept(Event event, int size) {}

  /** As many are taken at a time, which is more than wait: QEMU may be faster than a screen. */
  private static final int TAKEN = 4096;

  /** As many are shown in one piece: the prompt is drawn anew once for all of them. */
  private static final int AT_ONCE = 100;

  private final Consumer<List<Event>> show;
  private final BiConsumer<Subscription, QmpException> ended;
  private final EventLog log;
  private final ArrayDeque<Kept> kept = new ArrayDeque<>();
  private EventChoice choice = EventChoice.ALL;
  private long held;
  private boolean muted;
  private long dropped;

  /** How many were lost just before such as are not shown. */
  private long hidden;

  /**
   * A pump that has no source yet.
   *
   * @param log where all are remembered
   * @param show shows some, in order
   * @param ended hears of the end of a source
   */
  EventPump(
      EventLog log, Consumer<List<Event>> show, BiConsumer<Subscription, QmpException> ended) {
    this.log = log;
    this.show = show;
    this.ended = ended;
  }

  /** Pumps from a source until that ends. */
  void follow(Subscription source) {
    Thread.ofPlatform().daemon().name("qmp events").start(() -> run(source));
  }

  private void run(Subscription source) {
    try {
      while (source.await(QmpOptions.FOREVER)) {
        drain(source);
      }
    } catch (QmpException e) {
      ended.accept(source, e);
    } catch (InterruptedException e) {
      // Nobody interrupts it.
    }
  }

  /** Shows, or keeps, what has come so far: an answer is not to be seen before what led to it. */
  synchronized void drain(Subscription source) {
    // What was kept came first, also where it was unmuted this moment.
    List<Event> some = muted ? new ArrayList<>() : kept();
    Event event;
    for (int i = 0; i < TAKEN && (event = take(source)) != null; i++) {
      log.add(event);
      if (!choice.test(event)) {
        hidden += event.lost();
        continue;
      }
      if (hidden > 0) {
        event = new Event(event.name(), event.data(), event.time(), event.lost() + hidden);
        hidden = 0;
      }
      if (muted) {
        keep(event);
        continue;
      }
      some.add(event);
      if (some.size() == AT_ONCE) {
        show.accept(some);
        some = new ArrayList<>();
      }
    }
    if (!some.isEmpty()) {
      show.accept(some);
    }
  }

  private static @Nullable Event take(Subscription source) {
    try {
      return source.next(Duration.ZERO).orElse(null);
    } catch (QmpException e) {
      return null; // whoever waits for the source hears of it; or it was one that can't be read
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  private void keep(Event event) {
    Kept added = new Kept(event, EventLog.size(event));
    held += added.size();
    while (!kept.isEmpty() && (kept.size() == KEPT || held > HELD)) {
      Kept oldest = kept.remove();
      held -= oldest.size();
      dropped += 1 + oldest.event().lost();
    }
    kept.add(added);
  }

  /** Keeps events from here on, or shows them. */
  synchronized void mute(boolean on) {
    muted = on;
  }

  /** From here on shows only these, or keeps them to be shown. */
  synchronized void choose(EventChoice which) {
    choice = which;
  }

  /** Which are shown. */
  synchronized EventChoice choice() {
    return choice;
  }

  /** Takes what was kept. */
  synchronized List<Event> kept() {
    List<Event> taken = new ArrayList<>();
    kept.forEach(each -> taken.add(each.event()));
    kept.clear();
    held = 0;
    return taken;
  }

  /** How many were kept no longer since this was asked last. */
  synchronized long dropped() {
    long count = dropped;
    dropped = 0;
    return count;
  }
}
