package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.qmpkit.net.linux.ArgoAbi.DEV_ADDR;
import static org.qmpkit.net.linux.ArgoAbi.DEV_BUF;
import static org.qmpkit.net.linux.ArgoAbi.DEV_FLAGS;
import static org.qmpkit.net.linux.ArgoAbi.DEV_LEN;
import static org.qmpkit.net.linux.ArgoAbi.DEV_SIZE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

/**
 * The functions and the memory for calls of Argo's devices; for one thread at a time.
 *
 * <p>What is sent is read by Xen itself, which can't fetch a page that is not there: so the memory
 * is touched, and locked where that is allowed. What is received must go where all that was
 * promised can be written, else the kernel empties the ring without a word.
 */
final class ArgoMemory {
  private static final MethodHandle OPEN = Libc.function("open");
  private static final MethodHandle IOCTL = Libc.function("ioctl");
  private static final MethodHandle MLOCK = Libc.function("mlock");

  private static final int PAGE = 4096;

  /** More than any piece is long. */
  private static final int SEND_SIZE = 8 * PAGE;

  private static final int RDWR = 2;
  private static final int CLOEXEC = 0x80000;
  private static final int F_SETFL = 4;
  private static final int NONBLOCK = 0x800;

  private final MemorySegment dev;
  private final MemorySegment address;
  private final MemorySegment sending;
  private final MemorySegment received;

  /** Memory of an arena; what is received goes to memory that the caller lends. */
  ArgoMemory(Arena arena, MemorySegment received) {
    MemorySegment all = arena.allocate(SEND_SIZE + PAGE, PAGE);
    this.sending = all.asSlice(0, SEND_SIZE).fill((byte) ' ');
    this.dev = all.asSlice(SEND_SIZE, DEV_SIZE);
    this.address = all.asSlice(SEND_SIZE + DEV_SIZE, ArgoAbi.ID_SIZE);
    this.received = received;
    // What is refused here was touched, and that is what is needed.
    Libc.call(MLOCK, all.address(), all.byteSize());
  }

  /** Opens a device, non-blocking; -errno if that cannot be. The flag at open would be lost. */
  int open(String path) {
    try (Arena arena = Arena.ofConfined()) {
      int descriptor = Libc.call(OPEN, arena.allocateFrom(path).address(), RDWR | CLOEXEC);
      if (descriptor >= 0) {
        unblock(descriptor);
      }
      return descriptor;
    }
  }

  /** No call of a descriptor blocks from here on. */
  static void unblock(int descriptor) {
    Libc.call(Libc.C.fcntl(), descriptor, F_SETFL, NONBLOCK);
  }

  /** A request whose argument is a number. */
  int call(int descriptor, long request, int number) {
    address.set(JAVA_INT, 0, number);
    return Libc.call(IOCTL, descriptor, request, address.address());
  }

  /** A request that returns a number, which is what is returned here; -errno if it fails. */
  int ask(int descriptor, long request) {
    int result = call(descriptor, request, 0);
    return result < 0 ? result : address.get(JAVA_INT, 0);
  }

  /** A request whose argument is a port of a domain, or a ring. */
  int call(int descriptor, long request) {
    return Libc.call(IOCTL, descriptor, request, address.address());
  }

  /** The argument of the next {@link #call(int, long)}; after a receipt, who sent. */
  MemorySegment address() {
    return address;
  }

  /** Where a receipt leaves the bytes. */
  MemorySegment received() {
    return received;
  }

  /** Puts the next bytes of a buffer where Xen can read them; its position stays. */
  void put(ByteBuffer bytes, int length) {
    MemorySegment from = MemorySegment.ofBuffer(bytes.slice().limit(length));
    MemorySegment.copy(from, JAVA_BYTE, 0, sending, JAVA_BYTE, 0, length);
  }

  /** Puts blanks there. */
  void putBlanks(int length) {
    sending.asSlice(0, length).fill((byte) ' ');
  }

  /**
   * Sends what was put.
   *
   * @param addressed whether it goes to {@link #address}; else to who is connected
   * @return how many bytes went; -errno
   */
  int send(ArgoAbi abi, int descriptor, int length, boolean addressed) {
    int result = -Errno.EINTR;
    boolean touched = false;
    while (result == -Errno.EINTR || (result == -Errno.EFAULT && !touched)) {
      if (result == -Errno.EFAULT) {
        touched = true;
        touch();
      }
      describe(sending, length, ArgoAbi.DONTWAIT | ArgoAbi.NOSIGNAL, addressed);
      result = Libc.call(IOCTL, descriptor, abi.send(), dev.address());
    }
    return result;
  }

  private void touch() {
    for (long page = 0; page < sending.byteSize(); page += PAGE) {
      sending.set(JAVA_BYTE, page, sending.get(JAVA_BYTE, page));
    }
  }

  /**
   * Receives one message.
   *
   * @param datagram whether it is one; then {@link #address} says who sent it
   * @return how long it is; -errno
   */
  int receive(ArgoAbi abi, int descriptor, boolean datagram) {
    int result = -Errno.EINTR;
    while (result == -Errno.EINTR) {
      address.fill((byte) 0);
      int flags = ArgoAbi.DONTWAIT | (datagram ? ArgoAbi.TRUNC : 0);
      describe(received, received.byteSize(), flags, datagram);
      result = Libc.call(IOCTL, descriptor, abi.receive(), dev.address());
    }
    return result;
  }

  private void describe(MemorySegment bytes, long length, int flags, boolean addressed) {
    dev.set(JAVA_LONG, DEV_BUF, bytes.address());
    dev.set(JAVA_LONG, DEV_LEN, length);
    dev.set(JAVA_INT, DEV_FLAGS, flags);
    dev.set(JAVA_LONG, DEV_ADDR, addressed ? address.address() : 0);
  }
}
