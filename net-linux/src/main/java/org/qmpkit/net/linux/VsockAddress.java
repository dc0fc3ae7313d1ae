package org.qmpkit.net.linux;

import java.net.SocketAddress;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.qmpkit.net.Address;
import org.qmpkit.net.AddressException;
import org.qmpkit.net.TransportException;

/** A port of a machine, as a host and its guests count them; {@code sockaddr_vm}, vsock(7). */
final class VsockAddress extends SocketAddress {
  private static final long serialVersionUID = 1;

  /** VMADDR_CID_ANY and VMADDR_PORT_ANY. */
  static final int ANY = -1;

  private static final Pattern TARGET = Pattern.compile("(any|[0-9]{1,10}):([0-9]{1,10})");
  private static final long LARGEST = 0xFFFF_FFFFL;

  private final int cid;
  private final int port;

  /** From the numbers of the system, which are unsigned. */
  VsockAddress(int cid, int port) {
    this.cid = cid;
    this.port = port;
  }

  /**
   * Where a {@code vsock:} address connects to.
   *
   * @throws TransportException if it is none, or names no single place
   */
  static VsockAddress toConnect(Address address) throws TransportException {
    VsockAddress read = read(VsockTransport.CONNECT, address);
    if (read.cid == ANY) {
      throw wrong(
          VsockTransport.CONNECT,
          address,
          "any CID is for listening; 2 is the host, a guest's is" + " in its configuration");
    }
    if (read.port == ANY || read.port == 0) {
      throw wrong(VsockTransport.CONNECT, address, "port " + text(read.port) + " is for listening");
    }
    return read;
  }

  /**
   * Where a {@code vsock:} address listens; port 0 lets the system choose, as 4294967295 does.
   *
   * @throws TransportException if it is none
   */
  static VsockAddress toListen(Address address) throws TransportException {
    VsockAddress read = read(VsockTransport.LISTEN, address);
    return read.port == 0 ? new VsockAddress(read.cid, ANY) : read;
  }

  private static VsockAddress read(String attempted, Address address) throws TransportException {
    Matcher parts = TARGET.matcher(address.target());
    if (!parts.matches()) {
      throw wrong(attempted, address, "'" + address.target() + "' is not CID:PORT or any:PORT");
    }
    try {
      address.checkOptions(List.of());
    } catch (AddressException e) {
      throw wrong(attempted, address, String.valueOf(e.getMessage()));
    }
    String cid = parts.group(1);
    return new VsockAddress(
        cid.equals("any") ? ANY : number(attempted, address, "CID", cid),
        number(attempted, address, "port", parts.group(2)));
  }

  private static int number(String attempted, Address address, String what, String digits)
      throws TransportException {
    long number = Long.parseLong(digits);
    if (number > LARGEST) {
      throw wrong(attempted, address, what + " " + digits + " is not within 0 to " + LARGEST);
    }
    return (int) number;
  }

  private static TransportException wrong(String attempted, Address address, String reason) {
    return new TransportException(
        attempted, address, reason, "as in vsock:3:4444, or vsock:any:4444 to listen", false, null);
  }

  private static String text(int number) {
    return Integer.toUnsignedString(number);
  }

  int cid() {
    return cid;
  }

  int port() {
    return port;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VsockAddress that && cid == that.cid && port == that.port;
  }

  @Override
  public int hashCode() {
    return 31 * cid + port;
  }

  /** As the target of an address. */
  @Override
  public String toString() {
    return (cid == ANY ? "any" : text(cid)) + ":" + text(port);
  }
}
