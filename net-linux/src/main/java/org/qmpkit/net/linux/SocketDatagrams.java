package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.qmpkit.net.linux.Libc.C;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Optional;
import org.qmpkit.net.UnixDatagrams;

/**
 * Datagrams by sockets of the C library, a new one each: they are seldom, and receivers restart.
 */
public final class SocketDatagrams implements UnixDatagrams {

  /** For the service loader. */
  public SocketDatagrams() {}

  @Override
  public Optional<String> unavailable() {
    return Libc.unavailable();
  }

  @Override
  public void send(String place, byte[] message) throws IOException {
    SocketAddress to =
        place.startsWith("@")
            ? new KernelName(place.substring(1))
            : UnixDomainSocketAddress.of(place);
    int socket = Sockets.openDatagram();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(SocketAddresses.ROOM, 8);
      int length = SocketAddresses.write(to, address);
      Libc.checked(Libc.call(C.connect(), socket, address.address(), length));
      MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, message);
      Libc.checked(Libc.call(C.write(), socket, bytes.address(), message.length));
    } finally {
      Libc.call(C.close(), socket);
    }
  }
}
