package org.qmpkit.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder in which somebody's monitors are.
 *
 * @param path where it is
 * @param names which of its files are sockets, or folders with one; a pattern of the shell's
 * @param within the socket's name in each of these folders; empty where they are sockets
 * @param by whose they are; empty where that is to be seen otherwise
 * @param helpers whether helpers alone have sockets there
 */
record Folder(String path, String names, String within, String by, boolean helpers) {
  private static final String ROUTES = "*.qmp";

  /** A domain has a folder of its own; the socket in it is called so. */
  private static final String LIBVIRTS = "domain-*";

  static final String LIBVIRTS_SOCKET = "monitor.sock";

  /** The helpers' own, and Xen's: {@code /var/run} is {@code /run} on most systems, not on all. */
  private static final List<Folder> OF_ALL =
      List.of(
          new Folder("/run/qmp", ROUTES, "", "", true),
          new Folder("/run/qmpkit", ROUTES, "", "", true),
          new Folder("/run/xen", "qmp-libx{l,enstat}-*", "", "Xen", false),
          new Folder("/var/run/xen", "qmp-libx{l,enstat}-*", "", "Xen", false),
          new Folder("/var/lib/libvirt/qemu", LIBVIRTS, LIBVIRTS_SOCKET, "libvirt", false),
          new Folder("/run/qemu-server", ROUTES, "", "Proxmox", false),
          new Folder("/var/run/qemu-server", ROUTES, "", "Proxmox", false));

  /** All that there may be for a user, whether or not they are there. */
  static List<Folder> all(Map<String, String> environment) {
    List<Folder> all = new ArrayList<>(OF_ALL);
    set(environment, "XDG_RUNTIME_DIR")
        .ifPresent(each -> all.add(new Folder(each + "/qmp", ROUTES, "", "", true)));
    set(environment, "XDG_CONFIG_HOME")
        .or(() -> set(environment, "HOME").map(home -> home + "/.config"))
        .ifPresent(each ->
            all.add(
                new Folder(
                    each + "/libvirt/qemu/lib", LIBVIRTS, LIBVIRTS_SOCKET, "libvirt", false)));
    return all;
  }

  private static Optional<String> set(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable)).filter(each -> each.startsWith("/"));
  }

  @Override
  public String toString() {
    return path + "/" + names + (within.isEmpty() ? "" : "/" + within);
  }
}
