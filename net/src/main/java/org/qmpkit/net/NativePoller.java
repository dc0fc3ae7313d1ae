package org.qmpkit.net;

import java.net.SocketAddress;

/**
 * A {@link SocketPoller} on the system's own descriptors, for what the JDK's channels cannot do:
 * abstract names, descriptors that are passed along, numbers of processes and users, descriptors
 * that were inherited. The module net-linux has one.
 */
public interface NativePoller extends SocketPoller {

  /**
   * A socket that this process was started with, and that listens already.
   *
   * @param address what it is called in errors
   * @throws TransportException if there is no such descriptor, or it is no UNIX socket that
   *     listens, or it is in use
   */
  Bound inherited(int descriptor, Address address) throws TransportException;

  /** The address of a UNIX socket by an abstract name, without its {@code @}. */
  SocketAddress abstractName(String name);

  /**
   * Has an endpoint of this poller, on a UNIX socket, carry descriptors from here on.
   *
   * @param endpoint nobody's any more: its owner has what is returned in its place
   */
  DescriptorEndpoint withDescriptors(Endpoint endpoint);
}
