package org.qmpkit.helper;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127(\\.\\d{1,3}){3}|\\[::1])?:\\d+");

  private final List<Map.Entry<Setting, String>> told = new ArrayList<>();
  private final List<RouteSpec> routes = new ArrayList<>();
  private @Nullable Address listen;
  private @Nullable Address connect;
  private @Nullable String name;
  private @Nullable Path config;
  private @Nullable Address control;
  private @Nullable Path xenRunDir;
  private @Nullable Address metrics;
  private @Nullable StubDomainChannel channel;
  private boolean wholeHost;
  private boolean relay;
  private boolean cleansUp;
  private final Map<Setting, String> limits = new EnumMap<>(Setting.class);
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
      case FD_CLEANUP -> cleansUp = truth(setting, value);
      case NAME -> name = once(setting, name, value);
      case ROUTE -> routes.add(RouteSpec.parse(value, false));
      case ALL -> wholeHost = truth(setting, value);
      case TRANSPORT -> channel = once(setting, channel, StubDomainChannel.of(value));
      case CONTROL -> control = once(setting, control, socket(setting, value));
      case XEN_RUN_DIR -> xenRunDir = once(setting, xenRunDir, Path.of(value).toAbsolutePath());
      case METRICS -> metrics = once(setting, metrics, local(setting, value));
      case CONFIG -> config = once(setting, config, Path.of(value));
      case VERBOSE -> least = truth(setting, value) ? Severity.DEBUG : least;
      case QUIET -> least = truth(setting, value) ? Severity.WARNING : least;
      default -> limit(setting, value);
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

  private static Address socket(Setting setting, String value) {
    Address place = Address.parse(value);
    if (!place.scheme().equals("unix") || place.target().startsWith("@")) {
      throw new IllegalArgumentException(
          setting.key() + " (\"" + value + "\") must be a UNIX socket with a path");
    }
    return place;
  }

  /** A place that nobody on another machine can reach. */
  private static Address local(Setting setting, String value) {
    Address place = Address.parse(value);
    boolean local =
        switch (place.scheme()) {
          case "unix" -> true;
          case "tcp" -> LOOPBACK.matcher(place.target()).matches();
          default -> false;
        };
    if (!local) {
      throw new IllegalArgumentException(
          setting.key()
              + " (\""
              + value
              + "\") must be a UNIX socket, or a port of the loopback as tcp:127.0.0.1:9944;"
              + " others are not asked who they are");
    }
    return place;
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

  private void limit(Setting setting, String value) {
    switch (setting.measure()) {
      case SIZE -> Measure.size(setting, value);
      case COUNT -> Measure.count(setting, value);
      case TIME -> Measure.time(setting, value);
      case TIMES -> Measure.times(setting, value);
      case NONE -> throw new IllegalStateException(setting + " is no limit");
    }
    limits.put(setting, value);
  }

  private String told(Setting limit) {
    return limits.getOrDefault(limit, limit.usual());
  }

  private int size(Setting setting) {
    return Measure.size(setting, told(setting));
  }

  private int count(Setting setting) {
    return Measure.count(setting, told(setting));
  }

  private Duration time(Setting setting) {
    return Measure.time(setting, told(setting));
  }

  /** The configuration file that was named, or null. */
  public @Nullable Path config() {
    return config;
  }

  /** Whether every stub domain of this Xen host is to be served. */
  boolean wholeHost() {
    return wholeHost;
  }

  /** By what the monitors of stub domains are reached. */
  StubDomainChannel channel() {
    return channel == null ? StubDomainChannel.VCHAN : channel;
  }

  /** Where drop-ins hand their domains over to who serves the whole host. */
  Address control() {
    return control == null ? Handover.USUAL : control;
  }

  /** Where metrics are read, or null. */
  @Nullable Address metrics() {
    return metrics;
  }

  /** XEN_RUN_DIR: where libxl and libxenstat look for sockets. */
  Path xenRunDir() {
    return xenRunDir == null ? Path.of("/var/run/xen") : xenRunDir;
  }

  /** Whether QEMU is to close the descriptors that a client passed it when the client leaves. */
  boolean cleansUp() {
    return cleansUp;
  }

  /** The least severe line that is logged. */
  public Severity least() {
    return least;
  }

  /**
   * The limits of each route: those that were set, and the usual ones.
   *
   * @throws IllegalArgumentException if two of them contradict each other
   */
  public Limits limits() {
    int highWater = size(Setting.HIGH_WATER);
    int outbox = size(Setting.OUTBOX);
    if (outbox < highWater) {
      throw new IllegalArgumentException(
          "outbox (" + outbox + " bytes) must be at least high-water (" + highWater + " bytes)");
    }
    int historyBytes = size(Setting.HISTORY_BYTES);
    if (historyBytes > outbox) {
      throw new IllegalArgumentException(
          "history-bytes (" + historyBytes + ") must be at most outbox (" + outbox + " bytes)");
    }
    return new Limits(
        size(Setting.CLIENT_MESSAGE),
        size(Setting.QEMU_MESSAGE),
        count(Setting.QUEUE),
        highWater,
        outbox,
        time(Setting.STALL),
        count(Setting.UNNEGOTIATED),
        time(Setting.SILENCE),
        size(Setting.REPLY),
        Measure.times(Setting.COMMAND_TIMEOUT, told(Setting.COMMAND_TIMEOUT)),
        count(Setting.HISTORY),
        historyBytes);
  }

  /**
   * The limits of the whole process.
   *
   * @throws IllegalArgumentException if two of them contradict each other
   */
  Bounds bounds() {
    return new Bounds(
        count(Setting.CLIENTS),
        count(Setting.CLIENTS_PER_USER),
        count(Setting.CLIENTS_FOR_ROOT),
        size(Setting.OUTBOXES),
        size(Setting.QEMU_MESSAGES),
        size(Setting.UNASKED),
        size(Setting.HISTORIES),
        time(Setting.CONNECT_TIMEOUT),
        time(Setting.RETRY),
        time(Setting.DRAIN));
  }

  /**
   * All routes, without those that come and go with domains.
   *
   * @throws IllegalArgumentException if there is none, half of one, or two at one place; or what is
   *     for a whole host is told, and that not
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
    if (!wholeHost && (control != null || xenRunDir != null || channel != null)) {
      throw new IllegalArgumentException(
          "control, transport and xen-run-dir are for all, which is not given");
    }
    if (all.isEmpty() && !wholeHost) {
      throw new IllegalArgumentException(
          "no route: give --listen ADDR --connect ADDR, --route \"ADDR => ADDR\" or --config FILE;"
              + " on a Xen host, --all");
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
