package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.net.Address;

final class RouteSpecTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "/run/xen/qmp-libxl-6 | unix:/run/xen/qmp-libxenstat-6",
        "unix:qmp-libxl-12 | unix:qmp-libxenstat-12",
        "unix:/qmp-libxl-/qmp-libxl-6,mode=0660,fds=on |"
            + " unix:/qmp-libxl-/qmp-libxenstat-6,mode=0660",
        "/run/xen/qmp-libxl-6a | -",
        "/run/xen/qmp-libxl- | -",
        "/run/xen/my-qmp-libxl-6 | -",
        "/run/qmp.sock | -",
        "unix:/ | -",
        "tcp:qmp-libxl-6:4444 | -",
      })
  void libxenstatsSocketIsBesideLibxls(String listen, String statistics) {
    Address from = Address.parse("tcp:qemu:4444");
    RouteSpec shared = RouteSpec.of(Address.parse(listen), from, false);
    assertEquals(statistics, shared.statistics().map(Address::toString).orElse(null));
    assertEquals(
        null, new RouteSpec("r", shared.listen(), from, true).statistics().orElse(null), "relayed");
  }
}
