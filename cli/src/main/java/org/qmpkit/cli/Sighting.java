package org.qmpkit.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;

/**
 * A socket at which a monitor is, or was, with what is known of it without connecting. It gathers
 * what several sources say; one thread at a time.
 */
final class Sighting {
  static final String HELPER = "helper";

  /** A longer name is none that anybody types. */
  static final int LONGEST_NAME = 255;

  private final Path socket;
  private final Set<String> names = new LinkedHashSet<>();
  private final Set<Integer> users = new LinkedHashSet<>();
  private String by = "";
  private Processes.@Nullable SharedAt route;
  private Processes.@Nullable SharedAt through;
  private @Nullable QemuProcess qemu;
  private boolean isRouteDisputed;
  private boolean isQemuDisputed;
  private @Nullable Folder folder;

  Sighting(Path socket) {
    this.socket = socket;
    try {
      users.add(Users.of(socket));
    } catch (IOException e) {
      // What is not there is nobody's.
    }
  }

  /** The identity of what is at a path; the path itself where nothing is. */
  static Object key(Path socket) {
    try {
      return List.of(
          Files.getAttribute(socket, "unix:dev"), Files.getAttribute(socket, "unix:ino"));
    } catch (IOException e) {
      return socket.toAbsolutePath().normalize();
    }
  }

  Path socket() {
    return socket;
  }

  Address address() {
    return Address.unix(socket);
  }

  /** What it is called, the best name first. */
  List<String> names() {
    return new ArrayList<>(names);
  }

  void name(String name) {
    if (!name.isBlank() && name.length() <= LONGEST_NAME) {
      names.add(name);
    }
  }

  /** A name that is better than those it has. */
  void nameFirst(String name) {
    List<String> others = names();
    names.clear();
    name(name);
    names.addAll(others);
  }

  /** Who made it: helper, libvirt, Xen, Proxmox or QEMU; empty if that is not known. */
  String by() {
    return by;
  }

  void by(String who) {
    by = who;
  }

  /** The folder where it was found; null if a command line told of it. */
  @Nullable Folder folder() {
    return folder;
  }

  void in(Folder where) {
    folder = where;
    by = where.by();
  }

  /** The helper's route that listens there; null if none is known to. */
  Processes.@Nullable SharedAt route() {
    return route;
  }

  /** A helper says that it listens there; of two that say so, and differ, none is known. */
  void route(Processes.SharedAt known) {
    users.add(known.user());
    isRouteDisputed |=
        route != null
            && !(route.route().equals(known.route())
                && Objects.equals(route.connect(), known.connect()));
    route = isRouteDisputed ? null : known;
  }

  /** The helper's route that shares this monitor of QEMU; null if none is known to. */
  Processes.@Nullable SharedAt through() {
    return through;
  }

  void through(Processes.SharedAt known) {
    through = known;
  }

  /** The QEMU that listens there; null if none is known to. */
  @Nullable QemuProcess qemu() {
    return qemu;
  }

  /** A QEMU says that it listens there; of two that say so, and differ in name, none is known. */
  void qemu(QemuProcess process) {
    users.add(process.user());
    isQemuDisputed |= qemu != null && !qemu.name().equals(process.name());
    qemu = isQemuDisputed ? null : process;
  }

  /** Whether nobody has a hand in it whose names are not to be trusted. */
  boolean isTrusted() {
    return users.stream().allMatch(Users::isTrusted);
  }
}
