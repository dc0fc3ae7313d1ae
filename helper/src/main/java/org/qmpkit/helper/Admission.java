package org.qmpkit.helper;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How many clients one process takes, in all and of each user; a few places are kept for root. */
final class Admission {
  static final int MOST = 1024;
  static final int MOST_PER_USER = 256;
  static final int KEPT_FOR_ROOT = 4;

  private static final String ROOT = "root";

  private final Map<String, Integer> users = new HashMap<>();
  private int all;

  /**
   * Asks for a place.
   *
   * @param user the client's user, empty where the transport can't tell
   * @return why there is none, or null if the place is taken now, to be given back by {@link
   *     #leave}
   */
  @Nullable String enter(Optional<String> user) {
    boolean root = user.filter(ROOT::equals).isPresent();
    int most = root ? MOST : MOST - KEPT_FOR_ROOT;
    if (all >= most) {
      return "this helper has " + all + " clients already; close some";
    }
    String name = user.orElse("");
    int same = users.getOrDefault(name, 0);
    if (user.isPresent() && !root && same >= MOST_PER_USER) {
      return "user " + name + " has " + same + " clients already; close some";
    }
    all++;
    users.put(name, same + 1);
    return null;
  }

  /** Gives a place back. */
  void leave(Optional<String> user) {
    all--;
    users.computeIfPresent(user.orElse(""), (name, count) -> count == 1 ? null : count - 1);
  }
}
