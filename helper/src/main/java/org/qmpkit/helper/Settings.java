package org.qmpkit.helper;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.protocol.Journal.Severity;
import org.qmpkit.protocol.Limits;

/**
 * What a helper is told, gathered one setting at a time from a command line or a file. Each setter
 * says what is wrong with its value; {@link #routes} says what is missing.
 */
public final class Settings {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,9})([kKmM]?)");

  private final List<Map.Entry<Setting, String>> told = new ArrayList<>();
  private final List<RouteSpec> routes = new ArrayList<>();
  private @Nullable Address listen;
  private @Nullable Address connect;
  private @Nullable String name;
  private @Nullable Path config;
  private boolean relay;
  private int clientMessage = Limits.DEFAULT.clientMessage();
  private int qemuMessage = Limits.DEFAULT.qemuMessage();
  private Severity least = Severity.INFO;

  /** Settings of which nothing is told yet. */
  public Settings() {
    // Everything has its default.
  }

  /**
   * Takes one setting.
   *
   * @throws IllegalArgumentException if the value is not of its kind
   */
  public void set(Setting setting, String value) {
    take(setting, value);
    told.add(Map.entry(setting, value));
  }

  /** Settings that were told the same by {@link #set}, for more to be added. */
  Settings copy() {
    Settings same = new Settings();
    told.forEach(each -> same.set(each.getKey(), each.getValue()));
    return same;
  }

  private void take(Setting setting, String value) {
    switch (setting) {
      case LISTEN -> listen = once(setting, listen, Address.parse(value));
      case CONNECT -> connect = once(setting, connect, Address.parse(value));
      case RELAY -> relay = truth(setting, value);
      case NAME -> name = once(setting, name, value);
      case ROUTE -> routes.add(RouteSpec.parse(value, false));
      case CONFIG -> config = once(setting, config, Path.of(value));
      case CLIENT_MESSAGE -> clientMessage = size(setting, value);
      case QEMU_MESSAGE -> qemuMessage = size(setting, value);
      case VERBOSE -> least = truth(setting, value) ? Severity.DEBUG : least;
      case QUIET -> least = truth(setting, value) ? Severity.WARNING : least;
    }
  }

  /** Takes a route as a whole. */
  void add(RouteSpec route) {
    routes.add(route);
  }

  private static <T> T once(Setting setting, @Nullable T before, T value) {
    if (before != null) {
      throw new IllegalArgumentException(
          setting.key() + " is given twice; for several routes use --route \"ADDR => ADDR\"");
    }
    return value;
  }

  private static boolean truth(Setting setting, String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(
              setting.key() + " (\"" + value + "\") must be true or false");
    };
  }

  private static int size(Setting setting, String value) {
    Matcher parts = SIZE.matcher(value);
    if (parts.matches()) {
      long unit =
          switch (parts.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 1 << 10;
            case "m" -> 1 << 20;
            default -> 1;
          };
      long bytes = Long.parseLong(parts.group(1)) * unit;
      if (bytes >= 1024 && bytes <= 1 << 30) {
        return (int) bytes;
      }
    }
    throw new IllegalArgumentException(
        setting.key() + " (\"" + value + "\") must be a size from 1k to 1024m, as 64k or 10m");
  }

  /** The configuration file that was named, or null. */
  public @Nullable Path config() {
    return config;
  }

  /** The least severe line that is logged. */
  public Severity least() {
    return least;
  }

  /** The limits that were set, and the usual ones. */
  public Limits limits() {
    return Limits.DEFAULT.withMessages(clientMessage, qemuMessage);
  }

  /**
   * All routes.
   *
   * @throws IllegalArgumentException if there is none, half of one, or two at one place
   */
  public List<RouteSpec> routes() {
    List<RouteSpec> all = new ArrayList<>();
    if (listen != null && connect != null) {
      RouteSpec only = RouteSpec.of(listen, connect, relay);
      all.add(name == null ? only : new RouteSpec(name, listen, connect, relay));
    } else if (listen != null || connect != null) {
      throw new IllegalArgumentException(
          (listen == null ? "connect needs listen" : "listen needs connect")
              + ": where clients connect, and where QEMU's monitor is");
    }
    for (RouteSpec route : routes) {
      all.add(
          relay && !route.relay()
              ? new RouteSpec(route.name(), route.listen(), route.connect(), true)
              : route);
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "no route: give --listen ADDR --connect ADDR, --route \"ADDR => ADDR\" or --config FILE");
    }
    Set<String> places = new HashSet<>();
    for (RouteSpec route : all) {
      if (!places.add(route.listen().scheme() + ":" + route.listen().target())) {
        throw new IllegalArgumentException(
            "two routes listen on " + route.listen() + "; give each a place of its own");
      }
    }
    return all;
  }
}
