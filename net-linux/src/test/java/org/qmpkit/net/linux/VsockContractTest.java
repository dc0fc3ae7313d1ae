package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.qmpkit.net.Address;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;
import org.qmpkit.testkit.TransportContract;

/** On CID 1, this machine as a peer of its own. */
final class VsockContractTest extends TransportContract {
  private static final Address PLACE = Address.parse("vsock:1:0");

  @BeforeAll
  static void needsTheLoopback() throws IOException {
    VsockTransport vsock = new VsockTransport();
    String why = vsock.unavailable().orElse("");
    if (why.isEmpty()) {
      try (Loop loop = new Loop(new EpollPoller())) {
        vsock.listen(PLACE, loop).close();
      } catch (TransportException e) {
        why = e.getMessage() + " (needs the kernel module vsock_loopback)";
      }
    }
    assumeTrue(why.isEmpty(), why);
  }

  @Override
  protected Transport transport() {
    return new VsockTransport();
  }

  @Override
  protected Poller poller() throws IOException {
    return new EpollPoller();
  }

  @Override
  protected Address place() {
    return PLACE;
  }

  @Override
  protected boolean refusesWhenFull() {
    return true;
  }
}
