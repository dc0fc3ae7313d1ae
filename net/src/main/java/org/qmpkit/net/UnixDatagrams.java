package org.qmpkit.net;

import java.io.IOException;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Single messages to UNIX datagram sockets, as systemd takes them, which the JDK has no channel
 * for. Found by {@link ServiceLoader}; the module net-linux has one. From any thread.
 */
public interface UnixDatagrams {

  /** The first one that can be used on this host. Loads native code. */
  static Optional<UnixDatagrams> load() {
    return ServiceLoader.load(UnixDatagrams.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(each -> each.unavailable().isEmpty())
        .findFirst();
  }

  /** Why it cannot be used on this host; empty if it can. */
  Optional<String> unavailable();

  /**
   * Sends one message; does not block.
   *
   * @param place the path of a socket, or {@code @} and an abstract name
   * @throws BacklogFullException if the receiver has too many to read
   * @throws IOException if nobody takes messages there, or the message is too long for one
   */
  void send(String place, byte[] message) throws IOException;
}
