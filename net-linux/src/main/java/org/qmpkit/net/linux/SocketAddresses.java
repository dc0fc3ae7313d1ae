package org.qmpkit.net.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** {@code struct sockaddr} and its kin. */
final class SocketAddresses {
  static final int UNIX = 1;
  static final int INET = 2;
  static final int INET6 = 10;
  static final int VSOCK = 40;

  /** {@code sizeof (struct sockaddr_storage)}: room for any of them. */
  static final int ROOM = 128;

  private static final int UNIX_PATH = 2;
  private static final int UNIX_ROOM = 108;
  private static final int VSOCK_PORT = 4;
  private static final int VSOCK_CID = 8;
  private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);

  private SocketAddresses() {}

  /** Whether a family is AF_INET or AF_INET6. */
  static boolean isIp(int family) {
    return family == INET || family == INET6;
  }

  /** The family of an address: AF_UNIX, AF_INET, AF_INET6 or AF_VSOCK. */
  static int family(SocketAddress address) {
    if (address instanceof InetSocketAddress inet) {
      return inet.getAddress() instanceof Inet6Address ? INET6 : INET;
    }
    return address instanceof VsockAddress ? VSOCK : UNIX;
  }

  /**
   * Writes an address as C has it.
   *
   * @param into at least {@link #ROOM} bytes
   * @return its length in bytes
   * @throws IOException if it does not fit, or is of an unknown kind
   */
  static int write(SocketAddress address, MemorySegment into) throws IOException {
    into.asSlice(0, ROOM).fill((byte) 0);
    into.set(JAVA_SHORT, 0, (short) family(address));
    return switch (address) {
      case InetSocketAddress inet -> inet(inet, into);
      case UnixDomainSocketAddress unix ->
          unix(unix.getPath().toString().getBytes(FILE_NAMES), 0, into);
      case KernelName named -> unix(named.name().getBytes(StandardCharsets.UTF_8), 1, into);
      case VsockAddress vsock -> vsock(vsock, into);
      default -> throw new IOException("no socket address: " + address);
    };
  }

  private static int inet(InetSocketAddress inet, MemorySegment into) {
    byte[] bytes = inet.getAddress().getAddress();
    into.set(PORT, 2, (short) inet.getPort());
    if (inet.getAddress() instanceof Inet6Address six) {
      MemorySegment.copy(bytes, 0, into, JAVA_BYTE, 8, bytes.length);
      into.set(JAVA_INT, 24, six.getScopeId());
      return 28;
    }
    MemorySegment.copy(bytes, 0, into, JAVA_BYTE, 4, bytes.length);
    return 16;
  }

  private static int vsock(VsockAddress vsock, MemorySegment into) {
    into.set(JAVA_INT, VSOCK_PORT, vsock.port());
    into.set(JAVA_INT, VSOCK_CID, vsock.cid());
    return 16;
  }

  /** A path, with its NUL behind it, or an abstract name, with one before it. */
  private static int unix(byte[] name, int before, MemorySegment into) throws IOException {
    if (name.length + 1 > UNIX_ROOM) {
      throw new IOException("a name of " + name.length + " bytes is too long for a socket");
    }
    MemorySegment.copy(name, 0, into, JAVA_BYTE, UNIX_PATH + before, name.length);
    return UNIX_PATH + name.length + 1;
  }

  /**
   * Reads the address of a TCP or vsock socket; a UNIX socket's is reported without a name, which
   * nobody asks for.
   */
  static SocketAddress read(MemorySegment from) {
    int family = from.get(JAVA_SHORT, 0);
    if (family == VSOCK) {
      return new VsockAddress(from.get(JAVA_INT, VSOCK_CID), from.get(JAVA_INT, VSOCK_PORT));
    }
    if (!isIp(family)) {
      return new KernelName("");
    }
    byte[] host = new byte[family == INET ? 4 : 16];
    MemorySegment.copy(from, JAVA_BYTE, family == INET ? 4 : 8, host, 0, host.length);
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(host), Short.toUnsignedInt(from.get(PORT, 2)));
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are an address", e);
    }
  }
}
