package org.qmpkit.testkit;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.qmpkit.net.Address;
import org.qmpkit.net.Poller;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.TlsTransport;
import org.qmpkit.net.Transport;

/** Mutual: each side shows a certificate and demands one. */
final class TlsTransportContractTest extends TransportContract {
  @TempDir static Path folder;
  static Certificates certificates;

  @BeforeAll
  static void issue() throws IOException {
    certificates = Certificates.authority(folder, "CN=contract CA").issue("both", "EC");
  }

  @Override
  protected Transport transport() {
    return new TlsTransport();
  }

  @Override
  protected Poller poller() throws IOException {
    return new SelectorPoller();
  }

  @Override
  protected Address place() {
    return Address.parse("tls:127.0.0.1:0" + certificates.show("both") + certificates.believe());
  }
}
