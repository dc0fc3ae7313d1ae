package org.qmpkit.cli;

import java.util.List;
import java.util.Map;
import org.qmpkit.helper.Setting;
import org.qmpkit.net.Transport;
import org.qmpkit.net.Transports;

/**
 * What OpenXT's {@code qmp_helper} is told on its command line: a guest and the stub domain that
 * has its QEMU; or, as in 2016, the stub domain alone.
 *
 * @param named the domain that the socket is named after
 * @param stubdom the domain that QEMU is in
 * @param generation of the protocol that such a QEMU has
 */
record GuestRoute(int named, int stubdom, int generation) {
  private static final List<String> TRANSPORTS = List.of("argo", "v4v");

  static GuestRoute of(List<String> words) throws UsageException {
    return switch (words.size()) {
      case 1 -> new GuestRoute(domid(words.get(0)), domid(words.get(0)), 1);
      case 2 -> new GuestRoute(domid(words.get(0)), domid(words.get(1)), 3);
      default -> throw new UsageException("expected GUEST STUBDOM, found " + words);
    };
  }

  private static int domid(String word) throws UsageException {
    if (!word.matches("[0-9]{1,5}") || Integer.parseInt(word) > 32_751) {
      throw new UsageException(
          "'"
              + word
              + "' is no domain, a number from 0 to 32751; both ends of another route are"
              + " named with --listen and --connect");
    }
    return Integer.parseInt(word);
  }

  /**
   * The settings of the route, for those that the command line does not set itself.
   *
   * @param transport {@code argo} or {@code v4v}; empty for the one that can be used here
   */
  Map<Setting, String> settings(String transport) throws UsageException {
    if (!transport.isEmpty() && !TRANSPORTS.contains(transport)) {
      throw new UsageException("transport '" + transport + "' is neither argo nor v4v");
    }
    String scheme = transport.isEmpty() ? usable() : transport;
    String spoken = generation == 3 ? "" : ",generation=" + generation;
    return Map.of(
        Setting.LISTEN,
        "unix:/var/run/xen/qmp-libxl-" + named,
        Setting.CONNECT,
        scheme + ":" + stubdom + spoken,
        // QEMU comes some seconds after us, and libxl speaks to it at once.
        Setting.RETRY,
        "250ms");
  }

  /** The node in xenstore that OpenXT's libxl has for the process. */
  String pidNode() {
    return "/local/domain/" + stubdom + "/qmp-helper-pid";
  }

  /** The first of the two whose devices are here; if none is, the first, which will say why. */
  private static String usable() {
    return Transports.load().all().stream()
        .filter(each -> TRANSPORTS.contains(each.scheme()) && each.unavailable().isEmpty())
        .map(Transport::scheme)
        .findFirst()
        .orElse(TRANSPORTS.getFirst());
  }
}
