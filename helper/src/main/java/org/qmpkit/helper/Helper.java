package org.qmpkit.helper;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Entropy;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Signals;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
import org.qmpkit.net.Xenstore;
import org.qmpkit.protocol.Backlog;
import org.qmpkit.protocol.Journal.Severity;

/**
 * The daemon: any number of routes on one loop, in one thread, until it is told to end.
 *
 * <p>SIGTERM and SIGINT drain it, at most 2 s unless told otherwise, and end it; so does SIGHUP,
 * unless it was given a configuration file, which is read again then.
 */
public final class Helper implements AutoCloseable {
  /** What else is to be done by who runs a helper, on the loop's thread. */
  @FunctionalInterface
  interface Begun {
    /**
     * All routes listen.
     *
     * @param end drains the helper and ends it, for a reason
     */
    void begun(Loop loop, Transports transports, Consumer<String> end);
  }

  /** The server in a stub domain comes some seconds after us, and libxl speaks to it at once. */
  private static final Duration STUB_DOMAIN_RETRY = Duration.ofMillis(250);

  private final Log log;
  private final Loop loop;
  private House house;
  private final Map<RouteSpec, Route> routes = new LinkedHashMap<>();

  private final Inheritance inheritance = new Inheritance();

  /** Those that a reload ends, while they drain. */
  private List<Route> leaving = List.of();

  private @Nullable XenHost xenHost;
  private @Nullable Control control;
  private @Nullable Heartbeat heartbeat;
  private @Nullable MetricsSocket metrics;
  private boolean ending;
  private boolean reloading;
  private boolean reloadAgain;

  private Helper(Settings settings, Log log, Loop loop, Transports transports) {
    this.log = log;
    this.loop = loop;
    Bounds bounds = settings.bounds();
    this.house =
        new House(
            loop,
            transports,
            log,
            settings.limits(),
            bounds,
            new Backlog(bounds.outboxes(), bounds.halfMessages(), bounds.histories()),
            new Admission(bounds.clients(), bounds.perUser(), bounds.forRoot()),
            new Entropy(),
            new Garbage(),
            settings.cleansUp());
    loop.onFailure((where, why) -> {
      log.write(Severity.ERROR, "", "", where + ": a fault of the helper's own: " + why);
      why.printStackTrace();
    });
  }

  /**
   * Runs a helper until a signal ends it; blocks.
   *
   * @param settings what it was told on the command line
   * @param err standard error, where its log goes
   * @throws IOException if the configuration can't be read, or a route can't listen; nothing is
   *     left behind then
   * @throws IllegalArgumentException if the settings or the configuration make no sense
   */
  public static void run(Settings settings, PrintStream err) throws IOException {
    run(settings, err, (loop, transports, end) -> {});
  }

  /** The same, with something to be done when all routes listen. */
  static void run(Settings settings, PrintStream err, Begun begun) throws IOException {
    Settings all = withConfig(settings);
    List<RouteSpec> specs = all.routes();
    Log log = Log.onStandardError(err, all.least());
    Transports transports = Transports.load();
    List<Address> addresses =
        Stream.concat(
                specs.stream().flatMap(each -> Stream.of(each.listen(), each.connect())),
                Stream.concat(
                    all.wholeHost() ? Stream.of(all.channel().monitor(0, 0)) : Stream.of(),
                    Stream.ofNullable(all.metrics())))
            .toList();
    try (Loop loop = new Loop(transports.poller(addresses));
        Helper helper = new Helper(all, log, loop, transports)) {
      // Before the first socket is there: whoever sees it may send a signal.
      helper.handleSignals(settings);
      helper.start(specs);
      if (all.wholeHost()) {
        helper.serveHost(all);
      }
      helper.showMetrics(all.metrics());
      helper.tellService();
      begun.begun(loop, transports, helper::end);
      loop.run();
    }
  }

  /**
   * The routes of a helper that is told so, its configuration read; without those that come and go
   * with domains.
   *
   * @throws IOException if the configuration can't be read
   * @throws IllegalArgumentException if the settings or the configuration make no sense
   */
  public static List<RouteSpec> routes(Settings settings) throws IOException {
    return withConfig(settings).routes();
  }

  /** What the command line says, and with it what the configuration says that it names. */
  private static Settings withConfig(Settings commandLine) throws IOException {
    Settings all = commandLine.copy();
    Path config = all.config();
    if (config != null) {
      Config.read(config, all);
    }
    return all;
  }

  private void start(List<RouteSpec> specs) throws TransportException {
    for (RouteSpec spec : specs) {
      Route route = spec.relay() ? new RelayRoute(spec, house) : new SharedRoute(spec, house);
      route.start();
      routes.put(spec, route);
    }
  }

