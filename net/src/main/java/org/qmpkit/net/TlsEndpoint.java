package org.qmpkit.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An {@link Endpoint} on a TLS connection whose handshake is done. */
final class TlsEndpoint implements Endpoint, Source {
  private static final Duration LINGER = Duration.ofSeconds(5);

  private final TlsStream stream;
  private final Endpoint raw;
  private final Loop loop;
  private final @Nullable String subject;
  private final AtomicBoolean closed = new AtomicBoolean();
  private @Nullable Ready handler;
  private boolean wantsRead;
  private boolean wantsWrite;
  private boolean due;
  private @Nullable Timer linger;

  /**
   * Takes over a stream.
   *
   * @param subject of the peer's certificate; null if it showed none
   */
  TlsEndpoint(TlsStream stream, Loop loop, @Nullable String subject) {
    this.stream = stream;
    this.raw = stream.raw();
    this.loop = loop;
    this.subject = subject;
    raw.onReady(this::rawReady);
    raw.interest(false, false);
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (closed.get()) {
      return -1;
    }
    try {
      return stream.read(into);
    } catch (TlsException e) {
      throw e.reading(peer());
    } finally {
      watch();
    }
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (closed.get()) {
      throw new PeerGoneException(peer(), "this side was closed", null);
    }
    try {
      return stream.write(from);
    } finally {
      watch();
    }
  }

  @Override
  public void shutdownOutput() throws IOException {
    if (!closed.get()) {
      try {
        stream.endOutput();
      } finally {
        watch();
      }
    }
  }

  @Override
  public void onReady(Ready handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean read, boolean write) {
    assert loop.free() : "an endpoint belongs to its loop's thread";
    if ((read || write) && handler == null) {
      throw new IllegalStateException("interest in " + peer() + " without onReady");
    }
    wantsRead = read;
    wantsWrite = write;
    watch();
  }

  /** Watches the network for what is wanted, and does itself what the network need not do. */
  private void watch() {
    if (closed.get()) {
      return;
    }
    raw.interest(wantsRead && !stream.inputOver(), wantsWrite || stream.hasOutgoing());
    if (wantsRead && stream.hasUnread() && !due) {
      due = loop.offer(this::again);
    }
  }

  private void again() {
    due = false;
    if (closed.get() || !wantsRead) {
      return;
    }
    stream.pull();
    if (stream.readable()) {
      loop.dispatch(this, true, false);
    }
    watch();
  }

  private void rawReady(boolean readable, boolean writable) throws IOException {
    if (linger != null) {
      lingering(linger);
      return;
    }
    if (closed.get()) {
      return; // another thread did it, and the farewell is to come in this turn
    }
    if (writable) {
      stream.flush();
    }
    if (wantsRead && readable) {
      stream.pull();
    }
    boolean canRead = wantsRead && stream.readable();
    boolean canWrite = wantsWrite && writable && !stream.hasOutgoing();
    if (canRead || canWrite) {
      loop.dispatch(this, canRead, canWrite);
    }
    watch();
  }

  @Override
  public void ready(boolean readable, boolean writable) throws IOException {
    Ready current = handler;
    if (current != null) {
      current.ready(readable, writable);
    }
  }

  @Override
  public void failed() {
    close();
  }

  @Override
  public String peer() {
    return raw.peer();
  }

  @Override
  public Optional<String> user() {
    return Optional.ofNullable(subject);
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (loop.inTurn()) {
      end();
    } else if (!loop.offer(this::end)) {
      raw.close();
    }
  }

  /** Says good-bye, and lets go of the connection when that has left. */
  private void end() {
    try {
      stream.endOutput();
      if (stream.hasOutgoing()) {
        raw.interest(false, true);
        linger = loop.schedule(LINGER, stream::close);
        return;
      }
    } catch (IOException e) {
      // Nobody is there to hear it.
    }
    stream.close();
  }

  private void lingering(Timer patience) {
    try {
      if (!stream.flush()) {
        return;
      }
    } catch (IOException e) {
      // Nobody is there to hear it.
    }
    patience.cancel();
    stream.close();
  }

  @Override
  public String toString() {
    return peer();
  }
}
