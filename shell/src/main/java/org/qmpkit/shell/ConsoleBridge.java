package org.qmpkit.shell;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Timer;
import org.qmpkit.net.TransportException;

/**
 * Bytes between us and a console, both ways, with at most 64 KiB of them under way in each. It
 * stops its loop when it is over: a key was pressed, one side has ended and all it said is
 * delivered, or after the end of our input, once all of it is delivered, the far side was silent
 * for a while; or it took none of it for long. The far side is not told of the end of our input,
 * since QEMU's sockets would hang up then; but a command is, after that silence, and has a while to
 * pass on what it was given, which a pipe may hold.
 */
final class ConsoleBridge implements Connecting {
  /** No byte is this. */
  static final int NO_KEY = -1;

  /**
   * After the end of our input: how long the far side may take none of what is left of it, and a
   * command may take to end.
   */
  static final Duration DELIVERY = Duration.ofSeconds(10);

  private static final int SIZE = 64 * 1024;

  private final Loop loop;
  private final Endpoint far;
  private final int leave;
  private final Duration linger;
  private final boolean command;
  private final ByteBuffer toFar = ByteBuffer.allocateDirect(SIZE);
  private final ByteBuffer toNear = ByteBuffer.allocateDirect(SIZE);
  private @Nullable Endpoint near;
  private @Nullable Timer limit;
  private boolean nearEnded;
  private boolean farEnded;
  private boolean left;
  private boolean unheard;
  private boolean told;
  private int undelivered;

  /**
   * A bridge to a far side that is connected.
   *
   * @param leave the key that leaves, or {@link #NO_KEY}
   * @param linger how long the far side may be silent after the end of our input
   * @param command whether the far side is a command of ours
   */
  ConsoleBridge(Loop loop, Endpoint far, int leave, Duration linger, boolean command) {
    this.loop = loop;
    this.far = far;
    this.leave = leave;
    this.linger = linger;
    this.command = command;
  }

  /** Whether it was the far side that ended it. */
  boolean farEnded() {
    return farEnded && !nearEnded && !left;
  }

  /** How many of the last bytes of our input that were read the far side did not take. */
  int undelivered() {
    return (nearEnded && !left) || unheard ? undelivered : 0;
  }

  @Override
  public void connected(Endpoint ours) {
    near = ours;
    ours.onReady((readable, writable) -> move(ours));
    far.onReady((readable, writable) -> move(ours));
    watch(ours);
  }

  @Override
  public void failed(TransportException why) {
    loop.stop();
  }

  private void move(Endpoint ours) {
    fromNear(ours);
    boolean heard = fromFar();
    int waiting = toFar.position();
    write(toFar, far, true);
    boolean taken = toFar.position() < waiting;
    write(toNear, ours, false);
    boolean delivered = farEnded && toNear.position() == 0;
    if (delivered || (left && toFar.position() == 0)) {
      end();
    } else if (told) {
      watch(ours);
    } else {
      boolean isDelivered = toFar.position() == 0;
      if (left ? limit == null : nearEnded && (limit == null || taken || (isDelivered && heard))) {
        limit(left || isDelivered ? linger : DELIVERY);
      }
      watch(ours);
    }
  }

  private void fromNear(Endpoint ours) {
    if (nearEnded || left || !toFar.hasRemaining()) {
      return;
    }
    int from = toFar.position();
    nearEnded = read(ours, toFar);
    for (int i = from; leave != NO_KEY && i < toFar.position(); i++) {
      if (toFar.get(i) == leave) {
        toFar.position(i);
        left = true;
      }
    }
  }

  /** Whether something came. */
  private boolean fromFar() {
    int before = toNear.position();
    if (!farEnded && toNear.hasRemaining()) {
      farEnded = read(far, toNear);
    }
    return toNear.position() > before;
  }

  /** True at the end of input. */
  private static boolean read(Endpoint from, ByteBuffer into) {
    try {
      return from.read(into) < 0;
    } catch (IOException e) {
      return true;
    }
  }

  private void write(ByteBuffer bytes, Endpoint to, boolean toFarSide) {
    bytes.flip();
    try {
      while (bytes.hasRemaining() && to.write(bytes) > 0) {
        // more
      }
    } catch (IOException e) {
      undelivered += toFarSide ? bytes.remaining() : 0;
      bytes.position(bytes.limit());
      farEnded |= toFarSide;
      left |= !toFarSide;
      unheard |= !toFarSide;
    }
    bytes.compact();
  }

  /** It is over after so long from now. */
  private void limit(Duration time) {
    if (limit != null) {
      limit.cancel();
    }
    limit = loop.schedule(time, this::silent);
  }

  private void silent() {
    if (command && nearEnded && !left && !told && toFar.position() == 0) {
      told = true;
      try {
        far.shutdownOutput();
        loop.schedule(DELIVERY, this::end);
        return;
      } catch (IOException e) {
        // It has ended, and needs no telling.
      }
    }
    end();
  }

  private void watch(Endpoint ours) {
    ours.interest(!nearEnded && !left && toFar.hasRemaining(), toNear.position() > 0);
    far.interest(!farEnded && toNear.hasRemaining(), toFar.position() > 0);
  }

  private void end() {
    undelivered += toFar.position();
    far.close();
    if (near != null) {
      near.close();
    }
    loop.stop();
  }
}
