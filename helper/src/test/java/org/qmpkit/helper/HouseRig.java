package org.qmpkit.helper;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.qmpkit.net.Loop;
import org.qmpkit.net.SelectorPoller;
import org.qmpkit.net.Transport;
import org.qmpkit.net.Transports;
import org.qmpkit.protocol.Backlog;
import org.qmpkit.protocol.Journal.Severity;

/** A house on a loop that the test turns, and what is logged there. */
final class HouseRig implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  final Loop loop = new Loop(new SelectorPoller());
  final House house;
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();

  HouseRig(Transport... transports) throws IOException {
    Settings usual = new Settings();
    Bounds bounds = usual.bounds();
    house =
        new House(
            loop,
            Transports.of(transports),
            new Log(new PrintStream(log, true, StandardCharsets.UTF_8), Severity.INFO, null),
            usual.limits(),
            bounds,
            new Backlog(bounds.outboxes(), bounds.halfMessages(), bounds.histories()),
            new Admission(bounds.clients(), bounds.perUser(), bounds.forRoot()),
            new Random(1),
            new Garbage(),
            false);
  }

  /** The lines that were logged, in which a text is. */
  List<String> log(String text) {
    return log.toString(StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.contains(text))
        .toList();
  }

  /** One turn that waits for nothing. */
  boolean turn() {
    return loop.turn(Duration.ZERO);
  }

  /** Turns until something is so. */
  void until(String what, BooleanSupplier done) {
    long began = System.nanoTime();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - began > DEADLINE.toNanos()) {
        fail("not within " + DEADLINE.toSeconds() + " s: " + what + "; log: " + log(""));
      }
      loop.turn(Duration.ofMillis(50));
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
