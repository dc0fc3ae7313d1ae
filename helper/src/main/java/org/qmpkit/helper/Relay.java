package org.qmpkit.helper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.DescriptorEndpoint;
import org.qmpkit.net.Descriptors;
import org.qmpkit.net.DescriptorsRefusedException;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.PeerGoneException;
import org.qmpkit.net.Timer;
import org.qmpkit.protocol.Journal.Severity;

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
    final Address toAddress;
    @Nullable ByteBuffer spill;

    /** What goes along with the next byte that is written. */
    @Nullable Descriptors along;

    boolean ended;
    boolean endPassed;

    Flow(Endpoint from, Endpoint to, Address toAddress) {
      this.from = from;
      this.to = to;
      this.toAddress = toAddress;
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
      if (from instanceof DescriptorEndpoint passing) {
        along = passing.takeDescriptors();
        checkCarried();
      }
      if (count < 0) {
        ended = true;
      } else {
        moved += count;
        (toQemu() ? meter.fromClients : meter.fromQemu).add(count);
        write(buffer.flip());
        if (buffer.hasRemaining()) {
          spill = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
        }
      }
      passEnd();
    }

    private void checkCarried() throws Uncarried {
      Descriptors passed = along;
      String objection = passed == null ? null : Passed.to(toAddress, passed).objection();
      if (objection != null) {
        String who = toQemu() ? "it" : "QEMU's side";
        throw new Uncarried(who + " passed descriptors, and " + objection);
      }
    }

    private void write(ByteBuffer bytes) throws IOException {
      int written = 1;
      while (bytes.hasRemaining() && written > 0) {
        try {
          written = writeOnce(bytes);
          (toQemu() ? meter.toQemu : meter.toClients).add(written);
        } catch (PeerGoneException e) {
          undeliverable(bytes, e);
        }
      }
    }

    private int writeOnce(ByteBuffer bytes) throws IOException {
      Descriptors passed = along;
      if (passed == null || !(to instanceof DescriptorEndpoint passing)) {
        return to.write(bytes);
      }
      int written = passing.write(bytes, passed);
      if (written > 0) {
        dropAlong();
      }
      return written;
    }

    void dropAlong() {
      Descriptors passed = along;
      if (passed != null) {
        along = null;
        passed.close();
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
      dropAlong();
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

  /** Descriptors came that can't go on: bytes that need them would be misunderstood. */
  private static final class Uncarried extends IOException {
    private static final long serialVersionUID = 1;

    Uncarried(String reason) {
      super(reason);
    }
  }

  private static final Duration STALL = Duration.ofSeconds(10);

  private final Endpoint client;
  private final Endpoint qemu;
  private final Loop loop;
  private final RouteMeter meter;
  private final BiConsumer<Severity, String> end;
  private final Flow toQemu;
  private final Flow toClient;
  private @Nullable Timer stall;
  private long moved;

  /**
   * A relay that has begun.
   *
   * @param meter counts what it moves
   * @param end told why, once, when it is over; the endpoints are still to be closed then
   */
  Relay(
      RouteSpec spec,
      Endpoint client,
      Endpoint qemu,
      Loop loop,
      RouteMeter meter,
      BiConsumer<Severity, String> end) {
    this.client = client;
    this.qemu = qemu;
    this.loop = loop;
    this.meter = meter;
    this.end = end;
    this.toQemu = new Flow(client, qemu, spec.connect());
    this.toClient = new Flow(qemu, client, spec.listen());
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
    toQemu.dropAlong();
    toClient.dropAlong();
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
      end.accept(Severity.DEBUG, "it has left");
      return;
    } catch (Uncarried | DescriptorsRefusedException e) {
      end.accept(Severity.WARNING, String.valueOf(e.getMessage()));
      return;
    } catch (IOException e) {
      end.accept(Severity.DEBUG, String.valueOf(e.getMessage()));
      return;
    }
    if (toClient.endPassed) {
      end.accept(Severity.DEBUG, "QEMU closed its monitor");
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
            end.accept(Severity.DEBUG, "it took nothing for 10 s, and QEMU must be drained");
          } else if (toClient.spill != null) {
            stall = watchStall(moved);
          }
        });
  }
}
