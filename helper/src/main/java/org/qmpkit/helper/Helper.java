package org.qmpkit.helper;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.qmpkit.net.Address;
import org.qmpkit.net.Entropy;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Signals;
import org.qmpkit.net.TransportException;
import org.qmpkit.net.Transports;
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

  private static final Duration LOOK = Duration.ofMillis(20);

  private final Log log;
  private final Loop loop;
  private House house;
  private final Map<RouteSpec, Route> routes = new LinkedHashMap<>();
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
      log.write(Severity.ERROR, "", where, "a fault of the helper's own: " + why);
      why.printStackTrace();
    });
  }

  /**
   * Runs a helper until a signal ends it; blocks.
   *
   * @param settings what it was told on the command line
   * @param err where its log goes
   * @param journald whether the log is read by journald
   * @throws IOException if the configuration can't be read, or a route can't listen; nothing is
   *     left behind then
   * @throws IllegalArgumentException if the settings or the configuration make no sense
   */
  public static void run(Settings settings, PrintStream err, boolean journald) throws IOException {
    run(settings, err, journald, (loop, transports, end) -> {});
  }

  /** The same, with something to be done when all routes listen. */
  static void run(Settings settings, PrintStream err, boolean journald, Begun begun)
      throws IOException {
    Settings all = withConfig(settings);
    List<RouteSpec> specs = all.routes();
    Log log = new Log(err, all.least(), journald);
    Transports transports = Transports.load();
    List<Address> addresses =
        specs.stream().flatMap(each -> Stream.of(each.listen(), each.connect())).toList();
    try (Loop loop = new Loop(transports.poller(addresses));
        Helper helper = new Helper(all, log, loop, transports)) {
      // Before the first socket is there: whoever sees it may send a signal.
      helper.handleSignals(settings);
      helper.start(specs);
      begun.begun(loop, transports, helper::end);
      loop.run();
    }
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
    routes.values().forEach(Route::drain);
    closeDrained(
        List.copyOf(routes.values()), loop.now() + house.bounds().drain().toNanos(), loop::stop);
  }

  /** Closes routes as they are drained, all of them at the deadline, and then does what follows. */
  private void closeDrained(List<Route> draining, long deadline, Runnable then) {
    boolean late = loop.now() >= deadline;
    List<Route> left = draining.stream().filter(each -> !late && !each.drained()).toList();
    draining.stream().filter(each -> !left.contains(each)).forEach(Route::close);
    if (left.isEmpty()) {
      then.run();
    } else {
      loop.schedule(LOOK, () -> closeDrained(left, deadline, then));
    }
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
    List<RouteSpec> wanted;
    try {
      Settings fresh = withConfig(commandLine);
      wanted = fresh.routes();
      log.leaveOutBelow(fresh.least());
      house = house.with(fresh);
    } catch (IOException | IllegalArgumentException e) {
      log.write(Severity.ERROR, "", "", "not reloaded: " + e.getMessage());
      return;
    }
    List<Route> gone =
        routes.values().stream().filter(each -> !wanted.contains(each.spec())).toList();
    gone.forEach(Route::drain);
    gone.forEach(each -> routes.remove(each.spec()));
    reloading = true;
    closeDrained(
        gone,
        loop.now() + house.bounds().drain().toNanos(),
        () -> {
          reloading = false;
          if (!ending) {
            startNew(wanted, gone.size());
          }
          if (reloadAgain) {
            reloadAgain = false;
            reload(commandLine);
          }
        });
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
    routes.values().forEach(Route::close);
  }
}
