package org.qmpkit.net.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.UnixTransport;
import org.qmpkit.testkit.TransportContract;

/** UNIX sockets with {@code fds=on}, which are read and written by other calls. */
final class EpollUnixFdsContractTest extends TransportContract {
  @TempDir Path dir;
  private int places;

  @Override
  protected Transport transport() {
    return new UnixTransport();
  }

  @Override
  protected Poller poller() throws IOException {
    return new EpollPoller();
  }

  @Override
  protected Address place() {
    return new Address("unix", dir.resolve("s" + ++places).toString(), Map.of("fds", "on"));
  }
}
