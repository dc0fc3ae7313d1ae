package org.qmpkit.helper;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.qmpkit.protocol.Gauges;
import org.qmpkit.protocol.Meter.Outcome;
import org.qmpkit.protocol.Standing;

/**
 * What the routes have carried and how they are, in Prometheus' text format. Labels are the routes'
 * names, which the operator chose, and words of our own: nothing that a client or QEMU says.
 */
final class MetricsText {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final Collection<Route> routes;
  private final List<MetricSnapshot> metrics = new ArrayList<>();

  private MetricsText(Collection<Route> routes) {
    this.routes = routes;
  }

  /** The text of now. */
  static byte[] of(Collection<Route> routes) {
    MetricsText text = new MetricsText(routes);
    text.states();
    text.commands();
    text.traffic();
    text.clients();
    text.process();
    ByteArrayOutputStream out = new ByteArrayOutputStream(16 * 1024);
    try {
      PrometheusTextFormatWriter.create()
          .write(out, new MetricSnapshots(text.metrics), EscapingScheme.DEFAULT);
    } catch (IOException e) {
      throw new UncheckedIOException("memory takes all that is written", e);
    }
    return out.toByteArray();
  }

  /** A route by its name, or by where it listens if others have that name too. */
  private Labels labels(Route route) {
    String name = route.spec().name();
    boolean only = routes.stream().filter(each -> each.spec().name().equals(name)).count() == 1;
    return Labels.of("route", only ? name : route.spec().listen().toString());
  }

  private List<SharedRoute> shared() {
    return routes.stream()
        .filter(SharedRoute.class::isInstance)
        .map(SharedRoute.class::cast)
        .toList();
  }

  private void states() {
    GaugeSnapshot.Builder up =
        gauge("qmpkit_monitor_up", "Whether QEMU's monitor is connected and answers");
    GaugeSnapshot.Builder state =
        gauge("qmpkit_monitor_state", "1 for the state in which the monitor is, 0 for the others");
    for (SharedRoute route : shared()) {
      Standing.State now = route.standing().orElseThrow().state();
      point(up, labels(route), now == Standing.State.CONNECTED ? 1 : 0);
      for (Standing.State each : Standing.State.values()) {
        point(state, labels(route).add("state", each.word()), each == now ? 1 : 0);
      }
    }
    metrics.add(up.build());
    metrics.add(state.build());
    counter("qmpkit_monitor_connections", "Connections to QEMU that were made", r -> r.connections);
  }

  private void commands() {
    CounterSnapshot.Builder done =
        CounterSnapshot.builder()
            .name("qmpkit_commands")
            .help("Commands of clients by what they are about and what became of them");
    HistogramSnapshot.Builder took =
        HistogramSnapshot.builder()
            .name("qmpkit_command_duration_seconds")
            .help("How long QEMU took to answer, from when a command's turn had come");
    HistogramSnapshot.Builder waited =
        HistogramSnapshot.builder()
            .name("qmpkit_command_wait_seconds")
            .help("How long commands that QEMU answered had waited for their turn");
    for (SharedRoute route : shared()) {
      RouteMeter meter = route.meter();
      meter.commands.forEach((about, outcomes) ->
          outcomes.forEach((outcome, count) ->
              point(done, labels(route, about).add("outcome", word(outcome)), count)));
      meter.took.forEach((about, times) -> point(took, labels(route, about), times));
      point(waited, labels(route), meter.waited);
    }
    metrics.add(done.build());
    metrics.add(took.build());
    metrics.add(waited.build());
    gauge("qmpkit_commands_in_flight", "Commands that QEMU has not answered", Gauges::inFlight);
    gauge("qmpkit_commands_queued", "Commands that wait for their turn", Gauges::queued);
    GaugeSnapshot.Builder oldest =
        gauge("qmpkit_oldest_command_seconds", "How long QEMU has had the oldest of its commands");
    for (SharedRoute route : shared()) {
      point(oldest, labels(route), route.oldest() / 1e9);
    }
    metrics.add(oldest.build());
  }

  private Labels labels(Route route, CommandClass about) {
    return labels(route).add("class", about.label());
  }

  private static String word(Outcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }

