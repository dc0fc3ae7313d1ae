package org.qmpkit.helper;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.qmpkit.net.Address;

/**
 * What a route is to be: who listens where for whom.
 *
 * @param name what it is called in the log; not empty
 * @param listen where clients connect
 * @param connect where QEMU's monitor is; with {@code server=on}, where QEMU dials us
 * @param relay whether bytes are passed untouched, for one client at a time; else the monitor is
 *     shared
 */
public record RouteSpec(String name, Address listen, Address connect, boolean relay) {
  private static final String ARROW = "=>";

  /** Where libxl looks for the monitor of a guest's QEMU, and libxenstat for its disks. */
  private static final String LIBXL = "qmp-libxl-";

  private static final String LIBXENSTAT = "qmp-libxenstat-";

  public RouteSpec {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name (\"" + name + "\") must not be blank");
    }
  }

  /** A route that is called after the last part of the place it listens on. */
  public static RouteSpec of(Address listen, Address connect, boolean relay) {
    String name = listen.toString();
    if (listen.scheme().equals("unix")) {
      Path file = Path.of(listen.target()).getFileName();
      name = file == null ? name : file.toString();
    }
    return new RouteSpec(name, listen, connect, relay);
  }

  /**
   * Reads a route as it is written on a command line, {@code "LISTEN => CONNECT"}.
   *
   * @throws IllegalArgumentException if the arrow is missing, or an address is none
   */
  public static RouteSpec parse(String text, boolean relay) {
    int arrow = text.indexOf(ARROW);
    if (arrow < 0) {
      throw new IllegalArgumentException(
          "route \""
              + text
              + "\" has no \"=>\"; write \"LISTEN => CONNECT\","
              + " as \"unix:/run/vm1.qmp => unix:/run/vm1.sock\"");
    }
    return of(
        Address.parse(text.substring(0, arrow).strip()),
        Address.parse(text.substring(arrow + ARROW.length()).strip()),
        relay);
  }

  /**
   * Where libxenstat, and so xentop, looks for the counters of this monitor's disks: {@code
   * qmp-libxenstat-N} beside a {@code qmp-libxl-N}, open to the same; empty for any other route.
   */
  Optional<Address> statistics() {
    Path file = listen.scheme().equals("unix") ? Path.of(listen.target()).getFileName() : null;
    if (relay || file == null || !file.toString().matches(LIBXL + "[0-9]+")) {
      return Optional.empty();
    }
    Map<String, String> options = new LinkedHashMap<>(listen.options());
    options.remove("fds");
    String sibling = file.toString().replace(LIBXL, LIBXENSTAT);
    String place = Path.of(listen.target()).resolveSibling(sibling).toString();
    return Optional.of(new Address("unix", place, options));
  }

  @Override
  public String toString() {
    return listen + " " + ARROW + " " + connect + (relay ? " (relay)" : "");
  }
}
