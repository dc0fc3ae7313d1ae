package org.qmpkit.net.linux;

import java.io.IOException;
import org.qmpkit.net.Address;
import org.qmpkit.net.Poller;
import org.qmpkit.net.TcpTransport;
import org.qmpkit.net.Transport;
import org.qmpkit.testkit.TransportContract;

final class EpollTcpContractTest extends TransportContract {

  @Override
  protected Transport transport() {
    return new TcpTransport();
  }

  @Override
  protected Poller poller() throws IOException {
    return new EpollPoller();
  }

  @Override
  protected Address place() {
    return Address.parse("tcp:127.0.0.1:0");
  }
}
