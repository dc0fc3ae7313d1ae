package org.qmpkit.net.linux;

import org.jspecify.annotations.Nullable;
import org.qmpkit.net.AcceptInterest;
import org.qmpkit.net.Address;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Source;

/**
 * A listener on what is no socket: it knows itself whether a peer waits, and tells of it in turns
 * of its own while somebody wants to hear that.
 */
abstract class WatchedListener implements Listener, Source {
  final Address address;
  final Loop loop;
  final EpollPoller poller;
  final AcceptInterest interest;
  private boolean wanted;

  WatchedListener(Address address, Loop loop, EpollPoller poller) {
    this.address = address;
    this.loop = loop;
    this.poller = poller;
    this.interest = new AcceptInterest(loop, address, this::watch);
  }

  /** Where it is called; null while there is nothing that a peer could come to. */
  abstract @Nullable Watch watched();

  /** Whether {@link #accept} has something to say. */
  abstract boolean waiting();

  private void watch(boolean peers) {
    wanted = peers;
    look();
  }

  /** Has itself called in a later turn, if a peer waits and somebody wants to hear of it. */
  void look() {
    Watch current = watched();
    if (wanted && current != null && waiting()) {
      poller.call(current);
    }
  }

  /** Tells whoever wants to hear of it that a peer waits, if one does, and looks again later. */
  final void tell() {
    if (wanted && waiting()) {
      interest.call();
    }
    look();
  }

  @Override
  public final void onWaiting(Runnable handler) {
    interest.handler(handler);
  }

  @Override
  public final void interest(boolean waiting) {
    interest.set(waiting);
  }

  @Override
  public final Address address() {
    return address;
  }

  @Override
  public final void failed() {
    interest.rest();
  }

  @Override
  public final String peer() {
    return address.toString();
  }

  @Override
  public final String toString() {
    return peer();
  }
}
