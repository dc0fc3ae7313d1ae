package org.qmpkit.net.linux;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.qmpkit.net.Address;
import org.qmpkit.net.Poller;
import org.qmpkit.testkit.TransportContract;

/** A domain that talks to itself, on emulated devices. */
@Tag("devices")
abstract class ArgoContract extends TransportContract {
  private static final AtomicInteger PORTS = new AtomicInteger(20_000);

  /** The two sides of a new conversation, with the ports of QEMU's side and of the helper's. */
  @Override
  protected final Address place() {
    int qemu = PORTS.getAndAdd(2);
    return Address.parse(scheme() + ":0:" + (qemu + 1) + ",localport=" + qemu + options());
  }

  abstract String scheme();

  String options() {
    return "";
  }

  /** Our own port of the side that connects. */
  String helper(String port) {
    return port;
  }

  @Override
  protected final Address reaching(Address listening) {
    String port = listening.target().substring(listening.target().indexOf(':') + 1);
    Map<String, String> options = new HashMap<>(listening.options());
    String qemu = options.put("localport", helper(port));
    return new Address(listening.scheme(), "0:" + qemu, options);
  }

  @Override
  protected final Poller poller() throws IOException {
    return new EpollPoller();
  }

  /** The port of the one before is taken, and so is the ring's. */
  @Override
  protected final boolean refusesWhenFull() {
    return true;
  }

  @Override
  protected final boolean halfCloses() {
    return false;
  }
}
