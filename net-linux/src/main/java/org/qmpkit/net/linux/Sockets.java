package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.SocketAddress;
import java.util.Optional;
import org.qmpkit.net.Credentials;

/** socket(2) and what is asked of a socket, by memory that the caller lends. */
final class Sockets {
  static final int STREAM = 1;
  private static final int DATAGRAM = 2;
  private static final int NONBLOCK = 0x800;
  private static final int CLOEXEC = 0x80000;

  static final int SOL_SOCKET = 1;
  static final int SO_REUSEADDR = 2;
  static final int SO_ERROR = 4;
  static final int SO_KEEPALIVE = 9;
  static final int SO_PEERCRED = 17;
  private static final int TCP = 6;
  private static final int TCP_NODELAY = 1;

  private Sockets() {}

  /** A new stream socket, non-blocking and not for children. */
  static int open(int family) throws IOException {
    return Libc.checked(Libc.call(C.socket(), family, STREAM | NONBLOCK | CLOEXEC, 0));
  }

  /** A new UNIX datagram socket, non-blocking and not for children. */
  static int openDatagram() throws IOException {
    return Libc.checked(
        Libc.call(C.socket(), SocketAddresses.UNIX, DATAGRAM | NONBLOCK | CLOEXEC, 0));
  }

  /**
   * Takes a connection.
   *
   * @return -errno if there is none
   */
  static int accept(int socket) {
    return Libc.call(C.accept4(), socket, 0, 0, NONBLOCK | CLOEXEC);
  }

  /** The options of every TCP connection, whichever side began it. */
  static void setConnectionOptions(int socket, int family, MemorySegment scratch) {
    if (SocketAddresses.isIp(family)) {
      set(socket, TCP, TCP_NODELAY, 1, scratch);
      set(socket, SOL_SOCKET, SO_KEEPALIVE, 1, scratch);
    }
  }

  static int set(int socket, int level, int option, int value, MemorySegment scratch) {
    scratch.set(JAVA_INT, 0, value);
    return Libc.call(C.setsockopt(), socket, level, option, scratch.address(), 4);
  }

  /** An option of SOL_SOCKET that is a number; -errno if the system won't tell. */
  static int get(int socket, int option, MemorySegment scratch) {
    scratch.set(JAVA_INT, 0, 4);
    int result =
        Libc.call(
            C.getsockopt(), socket, SOL_SOCKET, option, scratch.address() + 16, scratch.address());
    return result < 0 ? result : scratch.get(JAVA_INT, 16);
  }

  /** The socket's own address. */
  static SocketAddress local(int socket, MemorySegment scratch) {
    return name(C.getsockname(), socket, scratch);
  }

  /** The address of the peer; one without a name if it has gone already. */
  static SocketAddress remote(int socket, MemorySegment scratch) {
    return name(C.getpeername(), socket, scratch);
  }

  private static SocketAddress name(MethodHandle which, int socket, MemorySegment scratch) {
    MemorySegment at = scratch.asSlice(16, SocketAddresses.ROOM).fill((byte) 0);
    scratch.set(JAVA_INT, 0, SocketAddresses.ROOM);
    Libc.call(which, socket, at.address(), scratch.address());
    return SocketAddresses.read(at);
  }

  /** Whether there is, or was, a peer. */
  static boolean isConnected(int socket, MemorySegment scratch) {
    scratch.set(JAVA_INT, 0, SocketAddresses.ROOM);
    return Libc.call(C.getpeername(), socket, scratch.address() + 16, scratch.address()) >= 0;
  }

  /** Who is on the other end of a UNIX socket, or called listen there. */
  static Optional<Credentials> credentials(int socket, MemorySegment scratch) {
    scratch.set(JAVA_INT, 0, 12);
    long at = scratch.address() + 16;
    int result = Libc.call(C.getsockopt(), socket, SOL_SOCKET, SO_PEERCRED, at, scratch.address());
    return result < 0
        ? Optional.empty()
        : Optional.of(
            new Credentials(
                scratch.get(JAVA_INT, 16),
                Integer.toUnsignedLong(scratch.get(JAVA_INT, 20)),
                Integer.toUnsignedLong(scratch.get(JAVA_INT, 24))));
  }
}
