package org.qmpkit.net.linux;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Listener;
import org.qmpkit.net.Loop;
import org.qmpkit.net.TransportException;

/**
 * QEMU's side of a conversation by datagrams, as OpenXT's QEMU has it: one ring, on which one
 * client after another says {@code live} and {@code dead}.
 *
 * <p>Of what OpenXT's protocol has no word for, an empty datagram tells a helper of ours: that this
 * side has closed, or does not know of a client. A helper of OpenXT's is told only what it could
 * not go on without.
 */
final class ArgoListener extends WatchedListener implements ArgoEndpoint.Feed {
  /** The pause before a client is taken for granted again, where nothing says that one is there. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private static final int MOST = 64;
  private static final int NO_DESCRIPTOR = -1;
  private static final String END = "";

  private final ArgoRing ring;
  private final FarWords words;
  private final Watch watch;

  /** Who talks now; null while nobody does. */
  private @Nullable ArgoEndpoint client;

  /** Whether the client has been accepted. */
  private boolean accepted;

  private long count;
  private volatile boolean closed;

  private ArgoListener(Address address, ArgoRing ring, Loop loop, EpollPoller poller) {
    super(address, loop, poller);
    this.ring = ring;
    this.words = new FarWords(ring.place.generation());
    this.watch = poller.watch(ring.descriptor, this, ring::close);
  }

  /**
   * Makes the ring, and takes what comes from here on.
   *
   * @throws TransportException if that cannot be
   */
  static Listener open(Address address, ArgoPlace place, Loop loop, EpollPoller poller)
      throws TransportException {
    ArgoRing ring;
    try {
      ring = ArgoRing.bind(place, poller.argo());
    } catch (ArgoRefused e) {
      throw e.toTransport(RingTransport.LISTEN, address, place);
    }
    ArgoListener listener = new ArgoListener(address, ring, loop, poller);
    poller.interest(listener.watch, EpollPoller.IN);
    listener.expect();
    return listener;
  }

  /** Where a client need not say that it is there. */
  private void expect() {
    if (!closed && client == null && words.opensAlone()) {
      begin().expect();
    }
  }

  private ArgoEndpoint begin() {
    // Its own descriptor is none: it is called when we say so, and given back as all others.
    Watch own = poller.watch(NO_DESCRIPTOR, Watch.NOBODY, () -> {});
    ArgoEndpoint made = ArgoEndpoint.fed(this, poller, loop, own, ring, address + "#" + ++count);
    own.afterwards.add(() -> left(made));
    client = made;
    accepted = false;
    look();
    return made;
  }

  // ---- what comes

  @Override
  public void drain() {
    for (int i = 0; i < MOST && (client == null || client.roomy()); i++) {
      int length = ring.receive();
      if (length == -Errno.EAGAIN) {
        break;
      }
      if (length > 0) {
        arrived(ring.received(length));
      } else if (length < 0 && length != ArgoRing.FOREIGN) {
        endClient("the ring is broken (" + Libc.text(length) + ")");
        interest.rest();
        break;
      }
    }
    if (client != null) {
      client.look();
    }
  }

  private void arrived(byte[] datagram) {
    switch (words.hear(datagram)) {
      case LIVE -> {
        endClient("another client took its place");
        if (closed) {
          ring.send(END);
        } else {
          begin();
        }
      }
      case DEAD -> endClient("the client has left");
      case DATA -> {
        if (client == null) {
          ring.send(END);
        } else {
          client.arrived(datagram);
        }
      }
      case STRAY -> ring.send(END);
      case NOTHING -> {}
    }
  }

  private void endClient(String why) {
    ArgoEndpoint current = client;
    if (current != null) {
      client = null;
      current.end(why);
      if (!accepted) {
        current.close();
      }
    }
  }

  /** An endpoint was given back. */
  private void left(ArgoEndpoint endpoint) {
    if (endpoint.equals(client)) {
      client = null;
      // It may have left with more than it had room for.
      room(true);
      hangUp();
      words.close();
      loop.schedule(AGAIN, this::expect);
    }
    if (closed && client == null) {
      poller.close(watch);
    }
  }

  private void hangUp() {
    if (words.resynced()) {
      ring.send(END);
    }
  }

  @Override
  public void room(boolean there) {
    // Whoever says so may be one that was here before.
    poller.interest(watch, client == null || client.roomy() ? EpollPoller.IN : 0);
  }

  // ---- clients

  @Override
  Watch watched() {
    return watch;
  }

  @Override
  boolean waiting() {
    return client != null && !accepted && !closed;
  }

  @Override
  public @Nullable Endpoint accept() {
    if (!waiting()) {
      return null;
    }
    accepted = true;
    return client;
  }

  @Override
  public void ready(boolean happened, boolean unused) {
    if (happened) {
      drain();
    }
    tell();
  }

  @Override
  public void close() {
    closed = true;
    try {
      loop.execute(this::stop);
    } catch (RejectedExecutionException e) {
      poller.close(watch);
    }
  }

  /** Nobody new; who was accepted keeps the ring until the end. */
  private void stop() {
    if (client == null) {
      poller.close(watch);
    } else if (!accepted) {
      client.close();
    }
  }
}
