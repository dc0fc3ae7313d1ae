package org.qmpkit.net.linux;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.qmpkit.net.Address;
import org.qmpkit.net.Attempt;
import org.qmpkit.net.Connecting;
import org.qmpkit.net.Endpoint;
import org.qmpkit.net.Loop;
import org.qmpkit.net.Transport;
import org.qmpkit.net.TransportException;

/** What connections come to, on a loop that the test's own thread turns. */
final class Outcomes implements Connecting {
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private @Nullable Endpoint endpoint;
  private @Nullable TransportException why;

  private Outcomes() {}

  @Override
  public void connected(Endpoint connected) {
    endpoint = connected;
  }

  @Override
  public void failed(TransportException failure) {
    why = failure;
  }

  static void until(Loop loop, BooleanSupplier done, String what) {
    long began = System.nanoTime();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - began > DEADLINE.toNanos()) {
        fail("not within " + DEADLINE.toSeconds() + " s: " + what);
      }
      loop.turn(Duration.ofMillis(100));
    }
  }

  /** The endpoint that an address connects to. */
  static Endpoint connected(Transport transport, Address address, Loop loop) {
    Outcomes outcome = of(transport, address, loop, DEADLINE);
    Endpoint connected = outcome.endpoint;
    if (connected == null) {
      throw new AssertionError("not connected", outcome.why);
    }
    return connected;
  }

  /** The failure that connecting to an address ends in. */
  static TransportException failure(
      Transport transport, Address address, Loop loop, Duration timeout) {
    TransportException failure = of(transport, address, loop, timeout).why;
    if (failure == null) {
      throw new AssertionError("connected to " + address);
    }
    return failure;
  }

  private static Outcomes of(Transport transport, Address address, Loop loop, Duration timeout) {
    Outcomes outcome = new Outcomes();
    try (Attempt attempt = transport.connect(address, loop, timeout, outcome)) {
      until(
          loop,
          () -> outcome.endpoint != null || outcome.why != null,
          "an outcome of " + attempt + " to " + address);
    }
    return outcome;
  }
}
