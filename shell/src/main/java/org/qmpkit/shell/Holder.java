package org.qmpkit.shell;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.qmpkit.net.Address;

/** Who probably holds a monitor that does not greet, to judge by where its socket is. */
final class Holder {
  private static final Map<Pattern, String> PLACES =
      Map.of(
          Pattern.compile("/libvirt/qemu/"), "libvirt",
          Pattern.compile("/qmp-libxl-"), "libxl (xl, or another toolstack of Xen)",
          Pattern.compile("/qmp-libxenstat-"), "xentop",
          Pattern.compile("/qemu-server/"), "Proxmox VE",
          Pattern.compile("/(incus|lxd)/"), "Incus or LXD",
          Pattern.compile("/(kata|vc)/"), "Kata Containers",
          Pattern.compile("/qemu\\.mon|multipass"), "Multipass",
          Pattern.compile("/ganeti/"), "Ganeti");

  private Holder() {}

  /** Its name. */
  static Optional<String> likely(Address address) {
    return PLACES.entrySet().stream()
        .filter(each -> each.getKey().matcher(address.target()).find())
        .map(Map.Entry::getValue)
        .findFirst();
  }
}
