package org.qmpkit.helper;

import java.util.Map;
import org.qmpkit.net.Address;

/** By what channel the monitor of a QEMU in a stub domain is reached, and under which name. */
@FunctionalInterface
interface StubDomainChannel {
  /** Where Xen's {@code vchan-socket-proxy --mode=server} in the stub domain offers it. */
  StubDomainChannel VCHAN =
      (guest, stubDomain) ->
          new Address(
              "vchan",
              stubDomain + ":/local/domain/" + stubDomain + "/device-model/" + guest + "/qmp-vchan",
              Map.of());

  /** The monitor of a guest whose QEMU runs in a stub domain; both by their numbers. */
  Address monitor(int guest, int stubDomain);
}
