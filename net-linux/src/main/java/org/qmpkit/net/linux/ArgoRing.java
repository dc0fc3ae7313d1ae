package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.qmpkit.net.linux.Libc.C;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A ring of our own that one domain may send to, and the descriptor that it comes with; nothing
 * blocks. Results are as the kernel has them, -errno where a call failed. Used on the loop's
 * thread.
 *
 * <p>It is bound once, before all else: to receive from one that is not would crash the kernel, to
 * bind it twice would lose the port until a restart, and epoll looks at a ring only when it is
 * added. So there is no such object that is not bound.
 */
final class ArgoRing {
  /** A receipt of a datagram that nobody here talks to, which was dropped. */
  static final int FOREIGN = Integer.MIN_VALUE;

  private static final int GONE = -Errno.EBADF;

  final ArgoPlace place;
  final int descriptor;
  private final ArgoMemory memory;
  private @Nullable String farewell;
  private long foreign;
  private boolean open = true;

  /** Takes over a descriptor that is bound. */
  ArgoRing(ArgoPlace place, int descriptor, ArgoMemory memory) {
    this.place = place;
    this.descriptor = descriptor;
    this.memory = memory;
  }

  /**
   * Makes a ring.
   *
   * @throws ArgoRefused with the step that failed; nothing is left then
   */
  static ArgoRing bind(ArgoPlace place, ArgoMemory memory) throws ArgoRefused {
    ArgoAbi abi = place.abi();
    int descriptor = memory.open(place.device());
    if (descriptor < 0) {
      throw new ArgoRefused(ArgoRefused.Step.OPEN, -descriptor);
    }
    int result = memory.call(descriptor, abi.setRingSize(), abi.ringSize());
    ArgoRefused.Step step = ArgoRefused.Step.SIZE;
    if (result >= 0) {
      step = ArgoRefused.Step.BIND;
      abi.putRingId(memory.address(), place.localPort(), place.domid());
      result = memory.call(descriptor, abi.bind());
    }
    if (result < 0) {
      Libc.call(C.close(), descriptor);
      throw new ArgoRefused(step, -result);
    }
    return new ArgoRing(place, descriptor, memory);
  }

  // ---- streams

  /** Begins to connect; -EINPROGRESS where that takes its time. */
  int connect() {
    place.abi().putAddress(memory.address(), place.port(), place.domid());
    return memory.call(descriptor, place.abi().connect());
  }

  /** What came of it; 0, or -errno. */
  int connected() {
    return memory.ask(descriptor, place.abi().getConnectError());
  }

  int listen() {
    return memory.call(descriptor, place.abi().listen(), 0);
  }

  /** Takes a connection, whose descriptor shares this ring. */
  int accept() {
    place.abi().putAddress(memory.address(), 0, 0);
    int taken = memory.call(descriptor, place.abi().accept());
    if (taken >= 0) {
      ArgoMemory.unblock(taken);
    }
    return taken;
  }

  // ---- messages

  /** Sends the first bytes of a buffer, all of them or, of a stream, some; its position stays. */
  int send(ByteBuffer bytes, int length) {
    memory.put(bytes, length);
    return sendPut(length);
  }

  /** Sends a datagram. */
  int send(String word) {
    return send(ByteBuffer.wrap(word.getBytes(StandardCharsets.US_ASCII)), word.length());
  }

  /**
   * Asks whether the other ring is there, by a datagram that is too long for it: Xen looks for the
   * ring first. One that takes it, since it is larger than any known, gets blanks.
   *
   * @return -errno if it is not there, else 0
   */
  int probe() {
    int length = place.abi().tooLong();
    memory.putBlanks(length);
    int result = sendPut(length);
    return isGone(result) ? result : 0;
  }

  /** Whether a result says that nobody is there: no ring for us, or no domain. */
  static boolean isGone(int result) {
    return result == -Errno.ECONNREFUSED
        || result == -Errno.ESRCH
        || result == -Errno.ENOTCONN
        || result == GONE;
  }

  private int sendPut(int length) {
    if (!open) {
      return GONE;
    }
    if (!place.stream()) {
      place.abi().putAddress(memory.address(), place.port(), place.domid());
    }
    return memory.send(place.abi(), descriptor, length, !place.stream());
  }

  /**
   * Takes what is next in the ring, to {@link #received}.
   *
   * @return its length; 0 for an empty datagram or the end of a stream; {@link #FOREIGN}
   */
  int receive() {
    if (!open) {
      return GONE;
    }
    int length = memory.receive(place.abi(), descriptor, !place.stream());
    if (length < 0 || place.stream()) {
      return length;
    }
    if (ArgoAbi.domid(memory.address()) != place.domid()
        || ArgoAbi.port(memory.address()) != place.port()) {
      foreign++;
      return FOREIGN;
    }
    return length;
  }

  /** The bytes of the last receipt. */
  byte[] received(int length) {
    return memory.received().asSlice(0, length).toArray(JAVA_BYTE);
  }

  /** Empties the ring. */
  void discard() {
    // No more than it can hold, lest somebody who sends and sends keeps us here.
    int most = place.abi().ringSize() / 16;
    while (most > 0 && receive() != -Errno.EAGAIN) {
      most--;
    }
  }

  /** How many datagrams of others were dropped. */
  long foreign() {
    return foreign;
  }

  /** Has a word said at the end; null for none. */
  void farewell(@Nullable String word) {
    farewell = word;
  }

  /** Says farewell, if there is room for it, and gives the descriptor back. Idempotent. */
  void close() {
    if (open) {
      if (farewell != null) {
        send(farewell);
      }
      open = false;
      Libc.call(C.close(), descriptor);
    }
  }
}
