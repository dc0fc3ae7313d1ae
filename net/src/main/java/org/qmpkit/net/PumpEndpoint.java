package org.qmpkit.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Endpoint} on two blocking streams. A thread for each pumps between it and a bounded
 * queue; the loop moves bytes in and out of the queues, and nothing else.
 */
final class PumpEndpoint implements Endpoint, Source {
  /** What the owner of the streams has to say and to do. */
  interface Owner {
    /**
     * Called on a pump's thread at the end of input; may block.
     *
     * @return null if it is an orderly one; else what to tell the reader
     */
    @Nullable IOException ended();

    /** Called once on the thread that closes; the streams must end soon. Must not block. */
    void closed();
  }

  private final InputStream in;
  private final OutputStream out;
  private final Loop loop;
  private final String peer;
  private final Owner owner;
  private final PumpQueue input = new PumpQueue();
  private final PumpQueue output = new PumpQueue();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean due = new AtomicBoolean();
  private volatile @Nullable IOException failure;
  private volatile @Nullable IOException broken;
  private @Nullable Ready handler;
  private boolean wantsRead;
  private boolean wantsWrite;
  private boolean outputEnded;

  private PumpEndpoint(InputStream in, OutputStream out, Loop loop, String peer, Owner owner) {
    this.in = in;
    this.out = out;
    this.loop = loop;
    this.peer = peer;
    this.owner = owner;
  }

  /** Takes over two streams, and begins to pump. */
  static PumpEndpoint on(InputStream in, OutputStream out, Loop loop, String peer, Owner owner) {
    PumpEndpoint endpoint = new PumpEndpoint(in, out, loop, peer, owner);
    loop.hold(endpoint);
    Thread.ofPlatform().daemon().name("from " + peer).start(endpoint::pumpIn);
    Thread.ofPlatform().daemon().name("to " + peer).start(endpoint::pumpOut);
    return endpoint;
  }

  private void pumpIn() {
    byte[] bytes = new byte[PumpQueue.PLACE];
    try (in) {
      int count = in.read(bytes);
      while (count >= 0 && pass(bytes, count)) {
        count = in.read(bytes);
      }
    } catch (IOException e) {
      // A stream that fails is one whose other end is gone.
    }
    failure = closed.get() ? null : owner.ended();
    input.end();
    stir();
  }

  /** Puts bytes in the loop's reach; waits while it is behind. */
  private boolean pass(byte[] bytes, int count) {
    int done = 0;
    while (done < count) {
      int part = input.put(bytes, done, count - done);
      if (part < 0) {
        return false;
      }
      done += part;
      stir();
    }
    return true;
  }

  private void pumpOut() {
    byte[] bytes = new byte[PumpQueue.PLACE];
    try (out) {
      int count = output.take(bytes);
      while (count >= 0) {
        stir();
        out.write(bytes, 0, count);
        out.flush();
        count = output.take(bytes);
      }
    } catch (IOException e) {
      broken = e;
      output.abandon();
      stir();
    }
  }

  /** Something has changed: has the loop look, unless it is about to. */
  private void stir() {
    if (!closed.get() && due.compareAndSet(false, true) && !loop.offer(this::look)) {
      close();
    }
  }

  private void look() {
    due.set(false);
    if (closed.get()) {
      return;
    }
    boolean canRead = wantsRead && input.readable();
    boolean canWrite = wantsWrite && (broken != null || output.hasPlace());
    if (canRead || canWrite) {
      loop.dispatch(this, canRead, canWrite);
      again();
    }
  }

  /** Level-triggered: as long as something can be done, the loop looks in every turn. */
  private void again() {
    if ((wantsRead && input.readable()) || (wantsWrite && (broken != null || output.hasPlace()))) {
      stir();
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (closed.get()) {
      return -1;
    }
    int count = input.read(into);
    IOException why = failure;
    if (count < 0 && why != null) {
      throw why;
    }
    return count;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    if (closed.get() || outputEnded) {
      throw new PeerGoneException(
          peer, outputEnded ? "this side has ended its output" : "this side was closed", null);
    }
    IOException why = broken;
    if (why != null) {
      throw new PeerGoneException(peer, "nobody reads it (" + why.getMessage() + ")", why);
    }
    return output.write(from);
  }

  @Override
  public void shutdownOutput() {
    outputEnded = true;
    output.end();
  }

  @Override
  public void onReady(Ready handler) {
    this.handler = handler;
  }

  @Override
  public void interest(boolean read, boolean write) {
    assert loop.free() : "an endpoint belongs to its loop's thread";
    if ((read || write) && handler == null) {
      throw new IllegalStateException("interest in " + peer + " without onReady");
    }
    wantsRead = read;
    wantsWrite = write;
    again();
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
    return peer;
  }

  @Override
  public Optional<String> user() {
    return Optional.empty();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      loop.letGo(this);
      input.abandon();
      output.end(); // what was taken still goes out
      owner.closed();
    }
  }

  @Override
  public String toString() {
    return peer;
  }
}
