package org.qmpkit.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.qmpkit.client.Event;

/**
 * Which events are shown.
 *
 * @param muted patterns of those that are not
 * @param only patterns of which one must fit; empty for all
 */
record EventChoice(List<String> muted, List<String> only) implements Predicate<Event> {
  static final EventChoice ALL = new EventChoice(List.of(), List.of());

  EventChoice {
    muted = List.copyOf(muted);
    only = List.copyOf(only);
  }

  /** The same without those of these names. */
  EventChoice mute(List<String> names) {
    List<String> more = new ArrayList<>(muted);
    names.stream().filter(each -> !more.contains(each)).forEach(more::add);
    return new EventChoice(more, only);
  }

  /** The same with those of these names again; all of them if there are none. */
  EventChoice unmute(List<String> names) {
    if (names.isEmpty()) {
      return ALL;
    }
    return new EventChoice(muted.stream().filter(each -> !names.contains(each)).toList(), only);
  }

  @Override
  public boolean test(Event event) {
    return new EventMatch(only, List.of()).test(event)
        && (muted.isEmpty() || !new EventMatch(muted, List.of()).test(event));
  }
}
