package org.qmpkit.shell;

import java.util.LinkedHashMap;
import java.util.Map;
import org.qmpkit.client.QmpException;
import org.qmpkit.net.Address;

/** Other monitors that a shell is connected to, by the names it gave them. One thread at a time. */
final class Peers implements AutoCloseable {
  private static final int MOST = 100;

  private final Map<String, Monitor> monitors = new LinkedHashMap<>();

  /**
   * Connects to one; blocks. One of the same name is left.
   *
   * @throws LineException if there are too many
   * @throws QmpException as {@link Monitor#connect}
   * @throws InterruptedException if this thread is interrupted meanwhile
   */
  Monitor connect(String name, Address address, Monitor like)
      throws LineException, QmpException, InterruptedException {
    if (monitors.size() == MOST && !monitors.containsKey(name)) {
      throw new LineException("more than " + MOST + " connections; 'disconnect NAME' ends one");
    }
    Monitor monitor = like.at(address);
    monitor.connect();
    Monitor before = monitors.put(name, monitor);
    if (before != null) {
      before.close();
    }
    return monitor;
  }

  /** Leaves one; false if there is none of the name. */
  boolean leave(String name) {
    Monitor monitor = monitors.remove(name);
    if (monitor != null) {
      monitor.close();
    }
    return monitor != null;
  }

  /** All of them, by name, in the order in which they were connected. */
  Map<String, Monitor> all() {
    return new LinkedHashMap<>(monitors);
  }

  @Override
  public void close() {
    monitors.values().forEach(Monitor::close);
    monitors.clear();
  }
}
