package org.qmpkit.client;

import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.qmpkit.protocol.Message;
import tools.jackson.core.JacksonException;

/**
 * The events that match a filter, in QEMU's order, from {@link QmpClient#subscribe} on.
 *
 * <p>It holds as many as its {@link EventFilter#capacity}, and no more than 16 MiB of them. Past
 * that the oldest is dropped, never the newest, and {@link Event#lost} tells where and how many: a
 * reader that is too slow holds up nobody. One that {@link QmpClient#follow} gave has cursors, room
 * for what is replayed besides, and in its place an event {@code __ORG.QMPKIT_LOST} where the
 * helper could not tell all. Safe for use by several threads; each event goes to one of them.
 */
public final class Subscription implements Iterable<Event>, AutoCloseable {
  /** Events may be of any length that a message may have; bytes. */
  private static final long HELD = 16 << 20;

  /** As many old events as a helper keeps by default, and word that there were more. */
  private static final int MOST_REPLAYED = 4096 + 1;

  private static final String LOST = "__ORG.QMPKIT_LOST";

  private final Connection connection;
  private final EventFilter filter;
  private final ArrayDeque<Message.Event> waiting = new ArrayDeque<>();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private long held;
  private long dropped;
  private long lost;
  private int capacity;
  private @Nullable String cursor;
  private @Nullable String newest;
  private @Nullable Ending ending;
  private boolean closed;

  /**
   * A subscription that hears nothing yet.
   *
   * @param since the cursor that it begins at, or null
   */
  Subscription(Connection connection, EventFilter filter, @Nullable String since) {
    this.connection = connection;
    this.filter = filter;
    capacity = filter.capacity();
    cursor = since;
  }

  /** A helper gives it cursors from here on. On the loop. */
  synchronized void begin(String at, int replayed) {
    newest = at;
    capacity += Math.min(replayed, MOST_REPLAYED);
    if (replayed == 0) {
      cursor = at;
    }
  }

  /**
   * Where it stands: behind the last event that {@link #next} gave, and those behind it that did
   * not match the filter. What {@link QmpClient#follow(EventFilter, String)} takes to go on from
   * there, on another connection too.
   *
   * @return empty unless the subscription comes of {@link QmpClient#follow}
   */
  public synchronized Optional<String> cursor() {
    return Optional.ofNullable(cursor);
  }

  /**
   * The next event, when it comes; blocks.
   *
   * @param timeout how long to wait; {@link QmpOptions#FOREVER} for no limit, zero to look only
   * @return empty if none came in time, or if the subscription is closed
   * @throws Disconnected if all events of a connection that is over have been taken
   * @throws ProtocolViolation if the connection is over because of one, or the event is one
   * @throws InterruptedException if this thread is interrupted while it waits
   * @throws IllegalStateException if called where the client's loop runs, which it would wait for
   */
  public Optional<Event> next(Duration timeout) throws QmpException, InterruptedException {
    Deadline deadline = Deadline.in(timeout);
    while (await("next", deadline)) {
      synchronized (this) {
        if (!waiting.isEmpty()) {
          return Optional.of(take());
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Waits until {@link #next} would not have to, and takes nothing; blocks.
   *
   * @param timeout how long to wait; {@link QmpOptions#FOREVER} for no limit
   * @return whether there is an event; false if none came in time, or the subscription is closed
   * @throws QmpException if all events of a connection that is over have been taken
   * @throws InterruptedException if this thread is interrupted while it waits
   * @throws IllegalStateException if called where the client's loop runs, which it would wait for
   */
  public boolean await(Duration timeout) throws QmpException, InterruptedException {
    return await("await", Deadline.in(timeout));
  }

  private boolean await(String call, Deadline deadline) throws QmpException, InterruptedException {
    connection.refuseOnLoop(call);
    while (true) {
      Waiter waiter = new Waiter();
      synchronized (this) {
        if (closed || !waiting.isEmpty()) {
          return !closed;
        }
        if (ending != null) {
          throw ending.exception(connection.peer(), connection.address(), "receive events", false);
        }
        if (deadline.left() <= 0) {
          return false;
        }
        waiters.add(waiter);
      }
      try {
        connection.loop().await(waiter, deadline);
      } finally {
        forget(waiter);
      }
    }
  }

  private Event take() throws ProtocolViolation {
    Message.Event event = waiting.remove();
    held -= event.document().length();
    if (newest != null) {
      cursor = waiting.isEmpty() ? newest : event.cursor();
    }
    long before = lost;
    lost = 0;
    try {
      return Event.of(event, before);
    } catch (JacksonException e) {
      lost = before + 1;
      throw new ProtocolViolation(
          connection.address(),
          "cannot read an event of "
              + connection.address()
              + ": it has "
              + e.getOriginalMessage()
              + "; it is left out",
          e);
    }
  }

  private synchronized void forget(Waiter waiter) {
    if (!waiters.remove(waiter) && !waiting.isEmpty()) {
      // Woken, but maybe interrupted as well: then the event is somebody else's.
      wakeOne();
    }
  }

  /** How many events were dropped so far, all in all. */
  public synchronized long dropped() {
    return dropped;
  }

  /**
   * The events as they come, until the subscription is closed; waiting for the next one blocks.
   * What {@link #next} throws comes as an {@link UncheckedIOException}, an interrupt included,
   * which leaves the thread interrupted.
   */
  @Override
  public Iterator<Event> iterator() {
    return new Iterator<>() {
      private @Nullable Event event;

      @Override
      public boolean hasNext() {
        if (event == null) {
          event = nextOrNull();
        }
        return event != null;
      }

      @Override
      public Event next() {
        Event taken = hasNext() ? event : null;
        if (taken == null) {
          throw new NoSuchElementException("the subscription is closed");
        }
        event = null;
        return taken;
      }
    };
  }

  private @Nullable Event nextOrNull() {
    try {
      return next(QmpOptions.FOREVER).orElse(null);
    } catch (QmpException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new InterruptedIOException("interrupted between events"));
    }
  }

  /** Ends it: no event is kept or comes, and who waits gets none. Idempotent, from any thread. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      waiting.clear();
      wakeAll();
    }
    connection.subscriptions().remove(this);
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Takes an event, at the cost of the oldest if need be. On the loop; never waits. */
  synchronized void offer(Message.Event event) {
    String at = event.cursor();
    // A gap is for all who follow, and for nobody else.
    boolean gap = at != null && event.name().equals(LOST);
    boolean wanted = gap ? newest != null : filter.matches(event.name());
    if (newest != null && at != null) {
      newest = at;
      cursor = wanted || !waiting.isEmpty() ? cursor : at;
    }
    if (wanted && !closed) {
      keep(event);
    }
  }

  private void keep(Message.Event event) {
    held += event.document().length();
    while (!waiting.isEmpty() && (waiting.size() >= capacity || held > HELD)) {
      held -= waiting.remove().document().length();
      lost++;
      dropped++;
    }
    waiting.add(event);
    wakeOne();
  }

  private void wakeOne() {
    Waiter next = waiters.poll();
    if (next != null) {
      next.wake();
    }
  }

  /** No more events will come. */
  synchronized void end(Ending why) {
    ending = why;
    wakeAll();
  }

  private void wakeAll() {
    waiters.forEach(Waiter::wake);
    waiters.clear();
  }
}
