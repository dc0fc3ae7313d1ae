package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Timer;

/**
 * Two endpoints whose bytes go to each other, untouched and in order: written through from the
 * loop's shared buffer, and spilled, at most one buffer in each direction, where the receiver is
 * full. A client that takes nothing for 10 s is cut, lest QEMU is not drained; QEMU may take its
 * time.
 */
final class Relay {
  /** One direction. */
  private final class Flow {
    final Endpoint from;
    final Endpoint to;
    @Nullable ByteBuffer spill;
    boolean ended;
    boolean endPassed;

    Flow(Endpoint from, Endpoint to) {
      this.from = from;
      this.to = to;
    }

    private boolean toQemu() {
      return to.equals(qemu);
    }

    boolean reads() {
      return spill == null && !ended;
    }

    void read() throws IOException {
      ByteBuffer buffer = loop.buffer();
      int count = from.read(buffer);
      if (count < 0) {
        ended = true;
      } else {
        moved += count;
        write(buffer.flip());
        if (buffer.hasRemaining()) {
          spill = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
        }
      }
      passEnd();
    }

    private void write(ByteBuffer bytes) throws IOException {
      int written = 1;
      while (bytes.hasRemaining() && written > 0) {
        try {
          written = to.write(bytes);
        } catch (PeerGoneException e) {
          undeliverable(bytes, e);
        }
      }
    }

    void writeSpill() throws IOException {
      ByteBuffer rest = spill;
      if (rest == null) {
        return;
      }
      int before = rest.remaining();
      write(rest);
      moved += before - rest.remaining();
      if (!rest.hasRemaining()) {
        spill = null;
      }
      passEnd();
    }

    /** QEMU reads no more, but what it said last is still to be passed on; its end comes then. */
    private void undeliverable(ByteBuffer bytes, PeerGoneException why) throws IOException {
      if (!toQemu()) {
        throw why;
      }
      bytes.position(bytes.limit());
      ended = true;
      endPassed = true;
    }

    private void passEnd() throws IOException {
      if (ended && spill == null && !endPassed) {
        endPassed = true;
        try {
          to.shutdownOutput();
        } catch (PeerGoneException e) {
          undeliverable(ByteBuffer.allocate(0), e);
        }
      }
    }
  }

  private static final Duration STALL = Duration.ofSeconds(10);

  private final Endpoint client;
  private final Endpoint qemu;
  private final Loop loop;
  private final Consumer<String> end;
  private final Flow toQemu;
  private final Flow toClient;
  private @Nullable Timer stall;
  private long moved;

  /**
   * A relay that has begun.
   *
   * @param end told why, once, when it is over; the endpoints are still to be closed then
   */
  Relay(Endpoint client, Endpoint qemu, Loop loop, Consumer<String> end) {
    this.client = client;
    this.qemu = qemu;
    this.loop = loop;
    this.end = end;
    this.toQemu = new Flow(client, qemu);
    this.toClient = new Flow(qemu, client);
    client.onReady((readable, writable) -> ready(toQemu, toClient, readable, writable));
    qemu.onReady((readable, writable) -> ready(toClient, toQemu, readable, writable));
    watch();
  }

  /** Bytes moved so far, in both directions. */
  long moved() {
    return moved;
  }

  /** Whether the client has ended its input. */
  boolean clientEnded() {
    return toQemu.ended;
  }

  /** Whether every byte that was read has been written. */
  boolean idle() {
    return toQemu.spill == null && toClient.spill == null;
  }

  void close() {
    if (stall != null) {
      stall.cancel();
    }
    qemu.close();
    client.close();
  }

  /** One endpoint is ready: to be read for the one flow, to be written for the other. */
  private void ready(Flow in, Flow out, boolean readable, boolean writable) {
    try {
      if (writable) {
        out.writeSpill();
      }
      if (readable && in.reads()) {
        in.read();
      }
    } catch (PeerGoneException e) {
      end.accept("it has left");
      return;
    } catch (IOException e) {
      end.accept(String.valueOf(e.getMessage()));
      return;
    }
    if (toClient.endPassed) {
      end.accept("QEMU closed its monitor");
      return;
    }
    watch();
  }

  private void watch() {
    client.interest(toQemu.reads(), toClient.spill != null);
    qemu.interest(toClient.reads(), toQemu.spill != null);
    if (toClient.spill == null) {
      if (stall != null) {
        stall.cancel();
        stall = null;
      }
    } else if (stall == null) {
      stall = watchStall(moved);
    }
  }

  private Timer watchStall(long before) {
    return loop.schedule(
        STALL,
        () -> {
          stall = null;
          if (moved == before) {
            end.accept("it took nothing for 10 s, and QEMU must be drained");
          } else if (toClient.spill != null) {
            stall = watchStall(moved);
          }
        });
  }
}
