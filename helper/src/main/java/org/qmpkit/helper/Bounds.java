package org.qmpkit.helper;

import java.time.Duration;

/**
 * What a helper's process may hold in all, and how long it waits for what is outside of it.
 *
 * @param clients the most clients of shared routes
 * @param perUser of these, the most of one user other than root
 * @param forRoot of these, how many places are kept for root
 * @param outboxes the most bytes held for all clients
 * @param halfMessages the most bytes of unfinished messages of all QEMUs
 * @param unasked how many bytes a second one QEMU is read that nobody asked for
 * @param histories the most bytes of events kept for subscribers that come back
 * @param connect how long QEMU may take to accept a connection
 * @param retry the longest pause between attempts to reach QEMU
 * @param drain how long what is in flight may take when the helper or a route ends
 */
record Bounds(
    int clients,
    int perUser,
    int forRoot,
    int outboxes,
    int halfMessages,
    int unasked,
    int histories,
    Duration connect,
    Duration retry,
    Duration drain) {
  Bounds {
    if (forRoot >= clients) {
      throw new IllegalArgumentException(
          "clients-for-root (" + forRoot + ") must be less than clients (" + clients + ")");
    }
  }

  /** The same with another longest pause between attempts to reach QEMU. */
  Bounds withRetry(Duration pause) {
    return new Bounds(
        clients,
        perUser,
        forRoot,
        outboxes,
        halfMessages,
        unasked,
        histories,
        connect,
        pause,
        drain);
  }
}
