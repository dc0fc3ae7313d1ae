package org.qmpkit.helper;

import java.time.Duration;
import java.util.List;
import org.qmpkit.net.Loop;

/** Routes that end: each is closed as soon as nothing of it is under way, or at a deadline. */
final class Draining {
  private static final Duration LOOK = Duration.ofMillis(20);

  private Draining() {}

  /**
   * Drains routes and closes them.
   *
   * @param patience after which they are closed all the same
   * @param then what follows when all are closed; at once, if none is given
   */
  static void of(List<? extends Route> routes, Loop loop, Duration patience, Runnable then) {
    routes.forEach(Route::drain);
    close(List.copyOf(routes), loop, loop.now() + patience.toNanos(), then);
  }

  private static void close(List<Route> draining, Loop loop, long deadline, Runnable then) {
    boolean late = loop.now() >= deadline;
    List<Route> left = draining.stream().filter(each -> !late && !each.drained()).toList();
    draining.stream().filter(each -> !left.contains(each)).forEach(Route::close);
    if (left.isEmpty()) {
      then.run();
    } else {
      loop.schedule(LOOK, () -> close(left, loop, deadline, then));
    }
  }
}
