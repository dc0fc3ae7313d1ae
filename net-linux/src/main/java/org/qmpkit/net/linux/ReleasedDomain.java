package org.qmpkit.net.linux;

import org.qmpkit.net.Loop;
import org.qmpkit.net.Xenstore;

/** Noticing that another domain has ended, which neither rings nor devices tell. */
final class ReleasedDomain {
  private ReleasedDomain() {}

  /**
   * Has something done, on the loop's thread, when a domain is no more; until the watch is given
   * back. Nothing where this host has no xenstored.
   *
   * @return ends that earlier
   */
  static Runnable watch(EpollPoller poller, Loop loop, Watch watch, int domid, Runnable ended) {
    Xenstore xenstore = poller.xenstore(loop);
    if (xenstore == null) {
      return () -> {};
    }
    Xenstore.Watch ends =
        xenstore.watch("@releaseDomain", path -> look(xenstore, watch, domid, ended));
    Runnable end = ends::close;
    watch.afterwards.add(end);
    return () -> {
      watch.afterwards.remove(end);
      end.run();
    };
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
}
