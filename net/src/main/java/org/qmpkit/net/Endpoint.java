package org.qmpkit.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One end of a connected byte stream. Nothing here blocks.
 *
 * <p>An endpoint belongs to one {@link Loop} and is used on its thread only; {@link #close} alone
 * may be called from any thread. It starts without interest: set {@link #onReady}, then {@link
 * #interest}.
 */
public interface Endpoint extends AutoCloseable {

  /**
   * Reads what is there.
   *
   * @return the number of bytes read; 0 if there are none now; -1 at the end of input, which is
   *     also how a peer's loss and a close on this side read
   * @throws IOException if the transport itself failed
   */
  int read(ByteBuffer into) throws IOException;

  /**
   * Writes what fits.
   *
   * @return the number of bytes taken, maybe fewer than offered; 0 if the stream is full now
   * @throws PeerGoneException if nobody will read it: the peer is gone, or this side was closed
   * @throws IOException if the transport itself failed
   */
  int write(ByteBuffer from) throws IOException;

  /**
   * Ends our output: the peer reads the end of input, and can still write. Idempotent.
   *
   * @throws PeerGoneException if the peer is gone already
   * @throws IOException if the transport has no half-close
   */
  void shutdownOutput() throws IOException;

  /** Sets what to do when bytes can move; replaces what was set before. */
  void onReady(Ready handler);

  /**
   * Says which directions to watch; none at first. Costs nothing when unchanged, and no handler is
   * called for a direction without interest.
   *
   * @throws IllegalStateException if there is no handler to call
   */
  void interest(boolean read, boolean write);

  /** Who is on the other end, for logs: an address, or a client's number at a listener. */
  String peer();

  /**
   * The peer's user name, or the number of a user without a name; empty where the transport cannot
   * tell. For a UNIX socket (SO_PEERCRED) it is who connected, or who called listen; the first call
   * asks the host's user database and may wait for it. Over TLS it is the subject of the peer's
   * certificate, as RFC 2253 writes it.
   */
  Optional<String> user();

  /**
   * The peer's process, user and group, in numbers; empty where the transport, or its poller,
   * cannot tell. Does not block.
   */
  default Optional<Credentials> credentials() {
    return Optional.empty();
  }

  /**
   * Ends the stream in both directions; no handler is called that has not begun yet. Its descriptor
   * is given back by the end of the loop's next poll. Idempotent, from any thread.
   */
  @Override
  void close();
}
