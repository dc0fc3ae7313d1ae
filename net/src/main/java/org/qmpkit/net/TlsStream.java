package org.qmpkit.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS over a connected endpoint, without readiness of its own: an engine, what was received of
 * records not whole yet, one record in clear, and one record to be sent. Its buffers are there only
 * while there is something in them.
 */
final class TlsStream {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SSLEngine engine;
  private final Endpoint raw;
  private ByteBuffer received = NOTHING;
  private ByteBuffer plain = NOTHING;
  private ByteBuffer outgoing = NOTHING;
  private boolean starved = true;
  private boolean inputEnded;
  private boolean outputEnding;
  private boolean outputEnded;
  private boolean begun;
  private boolean established;
  private @Nullable TlsException failure;
  private @Nullable PeerGoneException gone;

  TlsStream(SSLEngine engine, Endpoint raw) {
    this.engine = engine;
    this.raw = raw;
  }

  Endpoint raw() {
    return raw;
  }

  SSLEngine engine() {
    return engine;
  }

  /** Whether bytes, the end of input or a failure can be read now. */
  boolean readable() {
    return plain.hasRemaining() || inputEnded || failure != null;
  }

  /** Whether there may be more to read without anything more coming from the network. */
  boolean hasUnread() {
    return readable() || !starved;
  }

  /** Whether nothing more is wanted from the network. */
  boolean inputOver() {
    return inputEnded || failure != null;
  }

  /** Whether something waits to be sent. */
  boolean hasOutgoing() {
    return outgoing.hasRemaining();
  }

