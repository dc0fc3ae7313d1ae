package org.qmpkit.net;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Drives a loop on the test's own thread until something is so; fails at a generous deadline. */
final class Turns {
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private Turns() {}

  static void until(Loop loop, BooleanSupplier done, String what) {
    long began = System.nanoTime();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - began > DEADLINE.toNanos()) {
        fail("not within " + DEADLINE.toSeconds() + " s: " + what);
      }
      loop.turn(Duration.ofMillis(100));
    }
  }

  /** Turns without waiting as long as there is something to do. */
  static void settle(Loop loop) {
    while (loop.turn(Duration.ZERO)) {
      // again
    }
  }

  /** The endpoint that an address connects to. */
  static Endpoint connected(Transport transport, Address address, Loop loop) {
    Outcome outcome = outcome(transport, address, loop, Duration.ofSeconds(20));
    Endpoint endpoint = outcome.endpoint;
    if (endpoint == null) {
      throw new AssertionError("not connected", outcome.why);
    }
    return endpoint;
  }

  /** The failure that connecting to an address ends in. */
  static TransportException failure(
      Transport transport, Address address, Loop loop, Duration timeout) {
    TransportException why = outcome(transport, address, loop, timeout).why;
    if (why == null) {
      throw new AssertionError("connected to " + address);
    }
    return why;
  }

  private static Outcome outcome(
      Transport transport, Address address, Loop loop, Duration timeout) {
    Outcome outcome = new Outcome();
    try (Attempt attempt = transport.connect(address, loop, timeout, outcome)) {
      until(loop, () -> outcome.calls > 0, "an outcome of " + attempt + " to " + address);
    }
    return outcome;
  }

  /** What a connection came to. */
  static final class Outcome implements Connecting {
    int calls;
    @Nullable Endpoint endpoint;
    @Nullable TransportException why;

    @Override
    public void connected(Endpoint endpoint) {
      calls++;
      this.endpoint = endpoint;
    }

    @Override
    public void failed(TransportException why) {
      calls++;
      this.why = why;
    }
  }
}
