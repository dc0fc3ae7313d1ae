package org.qmpkit.helper;

import java.util.Optional;
import org.qmpkit.net.Endpoint;

/** What a client is called in the log, in the status and towards other clients. */
final class PeerName {
  private PeerName() {}

  /**
   * "client 3 (root, pid 812)", as far as it is known.
   *
   * @param user as the endpoint tells it
   */
  static String of(int number, Endpoint endpoint, Optional<String> user) {
    // 0: a process that this name space has no number for.
    String pid =
        endpoint
            .credentials()
            .filter(who -> who.pid() > 0)
            .map(who -> ", pid " + who.pid())
            .orElse("");
    return "client " + number + user.map(name -> " (" + name + pid + ")").orElse("");
  }
}
