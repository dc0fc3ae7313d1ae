package org.qmpkit.client;

import java.util.Set;

/**
 * Which events a {@link Subscription} hears, and how many of them it holds.
 *
 * @param names the events' names; empty for all
 * @param capacity the most events that wait to be taken, past which the oldest is dropped; 1,024
 */
public record EventFilter(Set<String> names, int capacity) {
  private static final int CAPACITY = 1024;

  /**
   * A filter, with a copy of the names.
   *
   * @throws IllegalArgumentException if the capacity is not positive
   */
  public EventFilter {
    if (capacity <= 0) {
      throw new IllegalArgumentException("capacity (" + capacity + ") must be positive, in events");
    }
    names = Set.copyOf(names);
  }

  /** Every event. */
  public static EventFilter all() {
    return new EventFilter(Set.of(), CAPACITY);
  }

  /**
   * The events of these names.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static EventFilter of(String... names) {
    if (names.length == 0) {
      throw new IllegalArgumentException("names must not be empty; all() is for every event");
    }
    return new EventFilter(Set.of(names), CAPACITY);
  }

  /** The same with another capacity. */
  public EventFilter withCapacity(int events) {
    return new EventFilter(names, events);
  }

  boolean matches(String name) {
    return names.isEmpty() || names.contains(name);
  }
}
