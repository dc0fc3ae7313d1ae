package org.qmpkit.helper;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How many clients one process takes, in all and of each user; a few places are kept for root. */
final class Admission {
  private static final String ROOT = "root";

  private final Map<String, Integer> users = new HashMap<>();
  private final int most;
  private final int perUser;
  private final int forRoot;
  private int all;

  /**
   * Nobody is in yet.
   *
   * @param most the most clients in all
   * @param perUser the most of one user other than root
   * @param forRoot how many places only root can take
   */
  Admission(int most, int perUser, int forRoot) {
    this.most = most;
    this.perUser = perUser;
    this.forRoot = forRoot;
  }

  /**
   * Asks for a place.
   *
   * @param user the client's user, empty where the transport can't tell
   * @return why there is none, or null if the place is taken now, to be given back by {@link
   *     #leave}
   */
  @Nullable String enter(Optional<String> user) {
    boolean root = user.filter(ROOT::equals).isPresent();
    if (all >= (root ? most : most - forRoot)) {
      return "this helper has " + all + " clients already; close some";
    }
    String name = user.orElse("");
    int same = users.getOrDefault(name, 0);
    if (user.isPresent() && !root && same >= perUser) {
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
