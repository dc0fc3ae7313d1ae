package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;

/**
 * A terminal of our own making, which anybody may open by its link: one peer at a time, each on a
 * terminal of its own, so that none gets what was meant for the one before.
 *
 * <p>A peer waits from the beginning, since nobody says when the terminal is opened; what is
 * written to it until then waits in the kernel. When it was closed the next one is there.
 */
final class PtyListener extends WatchedListener {
  /** Between one terminal and the next, so that a peer that is cut at once makes no spinning. */
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final PtyLink link;
  private String terminal = "";
  private @Nullable Watch watch;
  private long count;
  private volatile boolean closed;

  private PtyListener(Address address, PtyLink link, Loop loop, EpollPoller poller) {
    super(address, loop, poller);
    this.link = link;
  }

  static Listener open(Address address, PtyLink link, Loop loop, EpollPoller poller)
      throws TransportException {
    PtyListener listener = new PtyListener(address, link, loop, poller);
    listener.offer();
    return listener;
  }

  private void offer() throws TransportException {
    Terminals.Pair pair;
    try {
      pair = Terminals.pair();
    } catch (IOException e) {
      throw new TransportException(
          PtyTransport.LISTEN,
          address,
          "there is no terminal to be had (" + e.getMessage() + ")",
          "see whether /dev/pts is mounted",
          true,
          e);
    }
    boolean led = false;
    try {
      link.lead(terminal, pair.name());
      led = true;
    } finally {
      if (!led) {
        Libc.call(C.close(), pair.descriptor());
      }
    }
    terminal = pair.name();
    watch = poller.watch(pair.descriptor(), this);
    look();
  }

  @Override
  @Nullable Watch watched() {
    return watch;
  }

  @Override
  boolean waiting() {
    return watch != null;
  }

  @Override
  public @Nullable Endpoint accept() {
    Watch current = watch;
    if (closed || current == null) {
      return null;
    }
    watch = null;
    current.afterwards.add(() -> loop.schedule(PAUSE, this::next));
    return PtyEndpoint.on(current, poller, address + "#" + ++count);
  }

  private void next() {
    if (closed) {
      return;
    }
    try {
      offer();
    } catch (TransportException e) {
      loop.schedule(Duration.ofSeconds(1), this::next);
    }
  }

  @Override
  public void ready(boolean readable, boolean writable) {
    tell();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      link.remove(terminal);
    }
    Watch current = watch;
    if (current != null) {
      poller.close(current);
    }
  }
}
