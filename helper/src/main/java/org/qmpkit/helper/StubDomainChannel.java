package org.qmpkit.helper;

import java.util.Map;
import org.qmpkit.net.Address;

/** By what the monitor of a QEMU in a stub domain is reached, and under which name. */
@FunctionalInterface
interface StubDomainChannel {
  /** Where Xen's {@code vchan-socket-proxy --mode=server} in the stub domain offers it. */
  StubDomainChannel VCHAN =
      (guest, stubDomain) ->
          new Address(
              "vchan",
              stubDomain + ":/local/domain/" + stubDomain + "/device-model/" + guest + "/qmp-vchan",
              Map.of());

  /** Where OpenXT's QEMU has it, on Argo. */
  StubDomainChannel ARGO =
      (guest, stubDomain) -> new Address("argo", Integer.toString(stubDomain), Map.of());

  /** The same on V4V. */
  StubDomainChannel V4V =
      (guest, stubDomain) -> new Address("v4v", Integer.toString(stubDomain), Map.of());

  /**
   * The one that is called so.
   *
   * @throws IllegalArgumentException if none is
   */
  static StubDomainChannel of(String name) {
    return switch (name) {
      case "vchan" -> VCHAN;
      case "argo" -> ARGO;
      case "v4v" -> V4V;
      default ->
          throw new IllegalArgumentException(
              "transport '" + name + "' is neither vchan nor argo nor v4v");
    };
  }

  /** The monitor of a guest whose QEMU runs in a stub domain; both by their numbers. */
  Address monitor(int guest, int stubDomain);
}