  /** Serves every stub domain of this host as it comes and goes, and those that are handed over. */
  private void serveHost(Settings settings) throws IOException {
    house.transports().check(settings.channel().monitor(0, 0), loop);
    Address store =
        Xenstore.here()
            .orElseThrow(() ->
                new IOException(
                    "cannot look for stub domains: there is no xenstored on this host; run it in"
                        + " dom0 of a Xen host, or let XENSTORED_PATH name xenstored's socket"));
    Xenstore xenstore = new Xenstore(loop, house.transports(), store);
    XenHost host =
        new XenHost(
            () -> house.withRetry(STUB_DOMAIN_RETRY),
            xenstore,
            settings.channel(),
            settings.xenRunDir(),
            XenHost.SOCKETS);
    xenHost = host;
    Address place = settings.control();
    control = new Control(house, place, host);
    log.write(
        Severity.INFO,
        "",
        "",
        "serves the stub domains of this host in "
            + settings.xenRunDir()
            + ", and what drop-ins hand over at "
            + place);
  }

  private void showMetrics(@Nullable Address place) throws TransportException {
    if (place != null) {
      metrics = new MetricsSocket(house, place, this::servedRoutes);
      log.write(Severity.INFO, "", "", "shows metrics at " + metrics.address());
    }
  }

  /** Tells systemd, if that started us and wants to hear of it. */
  private void tellService() {
    heartbeat = Heartbeat.of(System.getenv(), loop, this::summary, log).orElse(null);
    if (heartbeat != null) {
      heartbeat.ready();
    }
  }

  private String summary() {
    return Heartbeat.summary(servedRoutes());
  }

  /** Without those that end while their like may be there again already. */
  private List<Route> servedRoutes() {
    List<Route> all = new ArrayList<>(routes.values());
    if (xenHost != null) {
      all.addAll(xenHost.served());
    }
    return all;
  }

  private List<Route> allRoutes() {
    List<Route> all = new ArrayList<>(routes.values());
    all.addAll(leaving);
    if (xenHost != null) {
      all.addAll(xenHost.routes());
    }
    return all;
  }

  private void handleSignals(Settings commandLine) {
    Signals.handle("TERM", () -> loop.execute(() -> end("SIGTERM")));
    Signals.handle("INT", () -> loop.execute(() -> end("SIGINT")));
    Signals.handle("HUP", () -> loop.execute(() -> hangUp(commandLine)));
  }

  private void hangUp(Settings commandLine) {
    if (commandLine.config() == null) {
      end("SIGHUP");
    } else {
      reload(commandLine);
    }
  }

  private void end(String why) {
    if (ending) {
      return;
    }
    ending = true;
    log.write(Severity.INFO, "", "", why + ": draining and ending");
    if (heartbeat != null) {
      heartbeat.stopping(why);
    }
    if (xenHost != null) {
      xenHost.drain();
    }
    List<Route> all = allRoutes();
    if (control != null) {
      control.drain();
    }
    Draining.of(all, loop, house.bounds().drain(), loop::stop);
  }

  /**
   * Reads the configuration again: ends what is gone from it, starts what is new, and keeps the
   * rest as it is; new limits hold for new routes.
   */
  private void reload(Settings commandLine) {
    if (ending || reloading) {
      reloadAgain = reloading;
      return;
    }
    if (heartbeat != null) {
      heartbeat.reloading();
    }
    List<RouteSpec> wanted;
    try {
      Settings fresh = withConfig(commandLine);
      wanted = fresh.routes();
      inheritance.check(routes.keySet(), wanted);
      log.leaveOutBelow(fresh.least());
      house = house.with(fresh);
    } catch (IOException | IllegalArgumentException e) {
      log.write(Severity.ERROR, "", "", "not reloaded: " + e.getMessage());
      reloaded();
      return;
    }
    List<Route> gone =
        routes.values().stream().filter(each -> !wanted.contains(each.spec())).toList();
    for (Route each : gone) {
      routes.remove(each.spec());
      inheritance.spent(each.spec());
    }
    leaving = gone;
    reloading = true;
    Draining.of(
        gone,
        loop,
        house.bounds().drain(),
        () -> {
          reloading = false;
          leaving = List.of();
          if (!ending) {
            startNew(wanted, gone.size());
            reloaded();
          }
          if (reloadAgain) {
            reloadAgain = false;
            reload(commandLine);
          }
        });
  }

  private void reloaded() {
    if (heartbeat != null) {
      heartbeat.ready();
    }
  }

  private void startNew(List<RouteSpec> wanted, int gone) {
    int started = 0;
    for (RouteSpec spec : wanted) {
      if (!routes.containsKey(spec)) {
        try {
          start(List.of(spec));
          started++;
        } catch (TransportException e) {
          log.write(Severity.ERROR, spec.name(), "", String.valueOf(e.getMessage()));
        }
      }
    }
    log.write(
        Severity.INFO, "", "", "reloaded: " + started + " routes started, " + gone + " ended");
  }

  @Override
  public void close() {
    if (metrics != null) {
      metrics.close();
    }
    routes.values().forEach(Route::close);
    leaving.forEach(Route::close);
    if (xenHost != null) {
      xenHost.close();
    }
    // Last: who holds a lease takes the sockets over.
    if (control != null) {
      control.close();
    }
  }
}