  /**
   * Goes on with the handshake as far as that goes now.
   *
   * @return whether it is done, and all of it sent
   * @throws IOException if there will be no connection; an alert that says so has been sent
   */
  boolean handshake() throws IOException {
    try {
      if (!begun) {
        begun = true;
        engine.beginHandshake();
      }
      while (true) {
        if (!flush()) {
          return false;
        }
        switch (engine.getHandshakeStatus()) {
          case NEED_TASK -> runTasks();
          case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
            if (!unwrapPlain()) {
              return false;
            }
          }
          case NEED_WRAP -> throw new SSLException("the engine has nothing to send");
          case FINISHED, NOT_HANDSHAKING -> {
            if (gone != null || inputEnded) {
              pull();
              throw failure == null ? cut() : failure;
            }
            established = true;
            return true;
          }
        }
      }
    } catch (IOException e) {
      fail(e);
      throw e;
    }
  }

  /** Takes records off the network until there is something to read, or no more. */
  void pull() {
    try {
      while (!readable() && unwrapPlain()) {
        // again
      }
    } catch (IOException e) {
      fail(e);
    }
  }

  /**
   * Reads what is there.
   *
   * @return as {@link Endpoint#read}
   * @throws TlsException if the peer refused us, broke the protocol, or was cut off
   */
  int read(ByteBuffer into) throws TlsException {
    int before = into.position();
    try {
      while (into.hasRemaining()) {
        if (plain.hasRemaining()) {
          copy(into);
        } else if (inputOver() || !unwrapFor(into)) {
          break;
        }
      }
    } catch (IOException e) {
      fail(e);
    }
    int count = into.position() - before;
    if (count > 0 || !into.hasRemaining()) {
      return count;
    }
    if (failure != null) {
      throw failure;
    }
    return inputEnded ? -1 : 0;
  }

  private boolean unwrapFor(ByteBuffer into) throws IOException {
    if (into.remaining() >= engine.getSession().getApplicationBufferSize()) {
      return unwrap(into);
    }
    return unwrapPlain();
  }

  private boolean unwrapPlain() throws IOException {
    ByteBuffer record = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    boolean taken = unwrap(record);
    plain = record.flip().hasRemaining() ? record : NOTHING;
    return taken;
  }

  private void copy(ByteBuffer into) {
    int limit = plain.limit();
    plain.limit(plain.position() + Math.min(plain.remaining(), into.remaining()));
    into.put(plain);
    plain.limit(limit);
    if (!plain.hasRemaining()) {
      plain = NOTHING;
    }
  }

  /**
   * Writes what fits.
   *
   * @return how much of it was taken; less than one record of it may still be on its way
   * @throws IOException if nobody will read it
   */
  int write(ByteBuffer from) throws IOException {
    if (outputEnding) {
      throw new PeerGoneException(raw.peer(), "this side has ended its output", null);
    }
    if (failure != null) {
      throw new PeerGoneException(raw.peer(), failure.reason(), failure);
    }
    int before = from.position();
    while (flush() && gone == null && from.hasRemaining()) {
      wrap(from);
    }
    // What went before is told first: the peer may have had it, and answered.
    if (gone != null && from.position() == before) {
      throw gone;
    }
    return from.position() - before;
  }

  /** Ends our output, after what was written. */
  void endOutput() throws IOException {
    if (!outputEnding) {
      outputEnding = true;
      engine.closeOutbound();
      flush();
      if (gone != null) {
        throw gone;
      }
    }
  }

  /**
   * Sends what waits, and what TLS itself has to say.
   *
   * <p>Where nobody is left to read it, it is dropped: what the peer said last is still to be read.
   *
   * @return whether nothing waits any more
   * @throws IOException if TLS itself cannot go on
   */
  boolean flush() throws IOException {
    while (true) {
      try {
        while (gone == null && outgoing.hasRemaining()) {
          if (raw.write(outgoing) == 0) {
            return false;
          }
        }
      } catch (PeerGoneException e) {
        gone = e;
      }
      outgoing = NOTHING;
      if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && wrap(NOTHING)) {
        continue;
      }
      if (outputEnding && !outputEnded && engine.isOutboundDone()) {
        outputEnded = true;
        if (gone == null) {
          raw.shutdownOutput();
        }
      }
      return true;
    }
  }

  /**
   * Lets go of the connection. What came and was not read is taken from the system first: left
   * there, a session ticket for instance, it would make the system reset the connection, and the
   * peer lose our last bytes.
   */
  void close() {
    ByteBuffer unwanted = ByteBuffer.allocate(16 * 1024);
    try {
      for (int i = 0; i < 16 && raw.read(unwanted.clear()) > 0; i++) {
        // again
      }
    } catch (IOException e) {
      // Then there is nothing.
    }
    raw.close();
  }

  private boolean wrap(ByteBuffer from) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    try {
      boolean offered = from.hasRemaining();
      SSLEngineResult result = engine.wrap(from, record);
      outgoing = record.flip();
      if (offered && result.bytesConsumed() == 0 && result.bytesProduced() == 0) {
        gone = new PeerGoneException(raw.peer(), "TLS has ended", null);
      }
      return result.bytesProduced() > 0;
    } catch (SSLException | RuntimeException e) {
      throw TlsException.of(e);
    }
  }

  /**
   * Takes one record off the network.
   *
   * @param into has place for a record in clear
   * @return false if that must wait, for the network
   */
  private boolean unwrap(ByteBuffer into) throws IOException {
    // What TLS has to answer goes first: a peer that asks and does not read is not read either.
    if (!flush() || (starved && !receive())) {
      return false;
    }
    SSLEngineResult result;
    try {
      result = engine.unwrap(received, into);
    } catch (SSLException | RuntimeException e) {
      throw TlsException.of(e);
    }
    switch (result.getStatus()) {
      case OK -> starved = !received.hasRemaining();
      case BUFFER_UNDERFLOW -> starved = true;
      case CLOSED -> inputEnded = true;
      case BUFFER_OVERFLOW -> throw new SSLException("a record larger than the engine announced");
    }
    if (!received.hasRemaining()) {
      received = NOTHING;
    }
    runTasks();
    return true;
  }

  private boolean receive() throws IOException {
    ByteBuffer more =
        ByteBuffer.allocate(
            Math.max(engine.getSession().getPacketBufferSize(), 2 * received.remaining()));
    more.put(received);
    int count = raw.read(more);
    received = more.flip();
    if (!received.hasRemaining()) {
      received = NOTHING;
    }
    if (count < 0) {
      throw cut();
    }
    starved = count == 0;
    return count > 0;
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  private TlsException cut() {
    return new TlsException(
        established
            ? "the connection was cut: it ended without TLS's close_notify"
            : "the peer ended the connection during the TLS handshake",
        "see whether the peer is still there, and what it says",
        true,
        null);
  }

  private void fail(IOException why) {
    failure = TlsException.of(why);
    try {
      flush(); // the alert that says why
    } catch (IOException e) {
      // It need not know.
    }
  }
}
