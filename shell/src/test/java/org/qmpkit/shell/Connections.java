package org.qmpkit.shell;

import java.time.Duration;
import org.qmpkit.client.QmpClient;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QmpOptions;
import org.qmpkit.client.SchemaCache;
import org.qmpkit.net.Address;
import org.qmpkit.testkit.RealQemu;

/** Connections to a QEMU that may be slow, with nothing kept for later ones. */
final class Connections {
  private Connections() {}

  static QmpClient to(RealQemu qemu) throws QmpException, InterruptedException {
    return QmpClient.connect(
        Address.unix(qemu.path()),
        QmpOptions.DEFAULT
            .withConnectTimeout(Duration.ofMinutes(1))
            .withSchemaCache(SchemaCache.none()));
  }
}
