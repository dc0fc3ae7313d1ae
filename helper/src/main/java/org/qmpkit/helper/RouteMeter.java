package org.qmpkit.helper;

import java.util.EnumMap;
import java.util.Map;
import org.qmpkit.protocol.Meter;

/** What one route has carried since it began. Counts without being asked, since that is cheap. */
final class RouteMeter implements Meter {
  /** Commands by class and outcome. */
  final Map<CommandClass, Map<Outcome, Count>> commands = new EnumMap<>(CommandClass.class);

  /** How long QEMU took, by class. */
  final Map<CommandClass, Histogram> took = new EnumMap<>(CommandClass.class);

  /** How long commands waited for their turn. */
  final Histogram waited = new Histogram();

  final Count events = new Count();
  final Count fromClients = new Count();
  final Count toClients = new Count();
  final Count fromQemu = new Count();
  final Count toQemu = new Count();

  /** Clients that were let in, were turned away, and were cut. */
  final Count accepted = new Count();

  final Count refused = new Count();
  final Count cut = new Count();

  /** Connections to QEMU that were made. */
  final Count connections = new Count();

  /** One number that only grows. */
  static final class Count {
    private long value;

    void add(long more) {
      value += more;
    }

    long value() {
      return value;
    }
  }

  @Override
  public void answered(String command, Outcome outcome, long waitedNanos, long tookNanos) {
    CommandClass about = count(command, outcome);
    took.computeIfAbsent(about, _ -> new Histogram()).add(tookNanos);
    waited.add(waitedNanos);
  }

  @Override
  public void unanswered(String command, Outcome outcome) {
    count(command, outcome);
  }

  private CommandClass count(String command, Outcome outcome) {
    CommandClass about = CommandClass.of(command);
    commands
        .computeIfAbsent(about, _ -> new EnumMap<>(Outcome.class))
        .computeIfAbsent(outcome, _ -> new Count())
        .add(1);
    return about;
  }

  @Override
  public void happened() {
    events.add(1);
  }
}
