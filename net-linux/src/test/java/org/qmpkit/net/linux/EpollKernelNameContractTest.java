package org.qmpkit.net.linux;

import java.io.IOException;
import org.qmpkit.net.Address;
import org.qmpkit.net.Poller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.UnixTransport;
import org.qmpkit.testkit.TransportContract;

final class EpollKernelNameContractTest extends TransportContract {
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
    return Address.parse("unix:@qmpkit-" + ProcessHandle.current().pid() + "-" + ++places);
  }
}
