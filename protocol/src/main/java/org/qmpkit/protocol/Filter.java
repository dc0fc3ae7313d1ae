package org.qmpkit.protocol;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which events a subscriber gets.
 *
 * @param names of these names
 * @param beginnings and those whose names begin so
 */
record Filter(Set<String> names, List<String> beginnings) {
  static final Filter ALL = new Filter(Set.of(), List.of(""));

  boolean takes(Kept kept) {
    return kept.gap()
        || names.contains(kept.name())
        || beginnings.stream().anyMatch(kept.name()::startsWith);
  }

  /** How the subscriber gets an event, or null if it doesn't. */
  @Nullable Line lineOf(@Nullable Kept kept) {
    return kept != null && takes(kept) ? kept.line() : null;
  }
}
