package org.qmpkit.net.linux;

import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import org.qmpkit.net.SocketPoller;

/** A listening socket that nobody accepts from yet. */
final class BoundSocket implements SocketPoller.Bound {
  private static final int TAKEN = -1;

  private final int family;
  private final SocketAddress address;
  private int descriptor;

  private BoundSocket(int descriptor, int family, SocketAddress address) {
    this.descriptor = descriptor;
    this.family = family;
    this.address = address;
  }

  static BoundSocket bind(SocketAddress at, int backlog, MemorySegment scratch) throws IOException {
    int family = SocketAddresses.family(at);
    int descriptor = Sockets.open(family);
    boolean bound = false;
    try {
      if (SocketAddresses.isIp(family)) {
        Sockets.set(descriptor, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR, 1, scratch);
      }
      int length = SocketAddresses.write(at, scratch);
      Libc.checked(Libc.call(C.bind(), descriptor, scratch.address(), length));
      Libc.checked(Libc.call(C.listen(), descriptor, backlog));
      SocketAddress real = Sockets.local(descriptor, scratch);
      bound = true;
      return new BoundSocket(descriptor, family, family == SocketAddresses.UNIX ? at : real);
    } finally {
      if (!bound) {
        Libc.call(C.close(), descriptor);
      }
    }
  }

  /** One that listens already. Its address is not asked for: users name it by its number. */
  static BoundSocket inherited(int descriptor, int family) {
    return new BoundSocket(descriptor, family, new KernelName(""));
  }

  int family() {
    return family;
  }

  /** Its descriptor, which is the caller's to close from here on. */
  int take() {
    int taken = descriptor;
    descriptor = TAKEN;
    return taken;
  }

  @Override
  public SocketAddress address() {
    return address;
  }

  @Override
  public void close() {
    int open = take();
    if (open != TAKEN) {
      Libc.call(C.close(), open);
    }
  }
}