  private void traffic() {
    CounterSnapshot.Builder received =
        CounterSnapshot.builder().name("qmpkit_received_bytes").help("Bytes that were read");
    CounterSnapshot.Builder sent =
        CounterSnapshot.builder().name("qmpkit_sent_bytes").help("Bytes that were written");
    for (Route route : routes) {
      RouteMeter meter = route.meter();
      point(received, labels(route).add("peer", "clients"), meter.fromClients);
      point(received, labels(route).add("peer", "qemu"), meter.fromQemu);
      point(sent, labels(route).add("peer", "clients"), meter.toClients);
      point(sent, labels(route).add("peer", "qemu"), meter.toQemu);
    }
    metrics.add(received.build());
    metrics.add(sent.build());
    CounterSnapshot.Builder events =
        CounterSnapshot.builder().name("qmpkit_events").help("Events of QEMU");
    CounterSnapshot.Builder dropped =
        CounterSnapshot.builder()
            .name("qmpkit_dropped_messages")
            .help("Messages of QEMU that nobody waited for, or longer than clients are passed");
    for (SharedRoute route : shared()) {
      point(events, labels(route), route.meter().events);
      point(dropped, labels(route), (double) route.broker().gauges().dropped());
    }
    metrics.add(events.build());
    metrics.add(dropped.build());
  }

  private void clients() {
    GaugeSnapshot.Builder clients =
        gauge("qmpkit_clients", "Clients: those that read in time, are slow, and read nothing");
    for (Route route : routes) {
      int slow = 0;
      int stalled = 0;
      int all;
      switch (route) {
        case SharedRoute shared -> {
          all = shared.broker().gauges().clients();
          slow = shared.broker().gauges().behind(false);
          stalled = shared.broker().gauges().behind(true);
        }
        case RelayRoute relay -> all = relay.serves() ? 1 : 0;
      }
      point(clients, labels(route).add("state", "served"), all - slow - stalled);
      point(clients, labels(route).add("state", "slow"), slow);
      point(clients, labels(route).add("state", "stalled"), stalled);
    }
    metrics.add(clients.build());
    counter("qmpkit_clients_accepted", "Clients that were let in", r -> r.accepted);
    counter("qmpkit_clients_refused", "Clients that were turned away as too many", r -> r.refused);
    counter("qmpkit_clients_cut", "Clients that were cut, since they read nothing", r -> r.cut);
  }

  private void process() {
    metrics.add(
        point(
                gauge("process_start_time_seconds", "Start of the helper since the epoch"),
                Labels.EMPTY,
                ProcessHandle.current()
                    .info()
                    .startInstant()
                    .map(each -> each.toEpochMilli() / 1e3)
                    .orElse(0.0))
            .build());
    CounterSnapshot.Builder cpu =
        CounterSnapshot.builder().name("process_cpu_seconds").help("CPU time of the helper");
    ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .ifPresent(time -> point(cpu, Labels.EMPTY, time.toMillis() / 1e3));
    metrics.add(cpu.build());
  }

  // ---- points

  private static GaugeSnapshot.Builder gauge(String name, String help) {
    return GaugeSnapshot.builder().name(name).help(help);
  }

  private void gauge(String name, String help, ToDoubleFunction<Gauges> value) {
    GaugeSnapshot.Builder all = gauge(name, help);
    for (SharedRoute route : shared()) {
      point(all, labels(route), value.applyAsDouble(route.broker().gauges()));
    }
    metrics.add(all.build());
  }

  private void counter(String name, String help, Function<RouteMeter, RouteMeter.Count> which) {
    CounterSnapshot.Builder all = CounterSnapshot.builder().name(name).help(help);
    for (Route route : routes) {
      point(all, labels(route), which.apply(route.meter()));
    }
    metrics.add(all.build());
  }

  private static GaugeSnapshot.Builder point(
      GaugeSnapshot.Builder metric, Labels labels, double value) {
    return metric.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
  }

  private static void point(CounterSnapshot.Builder metric, Labels labels, RouteMeter.Count count) {
    point(metric, labels, (double) count.value());
  }

  private static void point(CounterSnapshot.Builder metric, Labels labels, double value) {
    metric.dataPoint(CounterDataPointSnapshot.builder().labels(labels).value(value).build());
  }

  private static void point(HistogramSnapshot.Builder metric, Labels labels, Histogram times) {
    metric.dataPoint(
        HistogramDataPointSnapshot.builder()
            .labels(labels)
            .classicHistogramBuckets(ClassicHistogramBuckets.of(Histogram.bounds(), times.counts()))
            .sum(times.sum())
            .build());
  }
}
