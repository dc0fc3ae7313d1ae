package org.qmpkit.net;

import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;

/**
 * A {@link Poller} that makes stream sockets, which is all that the transports on UNIX and TCP
 * sockets ask of it. It knows {@link java.net.InetSocketAddress} and {@link
 * java.net.UnixDomainSocketAddress}, and may know others.
 *
 * <p>Used on the loop's thread, or between its turns. Nothing here blocks.
 */
public interface SocketPoller extends Poller {

  /** Who waits for a socket to connect. One of the two is called, once, in a later turn. */
  interface Dialled {
    /** It is connected, without interest, and belongs to the callee; closed if this throws. */
    void connected(Endpoint endpoint);

    /**
     * It is not.
     *
     * @param why a {@link java.net.ConnectException} if nobody listens there, a {@link
     *     java.net.BindException} if we may not, a {@link BacklogFullException} if it may work
     *     later; else the system's own text
     */
    void failed(IOException why);
  }

  /** A socket that is bound and listens; a {@link Listener} once somebody is there to accept. */
  interface Bound extends Closeable {
    /**
     * Where it is bound, with the real port if port 0 was asked for.
     *
     * @throws IOException if it is closed
     */
    SocketAddress address() throws IOException;

    /** Gives the descriptor back. Idempotent. */
    @Override
    void close();
  }

  /** What a listener calls its peers. */
  @FunctionalInterface
  interface PeerName {
    /**
     * The name of a peer, for logs.
     *
     * @param from the peer's own address, as far as it has one
     * @param number the number of the peer, counted from 1
     */
    String of(SocketAddress from, long number);
  }

  /**
   * Begins to connect. The path of a UNIX socket is looked at within the call.
   *
   * @param peer what the endpoint will call its peer
   * @return closing it gives up
   */
  Attempt dial(SocketAddress to, Loop loop, String peer, Dialled dialled);

  /**
   * Binds a socket and listens. A TCP port may be taken over from connections that have ended.
   *
   * @throws IOException if that cannot be, with the system's text
   */
  Bound bind(SocketAddress at, int backlog) throws IOException;

  /**
   * Makes a listener of a bound socket of this poller, which it owns from here on.
   *
   * @param address where it listens, as users write it
   * @param afterwards what to do once when it closes; must bear being called twice
   * @throws IOException if it cannot be registered; the socket is still the caller's then
   */
  Listener listen(Bound bound, Loop loop, Address address, PeerName names, Runnable afterwards)
      throws IOException;
}
