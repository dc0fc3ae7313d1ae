package org.qmpkit.net.linux;

import org.qmpkit.net.Loop;
import org.qmpkit.net.Xenstore;

/**
 * Noticing that another domain has ended, which neither rings nor devices tell. However many
 * domains of a host end at once, one question at a time is asked about each that is watched.
 */
final class ReleasedDomain {
  private final Xenstore xenstore;
  private final Watch watch;
  private final int domid;
  private final Runnable ended;
  private boolean looking;
  private boolean again;

  private ReleasedDomain(Xenstore xenstore, Watch watch, int domid, Runnable ended) {
    this.xenstore = xenstore;
    this.watch = watch;
    this.domid = domid;
    this.ended = ended;
  }

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
    ReleasedDomain released = new ReleasedDomain(xenstore, watch, domid, ended);
    Xenstore.Watch ends = xenstore.watch("@releaseDomain", path -> released.look());
    Runnable end = ends::close;
    watch.afterwards.add(end);
    return () -> {
      watch.afterwards.remove(end);
      end.run();
    };
  }

  private void look() {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    var _ =
        xenstore
            .exists(domid)
            .whenComplete((exists, why) -> {
              looking = false;
              if (watch.closed) {
                return;
              }
              if (why == null && !exists) {
                ended.run();
              } else if (again) {
                again = false;
                look();
              }
            });
  }
}
