package org.qmpkit.net.linux;

import org.qmpkit.net.Loop;
import org.qmpkit.net.Xenstore;

/** Noticing that another domain has ended, which neither rings nor devices tell. */
final class ReleasedDomain {
  private ReleasedDomain() {}

  /**
   * Has something done, on the loop's thread, when a domain is no more; until the watch is given
   * back. Nothing where this host has no xenstored.
   */
  static void watch(EpollPoller poller, Loop loop, Watch watch, int domid, Runnable ended) {
    Xenstore xenstore = poller.xenstore(loop);
    if (xenstore != null) {
      AutoCloseable ends =
          xenstore.watch("@releaseDomain", path -> look(xenstore, watch, domid, ended));
      watch.afterwards.add(() -> closeQuietly(ends));
    }
  }

  private static void look(Xenstore xenstore, Watch watch, int domid, Runnable ended) {
    var _ =
        xenstore
            .exists(domid)
            .thenAccept(exists -> {
              if (!exists && !watch.closed) {
                ended.run();
              }
            });
  }

  private static void closeQuietly(AutoCloseable watch) {
    try {
      watch.close();
    } catch (Exception e) {
      throw new AssertionError("ending a watch throws nothing", e);
    }
  }
}
