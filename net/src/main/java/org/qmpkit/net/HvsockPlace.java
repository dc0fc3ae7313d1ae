package org.qmpkit.net;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What an {@code hvsock:} address names.
 *
 * @param path of the hypervisor's UNIX socket
 * @param port of the guest, or of the host as the guest sees it: 0 to 4294967294
 */
record HvsockPlace(Path path, long port) {
  /** 4294967295 is VMADDR_PORT_ANY, which is no port. */
  private static final long LARGEST_PORT = 0xFFFF_FFFEL;

  /**
   * The place of an address.
   *
   * @param options those it may have
   * @throws TransportException if it is none, with the rule that it breaks
   */
  static HvsockPlace of(String attempted, Address address, List<String> options)
      throws TransportException {
    try {
      address.checkOptions(options);
    } catch (AddressException e) {
      throw wrong(attempted, address, String.valueOf(e.getMessage()));
    }
    String target = address.target();
    int colon = target.lastIndexOf(':');
    String digits = target.substring(colon + 1);
    if (colon <= 0 || !digits.matches("[0-9]{1,10}")) {
      throw wrong(attempted, address, "'" + target + "' is not /path:PORT");
    }
    long port = Long.parseLong(digits);
    if (port > LARGEST_PORT) {
      throw wrong(attempted, address, "port " + port + " is not within 0 to " + LARGEST_PORT);
    }
    return new HvsockPlace(path(attempted, address, target.substring(0, colon)), port);
  }

  /**
   * Where a listener has its socket.
   *
   * @throws TransportException if the path is too long for one, or an option is wrong
   */
  SocketPlace listening(Address address) throws TransportException {
    try {
      return SocketPlace.of(new Address("unix", path + "_" + port, address.options()));
    } catch (TransportException e) {
      throw at(address, e);
    }
  }

  private static Path path(String attempted, Address address, String path)
      throws TransportException {
    try {
      return SocketPlace.path(attempted, new Address("unix", path, Map.of()));
    } catch (TransportException e) {
      throw at(address, e);
    }
  }

  /** The same failure, on the address as it was written. */
  private static TransportException at(Address address, TransportException e) {
    return new TransportException(
        e.attempted(), address, e.reason(), e.remedy(), e.retryable(), e.getCause());
  }

  private static TransportException wrong(String attempted, Address address, String reason) {
    return new TransportException(
        attempted, address, reason, "as in hvsock:/run/vm.sock:4444", false, null);
  }
}
